"""Everything that can happen to the window's state: pure functions ``Workspace -> Workspace``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from mammoview.app import hanging, protocol, steps, tiles
from mammoview.app.assessment.schemes import DEFAULT_SCHEME, shipped_scheme
from mammoview.app.display.display_check import DisplayStatus
from mammoview.app.keys import KeyChoice
from mammoview.app.settings import Settings
from mammoview.app.state.cad import MODEL_HERE
from mammoview.app.state.hung_views import HungView, LoadedImage, Pixels
from mammoview.app.state.marks import Marks
from mammoview.app.state.read import ReadPart
from mammoview.app.workspace import (
    Analysis,
    FitMode,
    Gray,
    Hanging,
    Looking,
    Overlay,
    OverlayMode,
    QueuePlace,
    Task,
    WindowChange,
    Workspace,
)
from mammoview.domain.reading import ReadingMode
from mammoview.domain.study import Examination, ExamIndex, Mammogram
from mammoview.errors import MammoviewError
from mammoview.imaging.grayscale import BREAST_RANGE, named_vois
from mammoview.words import COUNTED, QT_TRANSLATE_NOOP, translate

_IDLE = Analysis(running=False, done=0, total=0, message="")
_NATIVE_GRAY = Gray(change=None, voi_explanation=None, invert=False)
_CYCLE = (OverlayMode.OFF, OverlayMode.HEATMAP, OverlayMode.MARKS, OverlayMode.BOTH)


def empty(settings: Settings | None = None) -> Workspace:
    """Return the state of a window without an examination."""
    settings = settings or Settings()
    chosen, problem = _protocol(settings.hanging)
    scheme, no_scheme = _scheme(settings.opinion_scheme)
    ws = _blank(settings, chosen, ReadPart(site_mode=settings.reading_mode, site_scheme=scheme))
    for said in filter(None, (problem, no_scheme)):
        ws = warn(ws, said)
    return ws


def _blank(settings: Settings, hanging: protocol.Protocol, read: ReadPart) -> Workspace:
    return Workspace(
        index=ExamIndex(examinations=(), refused=()),
        exam_key=None,
        hanging=Hanging(protocol=hanging),
        views=(),
        panes=(),
        gray=_NATIVE_GRAY,
        overlay=Overlay(
            mode=settings.overlay_mode,
            kinds=(),
            opacity=settings.opacity,
            heat_floor=settings.heat_floor,
            peeking=False,
        ),
        fit=settings.fit,
        fit_request=0,
        reading_mode=ReadingMode.CONCURRENT,
        analysis=_IDLE,
        prediction=None,
        operating_point=settings.operating_point,
        status=translate("Status", "Open files or a folder, or drop them here"),
        keys=settings.keys,
        looking=Looking(annotations=settings.annotations),
        linked=settings.linked,
        calibrations=settings.screens,
        second_screen=settings.second_screen,
        read=read,
    )


def _scheme(name: str) -> tuple[str, str]:
    """Return a scheme of opinions by name; the default, and what was wrong, where it is none."""
    try:
        return shipped_scheme(name).scheme.id, ""
    except MammoviewError as error:
        return DEFAULT_SCHEME, f"{error}: {shipped_scheme().scheme.title} is used"


def _protocol(name: str) -> tuple[protocol.Protocol, str]:
    """Return a protocol by name; the shipped default, and what was wrong, where it is unusable."""
    try:
        return protocol.shipped(name), ""
    except MammoviewError as error:
        default = protocol.shipped(Settings().hanging)
        return default, f"{error}: {default.title} is used"


def set_keys(ws: Workspace, keys: tuple[KeyChoice, ...]) -> Workspace:
    """Take other keys than the program's own; those that this version does not know stay."""
    return replace(ws, keys=keys)


# -- examinations and images ------------------------------------------------------------------


def say(ws: Workspace, status: str) -> Workspace:
    """Show a line in the status bar."""
    return replace(ws, status=status)


def warn(ws: Workspace, warning: str) -> Workspace:
    """Keep a warning among the notes for the whole run, and say it now."""
    return replace(ws, warnings=(*ws.warnings, warning), status=warning)


def with_index(ws: Workspace, index: ExamIndex) -> Workspace:
    """Take over what was found under the opened paths; no examination is chosen yet."""
    return replace(
        _unhung(ws),
        index=index,
        hanging=Hanging(protocol=ws.hanging.protocol),
        coverage=(),
        task=None,
        queue=None,
        status=_found(index),
    )


def with_nothing(ws: Workspace) -> Workspace:
    """Take everything from the screen; nothing was looked for, so nothing is said to be missing."""
    return replace(with_index(ws, ExamIndex(examinations=(), refused=())), status="")


def select_exam(ws: Workspace, key: str) -> Workspace:
    """Hang an examination at its first step; its pixels are still to come.

    An unknown key changes nothing.
    """
    exam = exam_by_key(ws, key)
    if exam is None:
        return ws
    ws = replace(
        _unhung(ws), exam_key=key, not_hung=hanging.not_hung(exam), status=_found(ws.index)
    )
    return steps.hang(ws, exam)


def _unhung(ws: Workspace) -> Workspace:
    """Return the state without an examination: how the reader looks at images stays."""
    return replace(
        ws,
        exam_key=None,
        views=(),
        panes=(),
        not_hung=(),
        gray=_NATIVE_GRAY,
        analysis=_IDLE,
        prediction=None,
        active=None,
        walk=None,
        cine=False,
        marks=Marks(unsaved=ws.marks.unsaved, problem=ws.marks.problem),
        read=without_read(ws.read),
        reading_mode=ReadingMode.CONCURRENT,
        cad_source=MODEL_HERE,
    )


def without_read(part: ReadPart) -> ReadPart:
    """Return the state before a read: who sits here and what still waits for the disk stay."""
    return ReadPart(
        reader=part.reader,
        site_mode=part.site_mode,
        site_scheme=part.site_scheme,
        keeps=part.keeps,
        unsaved=part.unsaved,
        problem=part.problem,
        page=part.page,
        away=part.away,
    )


def neighbour(ws: Workspace, step: int) -> str | None:
    """Return the key of the examination ``step`` places on, None at the ends."""
    keys = [exam.key for exam in ws.index.examinations]
    if ws.exam_key not in keys:
        return keys[0] if keys else None
    at = keys.index(ws.exam_key) + step
    return keys[at] if 0 <= at < len(keys) else None


def exam_by_key(ws: Workspace, key: str | None) -> Examination | None:
    """Return an examination of the open index."""
    return next((exam for exam in ws.index.examinations if exam.key == key), None)


def view_loaded(ws: Workspace, view: Mammogram, image: LoadedImage) -> Workspace:
    """Keep the decoded pixels of a view, and show them where it hangs."""
    return _with_view(ws, view, image)


def view_coarse(ws: Workspace, view: Mammogram, coarse: LoadedImage) -> Workspace:
    """Show a coarse picture of a view that waits for its pixels; it goes on waiting."""
    uid = view.sop_instance_uid
    views = tuple(
        replace(hung, coarse=coarse)
        if hung.mammogram.sop_instance_uid == uid and hung.waits
        else hung
        for hung in ws.views
    )
    return hanging.rehang(replace(ws, views=views))


def view_failed(ws: Workspace, view: Mammogram, reason: str) -> Workspace:
    """Say where the view hangs why it has no picture."""
    return _with_view(ws, view, None, f"{view.label}: {reason}")


def views_loaded(ws: Workspace, loaded: Sequence[tuple[Mammogram, LoadedImage]]) -> Workspace:
    """Keep the decoded pixels of several views in one change of state."""
    by_uid = {view.sop_instance_uid: (view, image) for view, image in loaded}
    if not by_uid:
        return ws
    views = tuple(_loaded(hung, by_uid) for hung in ws.views)
    return hanging.rehang(replace(ws, views=views))


def decoding_cancelled(ws: Workspace) -> Workspace:
    """Say in each view that still waited that the reader stopped it."""
    said = translate("Status", "decoding cancelled: open the examination again to go on")
    views = tuple(
        _filled(hung, hung.mammogram, None, f"{hung.mammogram.label}: {said}")
        if hung.waits
        else hung
        for hung in ws.views
    )
    return hanging.rehang(
        replace(ws, views=views, status=translate("Status", "Decoding cancelled"))
    )


def task(ws: Workspace, running: Task | None) -> Workspace:
    """Show what the window is busy with; None: with nothing any more."""
    return replace(ws, task=running)


def waiting_for(ws: Workspace) -> Task | None:
    """Return what the reader waits for: opening, else decoding, else nothing."""
    if ws.task is not None:
        return ws.task
    waiting = sum(hung.waits for hung in ws.views)
    if not waiting:
        return None
    total = sum(not hung.rests for hung in ws.views)
    return Task(
        title=QT_TRANSLATE_NOOP("Task", "Decoding"),
        unit=QT_TRANSLATE_NOOP("Task", "views"),
        done=total - waiting,
        total=total,
    )


def queued(ws: Workspace, place: QueuePlace | None) -> Workspace:
    """Remember where the examination stands in the list that it was opened from.

    How many there are is then the list's to say: beside it stand the woman's own, to compare with.
    """
    counted = place is not None and ws.status == _found(ws.index)
    return replace(ws, queue=place, status="" if counted else ws.status)


def loading(ws: Workspace) -> bool:
    """Tell whether a view that the computer reads still waits for its pixels."""
    return any(view.analysed and view.waits for view in ws.views)


def judge_display(ws: Workspace, status: DisplayStatus) -> Workspace:
    """Take what the last check of the window's screen says."""
    return ws if status is ws.display else replace(ws, display=status)


def activate(ws: Workspace, key: str) -> Workspace:
    """Remember which pane the reader pointed at."""
    return replace(ws, active=key)


# -- grey values and scale --------------------------------------------------------------------


def change_window(ws: Workspace, change: WindowChange) -> Workspace:
    """Show every pane with its own window changed in proportion (the end of a drag)."""
    return replace(ws, gray=replace(ws.gray, change=change))


def cycle_voi(ws: Workspace, by: int = 1) -> Workspace:
    """Show the next (or with -1 the previous) VOI by name, then each image's default again.

    A change by hand gives way: the window of that name is shown as the maker set it.
    """
    names = voi_explanations(ws)
    if not names:
        return say(ws, translate("Status", "These images name no VOI to change to"))
    round_trip = (None, *names)
    known = ws.gray.voi_explanation in names
    at = round_trip.index(ws.gray.voi_explanation) if known else 0
    chosen = round_trip[(at + by) % len(round_trip)]
    said = translate("Status", "VOI: each image's default")
    if chosen:
        said = translate("Status", "VOI: {name}").format(name=voi_name(chosen))
    return say(show_voi(ws, chosen), said)


def show_voi(ws: Workspace, explanation: str | None) -> Workspace:
    """Show each image with its own VOI of that name; None: with its default."""
    return replace(ws, gray=replace(ws.gray, change=None, voi_explanation=explanation))


def voi_name(explanation: str) -> str:
    """Return what a VOI is called on the screen: the program's own one has a translation."""
    return translate("Pane", BREAST_RANGE) if explanation == BREAST_RANGE else explanation


def voi_explanations(ws: Workspace) -> tuple[str, ...]:
    """Return the names of all windows and LUTs of the shown images, each once, in order."""
    formats = [pane.mammogram.pixel_format for pane in ws.panes if pane.mammogram]
    return tuple(dict.fromkeys(name for fmt in formats for name, _ in named_vois(fmt)))


def invert(ws: Workspace) -> Workspace:
    """Swap black and white."""
    return replace(ws, gray=replace(ws.gray, invert=not ws.gray.invert))


def fit(ws: Workspace, mode: FitMode) -> Workspace:
    """Scale all panes by one rule; asking again undoes a zoom by hand."""
    return replace(tiles.left(ws), fit=mode, fit_request=ws.fit_request + 1)


def reset(ws: Workspace) -> Workspace:
    """Go back to the images' own grey values and to the breast filling the pane."""
    return fit(replace(ws, gray=_NATIVE_GRAY), FitMode.BREAST)


# -- overlay ----------------------------------------------------------------------------------


def set_overlay(ws: Workspace, mode: OverlayMode) -> Workspace:
    """Choose what is drawn over the images."""
    return replace(ws, overlay=replace(ws.overlay, mode=mode))


def toggle_heatmap(ws: Workspace) -> Workspace:
    """Switch the heatmap and leave the marks as they are."""
    heat, marks = overlay_parts(ws.overlay.mode)
    return set_overlay(ws, _mode(heat=not heat, marks=marks))


def toggle_marks(ws: Workspace) -> Workspace:
    """Switch the marks and leave the heatmap as it is."""
    heat, marks = overlay_parts(ws.overlay.mode)
    return set_overlay(ws, _mode(heat=heat, marks=not marks))


def cycle_overlay(ws: Workspace) -> Workspace:
    """Go from off over heatmap and marks to both, and round again."""
    return set_overlay(ws, _CYCLE[(_CYCLE.index(ws.overlay.mode) + 1) % len(_CYCLE)])


def overlay_parts(mode: OverlayMode) -> tuple[bool, bool]:
    """Return whether the heatmap and whether the marks are on."""
    both = mode is OverlayMode.BOTH
    return both or mode is OverlayMode.HEATMAP, both or mode is OverlayMode.MARKS


def peek(ws: Workspace, hidden: bool) -> Workspace:
    """Hide the overlay while a key is held."""
    return replace(ws, overlay=replace(ws.overlay, peeking=hidden))


def set_opacity(ws: Workspace, opacity: float) -> Workspace:
    """Set the heatmap's opacity, 0..1."""
    return replace(ws, overlay=replace(ws.overlay, opacity=min(1.0, max(0.0, round(opacity, 3)))))


def change_opacity(ws: Workspace, by: float) -> Workspace:
    """Make the heatmap stronger or weaker."""
    return set_opacity(ws, ws.overlay.opacity + by)


def set_heat_floor(ws: Workspace, floor: float) -> Workspace:
    """Hide heat weaker than a score, 0..1."""
    return replace(ws, overlay=replace(ws.overlay, heat_floor=min(1.0, max(0.0, round(floor, 3)))))


def toggle_kind(ws: Workspace, kind: str) -> Workspace:
    """Show or hide one class of findings."""
    order = ws.model.findings if ws.model else ws.overlay.kinds
    wanted = set(ws.overlay.kinds) ^ {kind}
    return replace(
        ws, overlay=replace(ws.overlay, kinds=tuple(name for name in order if name in wanted))
    )


def show_kinds(ws: Workspace, kinds: tuple[str, ...]) -> Workspace:
    """Show exactly these classes of findings."""
    return replace(ws, overlay=replace(ws.overlay, kinds=kinds))


# -- helpers ----------------------------------------------------------------------------------


def _mode(*, heat: bool, marks: bool) -> OverlayMode:
    if heat:
        return OverlayMode.BOTH if marks else OverlayMode.HEATMAP
    return OverlayMode.MARKS if marks else OverlayMode.OFF


def _with_view(
    ws: Workspace, view: Mammogram, image: LoadedImage | None, reason: str = ""
) -> Workspace:
    uid = view.sop_instance_uid
    views = tuple(
        _filled(hung, view, image, reason) if hung.mammogram.sop_instance_uid == uid else hung
        for hung in ws.views
    )
    return hanging.rehang(replace(ws, views=views))


def _loaded(hung: HungView, by_uid: dict[str, tuple[Mammogram, LoadedImage]]) -> HungView:
    view, image = by_uid.get(hung.mammogram.sop_instance_uid, (hung.mammogram, hung.image))
    return hung if image is None else _filled(hung, view, image)


def _filled(
    hung: HungView, view: Mammogram, image: LoadedImage | None, reason: str = ""
) -> HungView:
    """Give a view its pixels, or the reason why it has none.

    What was settled of it when they came first stays as it is.
    """
    known = hung.resting
    if known is not None and image is not None and hung.frame is None:
        view = hung.mammogram
        image = replace(image, breast=known.breast, pose=known.pose)
    pixels = Pixels.REFUSED if image is None else Pixels.HERE
    return replace(hung, mammogram=view, image=image, pixels=pixels, reason=reason, coarse=None)


def _found(index: ExamIndex) -> str:
    exams, refused = len(index.examinations), len(index.refused)
    said = translate("Status", "%n examination(s)", "", COUNTED, exams)
    if refused:
        said += " · " + translate("Status", "%n file(s) refused", "", COUNTED, refused)
    return said if exams or refused else translate("Status", "Nothing found under these paths")
