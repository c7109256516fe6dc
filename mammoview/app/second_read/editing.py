"""One field of a finding set anew: pure functions on the finding itself."""

from __future__ import annotations

from dataclasses import replace

from mammoview.app.assessment.lexicon import Lexicon
from mammoview.domain.finding import Finding, FindingKind


def with_kind(finding: Finding, kind: FindingKind, lexicon: Lexicon) -> Finding:
    """Return a finding of another kind; descriptors that the new kind does not have go."""
    axes = {axis.id: axis for axis in lexicon.axes_of(kind)}
    kept = tuple(
        (axis, term)
        for axis, term in finding.descriptors
        if axis in axes and axes[axis].term(term) is not None
    )
    return replace(finding, kind=kind, descriptors=kept)


def with_terms(finding: Finding, axis_id: str, terms: tuple[str, ...], lexicon: Lexicon) -> Finding:
    """Return a finding with other terms of an axis, in the order of the lexicon."""
    said = [pair for pair in finding.descriptors if pair[0] != axis_id]
    said += [(axis_id, term) for term in terms]
    order = [axis.id for axis in lexicon.axes_of(finding.kind)]
    return replace(finding, descriptors=tuple(sorted(said, key=lambda pair: order.index(pair[0]))))


def terms_of(finding: Finding, axis_id: str) -> tuple[str, ...]:
    """Return the terms of an axis that a finding is described with."""
    return tuple(term for axis, term in finding.descriptors if axis == axis_id)
