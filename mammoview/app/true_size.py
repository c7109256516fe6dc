"""One millimetre of breast as one millimetre of screen: pure functions on the state."""

from __future__ import annotations

from dataclasses import replace

from mammoview.app import tiles
from mammoview.app.display import screens
from mammoview.app.display.screens import Calibration, Screen
from mammoview.app.workspace import FitMode, Workspace
from mammoview.words import translate


def px_per_mm(ws: Workspace) -> float:
    """Return the device pixels in a millimetre of the window's screen; 0: it was not measured."""
    return screens.px_per_mm(ws.screen, ws.calibrations)


def fit_true_size(ws: Workspace) -> Workspace:
    """Show true size, or say what is missing for it."""
    unknown = screens.why_unknown(ws.screen, ws.calibrations)
    if unknown:
        return replace(ws, status=unknown)
    shown = [pane.mammogram for pane in ws.panes if pane.mammogram is not None]
    if shown and not any(view.spacing for view in shown):
        said = translate("Screens", "These images have no mm: there is no true size to show")
        return replace(ws, status=said)
    return _refitted(replace(tiles.left(ws), fit=FitMode.TRUE_SIZE))


def set_screen(ws: Workspace, screen: Screen) -> Workspace:
    """Take note of the screen that the window is on, or how it is driven now.

    True size goes on with that screen's own calibration; without one the breast is fitted, and
    the status says why.
    """
    if ws.screen == screen:
        return ws
    moved = replace(ws, screen=screen)
    if ws.fit is not FitMode.TRUE_SIZE:
        return moved
    unknown = screens.why_unknown(screen, ws.calibrations)
    if not unknown:
        return _refitted(moved)
    return _refitted(replace(moved, fit=FitMode.BREAST, status=unknown))


def calibrate(ws: Workspace, calibration: Calibration) -> Workspace:
    """Keep what was measured on a screen."""
    said = translate("Screens", "Measured: {mm:.4f} mm a pixel. True size is known on this screen")
    kept = replace(
        ws,
        calibrations=screens.with_calibration(ws.calibrations, calibration),
        status=said.format(mm=1.0 / calibration.px_per_mm),
    )
    return _refitted(kept) if ws.fit is FitMode.TRUE_SIZE else kept


def _refitted(ws: Workspace) -> Workspace:
    return replace(ws, fit_request=ws.fit_request + 1)
