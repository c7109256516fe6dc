"""Millimetres per pixel in the breast: one function, its value with its provenance.

Source: PS3.3 10.7.1.3 (order: row spacing, column spacing), C.8.11.7 and C.8.7.10 (projection
radiography), C.7.6.16.2.1 (pixel measures), reference "Spacing in mm".
"""

from __future__ import annotations

import math

from mammoview.dicom.header import Header
from mammoview.domain.geometry import PixelSpacing, SpacingBasis
from mammoview.words import translate

_FACTOR = "EstimatedRadiographicMagnificationFactor"
_RATIO = "DistanceSourceToDetector / DistanceSourceToPatient"
_FACTOR_RANGE = (0.05, 5.0)
_USUAL_FACTORS = (0.95, 2.2)
# What any picture of a breast has, generously: outside it the value is in metres or micrometres.
_LENGTHS_MM = (0.005, 2.0)
_SAME = 0.03  # of a length: what rounding and a magnification left out explain
_MAGNIFICATIONS_APART = 0.25  # distances are measured to the support or to the middle of the breast
_AT_DETECTOR = str(SpacingBasis.AT_DETECTOR)


def read_spacing(header: Header, warnings: list[str]) -> PixelSpacing | None:
    """Return the spacing in the plane of the breast, or None when the header has none.

    Parameters
    ----------
    header : Header
        The image's header.
    warnings : list of str
        Grows by what the user should know.
    """
    for measures in header.functional_groups("PixelMeasuresSequence"):
        pair = _pair(measures, "PixelSpacing", warnings)
        if pair:
            return _spacing(pair, "PixelMeasuresSequence", SpacingBasis.IN_PLANE)
    calibrated = header.text("PixelSpacingCalibrationType")
    plain = _pair(header, "PixelSpacing", warnings)
    if plain and calibrated:
        return _spacing(plain, "PixelSpacing, calibrated", SpacingBasis.CALIBRATED)
    at_detector = _pair(header, "ImagerPixelSpacing", warnings)
    if at_detector:
        found = _in_the_breast(at_detector, header, warnings)
        _check_agree(plain, at_detector, (found.row_mm, found.col_mm), warnings)
        return found
    if plain:
        return _spacing(plain, "PixelSpacing", SpacingBasis.STATED)
    scanned = _pair(header, "NominalScannedPixelSpacing", warnings)
    if scanned:
        return _spacing(scanned, "NominalScannedPixelSpacing", SpacingBasis.FILM)
    warnings.append(translate("Files", "no pixel spacing in the header: sizes in pixels only"))
    return None


def read_magnification(header: Header, warnings: list[str]) -> tuple[float, str]:
    """Return the geometric magnification from breast to detector, and what it stands on.

    Parameters
    ----------
    header : Header
        The image's header.
    warnings : list of str
        Grows by factors that are out of range.
    """
    stated = header.number(_FACTOR)
    factor = _plausible(stated, _FACTOR, warnings)
    ratio = _distance_ratio(header)
    if factor is not None:
        if ratio is not None and not math.isclose(factor, ratio, rel_tol=_MAGNIFICATIONS_APART):
            warnings.append(
                translate(
                    "Files",
                    "magnification conflict: {source} says {value:.2f}, {other_source} says "
                    "{other:.2f}",
                ).format(source=_FACTOR, value=factor, other_source=_RATIO, other=ratio)
            )
        return factor, f"corrected {factor:.2f}x ({_FACTOR})"
    factor = _plausible(ratio, _RATIO, warnings)
    return (
        (1.0, _AT_DETECTOR) if factor is None else (factor, f"corrected {factor:.2f}x ({_RATIO})")
    )


def _distance_ratio(header: Header) -> float | None:
    to_detector = header.number("DistanceSourceToDetector") or 0.0
    to_patient = header.number("DistanceSourceToPatient") or 0.0
    return to_detector / to_patient if to_detector > 0 and to_patient > 0 else None


def _plausible(factor: float | None, source: str, warnings: list[str]) -> float | None:
    if factor is None or not factor > 0:
        return None
    if not _FACTOR_RANGE[0] < factor < _FACTOR_RANGE[1]:
        warnings.append(
            translate(
                "Files", "magnification {factor:.3g} from {source} is impossible and not used"
            ).format(factor=factor, source=source)
        )
        return None
    if not _USUAL_FACTORS[0] <= factor <= _USUAL_FACTORS[1]:
        warnings.append(
            translate("Files", "magnification {factor:.3g} from {source} is unusual").format(
                factor=factor, source=source
            )
        )
    return factor


def _pair(header: Header, keyword: str, warnings: list[str]) -> tuple[float, float] | None:
    """Return ``(row, col)`` of a spacing attribute when both are positive lengths."""
    values = header.numbers(keyword)
    if not values:
        return None
    if len(values) != 2 or not all(math.isfinite(v) and v > 0 for v in values):
        warnings.append(
            translate("Files", "{keyword} is not two positive lengths and not used").format(
                keyword=keyword
            )
        )
        return None
    if not all(_LENGTHS_MM[0] <= value <= _LENGTHS_MM[1] for value in values):
        warnings.append(
            translate("Files", "{keyword} of {value:.3g} mm is impossible and not used").format(
                keyword=keyword, value=values[0]
            )
        )
        return None
    return values[0], values[1]


def _check_agree(
    plain: tuple[float, float] | None,
    at_detector: tuple[float, float],
    in_the_breast: tuple[float, float],
    warnings: list[str],
) -> None:
    """Say where PixelSpacing is neither that of the detector nor that of the breast.

    A program that made the image smaller may have changed the one and not the other.
    """
    if plain is None or _close(plain, at_detector) or _close(plain, in_the_breast):
        return
    warnings.append(
        translate(
            "Files",
            "spacing conflict: ImagerPixelSpacing says {used:.3g} mm, PixelSpacing says "
            "{other:.3g} mm: sizes may be wrong",
        ).format(used=at_detector[0], other=plain[0])
    )


def _close(one: tuple[float, float], other: tuple[float, float]) -> bool:
    return all(math.isclose(a, b, rel_tol=_SAME) for a, b in zip(one, other, strict=True))


def _in_the_breast(
    at_detector: tuple[float, float], header: Header, warnings: list[str]
) -> PixelSpacing:
    factor, said = read_magnification(header, warnings)
    corrected = said != _AT_DETECTOR
    return PixelSpacing(
        row_mm=at_detector[0] / factor,
        col_mm=at_detector[1] / factor,
        source=f"ImagerPixelSpacing, {said}",
        basis=SpacingBasis.CORRECTED if corrected else SpacingBasis.AT_DETECTOR,
        magnification=factor,
    )


def _spacing(pair: tuple[float, float], source: str, basis: SpacingBasis) -> PixelSpacing:
    return PixelSpacing(row_mm=pair[0], col_mm=pair[1], source=source, basis=basis)
