"""Controls of the overlay: what is drawn, which classes, how strong, from which score on."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QComboBox,
    QGridLayout,
    QLabel,
    QPushButton,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from mammoview.app import commands
from mammoview.app.kinds import caveat_text, kind_name, kind_text
from mammoview.app.reading import ReadingDesk
from mammoview.app.second_read.texts import closed_reason
from mammoview.app.workspace import ModelSummary, OverlayMode, Workspace
from mammoview.modelkit.manifest import OperatingPoint
from mammoview.ui.panels.parts import Panel, heading, paragraph
from mammoview.ui.panels.source_panel import SourcePanel
from mammoview.ui.panels.wrapping_row import WrappingRow
from mammoview.ui.steady import SteadyCombo, SteadySlider
from mammoview.words import QT_TRANSLATE_NOOP, translate

_MODES = (
    (OverlayMode.OFF, QT_TRANSLATE_NOOP("Overlay", "Off")),
    (OverlayMode.HEATMAP, QT_TRANSLATE_NOOP("Overlay", "Heat")),
    (OverlayMode.MARKS, QT_TRANSLATE_NOOP("Overlay", "Marks")),
    (OverlayMode.BOTH, QT_TRANSLATE_NOOP("Overlay", "Both")),
)
_PERCENT = 100


class OverlayPanel(Panel):
    """Everything here is a change of state: one frame, nothing is computed again."""

    def __init__(self, desk: ReadingDesk, parent: QWidget | None = None) -> None:
        super().__init__("overlayPanel", translate("Overlay", "Overlay controls"), parent)
        self._desk = desk
        self._closed = ""
        self._reason = paragraph(
            "overlayClosed", translate("Overlay", "Why nothing is shown"), self, role="caution"
        )
        self._source = SourcePanel(desk, self)
        self._controls = QWidget(self)
        self._modes = QButtonGroup(self)
        self._mode_row = self._build_modes()
        self._kinds = QWidget(self)
        self._kinds_layout = QVBoxLayout(self._kinds)
        self._kinds_layout.setContentsMargins(0, 0, 0, 0)
        self._kind_boxes: dict[str, QCheckBox] = {}
        self._caveats: list[QLabel] = []
        self._kinds_of: ModelSummary | None = None
        self._opacity = _slider("opacity", translate("Overlay", "Heatmap opacity"), self)
        self._floor = _slider("heatFloor", translate("Overlay", "Hide heat below this score"), self)
        self._point = _combo("operatingPoint", translate("Overlay", "Operating point"), self)
        self._point_text = paragraph(
            "operatingPointText",
            translate("Overlay", "What the operating point means"),
            self,
            role="faint",
        )
        self._opacity_text = QLabel("", self)
        self._floor_text = QLabel("", self)
        self._lay_out()
        self._connect()
        self.render(None, desk.workspace)

    def _build_modes(self) -> QWidget:
        row = QWidget(self)
        for number, (mode, text) in enumerate(_MODES):
            said = translate("Overlay", text)
            button = QPushButton(said, row)
            button.setObjectName(f"overlay-mode-{mode}")
            button.setAccessibleName(translate("Overlay", "Overlay {mode}").format(mode=said))
            button.setCheckable(True)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            self._modes.addButton(button, number)
        row.setLayout(WrappingRow(self._modes.buttons(), gap_px=2))
        return row

    def _lay_out(self) -> None:
        grid = QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setVerticalSpacing(4)
        for row, (name, widget, value) in enumerate(
            (
                (translate("Overlay", "Opacity"), self._opacity, self._opacity_text),
                (translate("Overlay", "Hide below"), self._floor, self._floor_text),
            )
        ):
            grid.addWidget(QLabel(name, self), row, 0)
            grid.addWidget(widget, row, 1)
            grid.addWidget(value, row, 2)
            value.setMinimumWidth(34)
            value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        layout = QVBoxLayout(self._controls)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addWidget(self._mode_row)
        layout.addWidget(self._kinds)
        layout.addLayout(grid)
        layout.addWidget(QLabel(translate("Overlay", "Marks from operating point"), self))
        layout.addWidget(self._point)
        layout.addWidget(self._point_text)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(6)
        outer.addWidget(heading(translate("Overlay", "Overlay"), self))
        outer.addWidget(self._source)
        outer.addWidget(self._reason)
        outer.addWidget(self._controls)
        self._reason.hide()

    def _connect(self) -> None:
        self._modes.idClicked.connect(self._mode_clicked)
        self._opacity.valueChanged.connect(self._opacity_moved)
        self._floor.valueChanged.connect(self._floor_moved)
        self._point.activated.connect(self._point_chosen)

    # -- user's side

    def _mode_clicked(self, number: int) -> None:
        self._desk.do(commands.set_overlay, _MODES[number][0])

    def _opacity_moved(self, value: int) -> None:
        self._desk.do(commands.set_opacity, value / _PERCENT)

    def _floor_moved(self, value: int) -> None:
        self._desk.do(commands.set_heat_floor, value / _PERCENT)

    def _point_chosen(self, row: int) -> None:
        self._desk.set_operating_point(str(self._point.itemData(row)))

    def _kind_clicked(self) -> None:
        box = self.sender()
        if isinstance(box, QCheckBox):
            self._desk.do(commands.toggle_kind, str(box.property("kind")))

    # -- state's side

    def render(self, old: Workspace | None, new: Workspace) -> None:  # type: ignore[override]
        """Show the state; never emits a change by itself."""
        self._close(closed_reason(new))
        self._source.render(old, new)
        if old is not None and _controlled(old) == _controlled(new):
            return
        overlay = new.overlay
        for number, (mode, _) in enumerate(_MODES):
            self._modes.button(number).setChecked(overlay.mode is mode)
        _move(self._opacity, overlay.opacity)
        _move(self._floor, overlay.heat_floor)
        self._opacity_text.setText(f"{overlay.opacity:.0%}")
        self._floor_text.setText(f"{overlay.heat_floor:.2f}")
        self._render_kinds(new)
        self._render_points(new)

    def _close(self, reason: str) -> None:
        """Be of no use, and say why, while nothing of the computer's result may be seen."""
        if self._closed == reason:
            return
        self._closed = reason
        self._controls.setEnabled(not reason)
        self._controls.setToolTip(reason)
        self._reason.setText(reason)
        self._reason.setVisible(bool(reason))

    def _render_kinds(self, ws: Workspace) -> None:
        if ws.model != self._kinds_of:
            self._kinds_of = ws.model
            self._rebuild_kinds(ws.model)
        for kind, box in self._kind_boxes.items():
            box.setChecked(kind in ws.overlay.kinds)

    def _rebuild_kinds(self, model: ModelSummary | None) -> None:
        """Make a box for each class, its caveats below it."""
        for widget in (*self._kind_boxes.values(), *self._caveats):
            self._kinds_layout.removeWidget(widget)
            widget.deleteLater()
        self._kind_boxes, self._caveats = {}, []
        before: QWidget = self._modes.buttons()[-1]
        for kind in model.findings if model else ():
            self._kind_boxes[kind] = self._kind_box(kind)
            # What is made later would come last of all.
            self.setTabOrder(before, self._kind_boxes[kind])
            before = self._kind_boxes[kind]
            said = [caveat_text(c.text) for c in model.caveats if c.kind == kind] if model else []
            if said:
                self._caveats.append(self._caveat(kind, "; ".join(said)))

    def _caveat(self, kind: str, text: str) -> QLabel:
        said = translate("Overlay", "Caveat of class {kind}").format(kind=kind_text(kind))
        label = paragraph(f"caveat-{kind}", said, self._kinds, role="caution")
        label.setText(text)
        self._kinds_layout.addWidget(label)
        return label

    def _kind_box(self, kind: str) -> QCheckBox:
        box = QCheckBox(kind_name(kind), self._kinds)
        box.setObjectName(f"kind-{kind}")
        said = translate("Overlay", "Show findings of class {kind}")
        box.setAccessibleName(said.format(kind=kind_text(kind)))
        box.setProperty("kind", kind)
        box.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        box.clicked.connect(self._kind_clicked)
        self._kinds_layout.addWidget(box)
        return box

    def _render_points(self, ws: Workspace) -> None:
        points = ws.model.operating_points if ws.model else ()
        names = list(dict.fromkeys(point.name for point in points))
        if [self._point.itemData(row) for row in range(self._point.count())] != names:
            self._point.clear()
            for name in names:
                self._point.addItem(name, name)
                tip = point_text(points, name)
                self._point.setItemData(self._point.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)
        self._point.setCurrentIndex(self._point.findData(ws.operating_point))
        reported = ws.cad_source.report is not None  # the model's words are not of those marks
        why_not = _why_no_point(has_points=bool(names), reported=reported)
        self._point.setEnabled(not why_not)
        self._point.setPlaceholderText(translate("Overlay", "none"))
        if why_not:
            self._point.setCurrentIndex(-1)  # no name stands there that decides nothing
        self._point.setToolTip(why_not)
        self._point.setAccessibleDescription(why_not)
        self._point_text.setText(why_not or point_text(points, ws.operating_point))
        for caveat in self._caveats:
            caveat.setVisible(not reported)


def _why_no_point(*, has_points: bool, reported: bool) -> str:
    """Return why no operating point can be chosen; empty where one can."""
    if reported:
        return translate("Overlay", "The marks are those of a report, which chose them itself")
    if not has_points:
        return translate(
            "Overlay",
            "None to choose while no model is open; mammoview doctor says why it stays so",
        )
    return ""


def _controlled(ws: Workspace) -> tuple[object, ...]:
    return ws.overlay, ws.model, ws.operating_point, ws.cad_source


def point_text(points: Sequence[OperatingPoint], name: str) -> str:
    """Return from which scores an operating point marks, and what it is set for."""
    chosen = [point for point in points if point.name == name]
    if not chosen:
        return ""
    limit = translate("Overlay", "{kind} from {score:.2f}")
    limits = ", ".join(limit.format(kind=kind_text(p.kind), score=p.threshold) for p in chosen)
    if len(chosen) > 1:
        said = translate("Overlay", "set for {rate:g} false marks an image together")
    else:
        said = translate("Overlay", "set for {rate:g} false marks an image")
    return f"{limits}:\n" + said.format(rate=chosen[0].false_marks_per_image)


def _slider(name: str, accessible: str, parent: QWidget) -> QSlider:
    slider = SteadySlider(Qt.Orientation.Horizontal, parent)
    slider.setObjectName(name)
    slider.setAccessibleName(accessible)
    slider.setToolTip(accessible)
    slider.setRange(0, _PERCENT)
    slider.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return slider


def _combo(name: str, accessible: str, parent: QWidget) -> QComboBox:
    combo = SteadyCombo(parent)
    combo.setObjectName(name)
    combo.setAccessibleName(accessible)
    combo.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return combo


def _move(slider: QSlider, share: float) -> None:
    value = round(share * _PERCENT)
    if slider.value() != value:
        with QSignalBlocker(slider):
            slider.setValue(value)
