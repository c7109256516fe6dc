"""Final reads of one examination by two readers, said by the categories of each breast."""

from __future__ import annotations

from mammoview.domain.assessment import Category, Consequence, Opinion, Scheme, Statement
from mammoview.domain.reading import Role
from mammoview.domain.views import Laterality
from mammoview.review.discordance import Policy, Rule
from mammoview.review.events import (
    Content,
    Locked,
    Nothing,
    Opened,
    OpinionSet,
    ViewsChecked,
)
from mammoview.review.read import Read, digest
from mammoview.review.states import Action, ReadState
from mammoview.review.store import ReadLog
from tests.builders.reads import (
    IMAGE,
    READER,
    open_read,
    opened,
    revealed,
)

SCHEME = Scheme(
    id="birads",
    title="Some answers",
    categories=(
        Category(code="1", name="Negative", consequence=Consequence.NORMAL),
        Category(code="2", name="Benign", consequence=Consequence.NORMAL),
        Category(code="T", name="Technical recall", consequence=Consequence.TECHNICAL_RECALL),
        Category(code="0", name="Incomplete", consequence=Consequence.RECALL),
        Category(code="4B", name="Suspicious", consequence=Consequence.RECALL),
    ),
    densities=(),
)
SCHEMES = {SCHEME.id: SCHEME}
POLICY = Policy(
    id="discordant-only",
    title="Discordant reads",
    discordant=True,
    always=(),
    rules=(Rule.CONSEQUENCE, Rule.RECALL_BREASTS, Rule.TECHNICAL_RECALL_VIEWS),
)
RIGHT, LEFT = Laterality.RIGHT, Laterality.LEFT


def final(
    right: str,
    left: str,
    *,
    reader: str = READER,
    views: tuple[str, ...] = (),
    state: ReadState = ReadState.FINAL,
) -> Read:
    """Return a final read that gives each breast a category; ``views`` go with the right one."""
    opinions = (
        Opinion(laterality=RIGHT, category=right, views=views),
        Opinion(laterality=LEFT, category=left),
    )
    return Read(
        read_id=f"read-{reader}",
        reader=reader,
        opened=opened(),
        state=state,
        now=Statement(opinions=opinions),
    )


def read_to_final(
    log: ReadLog,
    right: str,
    left: str,
    *,
    reader: str = READER,
    role: Role = Role.FIRST,
    exam_key: str = "exam-1",
) -> Read:
    """Read an examination to its end, without marks of the computer."""
    begun = opened(role=role)
    read = open_read(
        log,
        reader,
        Opened(
            exam_key=exam_key,
            images=(IMAGE,),
            sides=begun.sides,
            role=role,
            mode=begun.mode,
            scheme=begun.scheme,
            software=begun.software,
        ),
    )

    def do(action: Action, content: Content) -> None:
        nonlocal read
        read = log.append(read.read_id, reader, action, content)

    do(Action.CHECK_VIEWS, ViewsChecked(missing=(), reason=""))
    do(Action.BEGIN, Nothing())
    for side, category in ((RIGHT, right), (LEFT, left)):
        do(Action.SET_OPINION, OpinionSet(laterality=side, category=category, reason=""))
    do(Action.LOCK, Locked(sha256=digest(read.now)))
    do(Action.REVEAL, revealed())
    do(Action.FINALIZE, Nothing())
    return read
