"""How an image was read: its window, how it hangs, and what was drawn on it, each in its layer.

One Grayscale Softcopy Presentation State an image, since window, pose and marks are its own.  The
layers keep apart who drew: the reader's findings, the reader's measurements, the computer's marks.
What is written on the image comes from the caller, who knows the reader's language; names of layers
and the header stay English.

Coordinates are those of the stored image: PIXEL units, origin at the outer corner of the first
pixel (PS3.3 C.10.5.1.2), whatever the pose.  The displayed area names stored pixels by their number
from 1, its first corner being the one that is top left once the pose is applied (C.10.4).
"""

from __future__ import annotations

from dataclasses import dataclass

from highdicom.color import CIELabColor
from highdicom.pr import (
    AnnotationUnitsValues,
    GraphicAnnotation,
    GraphicLayer,
    GraphicObject,
    GrayscaleSoftcopyPresentationState,
    TextObject,
)
from pydicom.dataset import Dataset, FileDataset
from pydicom.valuerep import format_number_as_ds

from mammoview.dicom.export.adopted import adopt, head, image_dataset, number, strictly
from mammoview.dicom.export.drawn import Drawn, Shape, Texts, drawn_layers
from mammoview.dicom.export.headers import ResultKind, SourceImage, to_bytes
from mammoview.dicom.export.names import person_name
from mammoview.domain.geometry import ImagePoint, Pose
from mammoview.domain.reading import ReadReport
from mammoview.domain.study import Mammogram, VoiLut, VoiWindow
from mammoview.imaging.orientation import pose_affine, posed_shape

KIND = ResultKind(
    name="gsps",
    sop_class="1.2.840.10008.5.1.4.1.1.11.1",
    modality="PR",
    series_number=9004,
    description="Reading with marks, research use only",
)
_LONGEST_TEXT = 1024  # PS3.5 6.2, ST


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Look:
    """How an image was shown, and what is written on it.

    Attributes
    ----------
    pose : Pose
        As it hangs.
    voi : VoiWindow, VoiLut or None
        Its window; None for the full range of stored values.
    texts : Texts
        The words that a reader of the image sees.
    """

    pose: Pose
    voi: VoiWindow | VoiLut | None
    texts: Texts


@strictly()
def presentation_state(report: ReadReport, source: SourceImage, look: Look, place: int) -> bytes:
    """Return the presentation state of one image of a read.

    Parameters
    ----------
    report : ReadReport
        The read.
    source : SourceImage
        The image.
    look : Look
        How it was shown.
    place : int
        Number of the image in the read, from 1.

    Raises
    ------
    DicomError
        If it cannot be written.
    """
    image = image_dataset(source)
    drawn = drawn_layers(report, source.image, look.texts)
    annotations, layers = _annotations(image, drawn, look.texts.notice)
    built = GrayscaleSoftcopyPresentationState(
        referenced_images=[image],
        **head(report, KIND),
        content_label="PRELIMINARY" if report.preliminary else "READING",
        content_description=_description(report),
        content_creator_name=person_name(report.reader),
        graphic_annotations=annotations,
        graphic_layers=layers,
    )
    made = adopt(report, [source], KIND, built)
    number(made, report, KIND, place, source.image.sop_instance_uid)
    side = source.image.laterality.value
    made.Laterality = side.value if side else ""
    _set_times(made)
    _set_grey(made, source.image, look)
    _set_pose(made, source.image, look.pose)
    return to_bytes(made)


def _description(report: ReadReport) -> str:
    """Say what it is; at most 64 characters."""
    state = "preliminary, not signed" if report.preliminary else "signed"
    return f"{report.mode} reading, {state}; research use only"


def _annotations(
    image: Dataset, drawn: tuple[Drawn, ...], said: str
) -> tuple[list[GraphicAnnotation], list[GraphicLayer]]:
    annotations, layers = [], []
    for order, part in enumerate(drawn, start=1):
        layer = GraphicLayer(
            layer_name=part.layer,
            order=order,
            description=part.description,
            display_color=CIELabColor.from_rgb(*part.colour),
        )
        layers.append(layer)
        for frame, shapes in part.by_frame():
            annotations.append(
                GraphicAnnotation(
                    referenced_images=[image],
                    graphic_layer=layer,
                    referenced_frame_number=frame,
                    graphic_objects=[_graphic(shape) for shape in shapes] or None,
                    text_objects=[_text(shape) for shape in shapes if shape.text] or None,
                )
            )
    notice = GraphicLayer(
        layer_name="NOTICE", order=len(layers) + 1, description="Research use only"
    )
    annotations.append(
        GraphicAnnotation(
            referenced_images=[image], graphic_layer=notice, text_objects=[_notice_text(said)]
        )
    )
    return annotations, [*layers, notice]


def _graphic(shape: Shape) -> GraphicObject:
    return GraphicObject(
        graphic_type=shape.graphic_type,
        graphic_data=shape.data(),
        units=AnnotationUnitsValues.PIXEL,
        tracking_id=shape.tracking_id or None,
        tracking_uid=shape.tracking_uid or None,
    )


def _text(shape: Shape) -> TextObject:
    return TextObject(
        text_value=shape.text[:_LONGEST_TEXT],
        units=AnnotationUnitsValues.PIXEL,
        anchor_point=shape.anchor(),
        anchor_point_visible=False,
    )


def _notice_text(said: str) -> TextObject:
    return TextObject(
        text_value=said,
        units=AnnotationUnitsValues.DISPLAY,
        bounding_box=(0.0, 0.96, 1.0, 1.0),
    )


def _set_times(made: FileDataset) -> None:
    """Name the times as this object does (PS3.3 C.11.10); it has no content date."""
    made.PresentationCreationDate = made.ContentDate
    made.PresentationCreationTime = made.ContentTime
    del made.ContentDate, made.ContentTime


def _set_grey(made: FileDataset, image: Mammogram, look: Look) -> None:
    """Describe stored value to P-value: the photometric interpretation counts no more (N.2.1.4)."""
    grey = image.pixel_format
    made.RescaleIntercept = format_number_as_ds(grey.rescale_intercept)
    made.RescaleSlope = format_number_as_ds(grey.rescale_slope)
    made.RescaleType = "US"
    if look.voi is not None:
        made.SoftcopyVOILUTSequence = [
            _window(look.voi) if isinstance(look.voi, VoiWindow) else _lut(look.voi)
        ]
    made.PresentationLUTShape = "INVERSE" if grey.inverse else "IDENTITY"


def _window(voi: VoiWindow) -> Dataset:
    item = Dataset()
    # A window that was dragged has more digits than the 16 characters of a DS (PS3.5 6.2).
    item.WindowCenter = format_number_as_ds(voi.centre)
    item.WindowWidth = format_number_as_ds(voi.width)
    item.VOILUTFunction = voi.function.value
    if voi.explanation:
        item.WindowCenterWidthExplanation = voi.explanation[:64]
    return item


def _lut(voi: VoiLut) -> Dataset:
    table = Dataset()
    count = len(voi.entries) % 65536  # 65536 entries are written as 0
    sign = "SS" if voi.first_mapped < 0 else "US"
    table.add_new("LUTDescriptor", sign, [count, voi.first_mapped, voi.bits])
    table.add_new("LUTData", "OW", voi.entries.astype("<u2").tobytes())
    if voi.explanation:
        table.LUTExplanation = voi.explanation[:64]
    item = Dataset()
    item.VOILUTSequence = [table]
    return item


def _set_pose(made: FileDataset, image: Mammogram, pose: Pose) -> None:
    """Write the pose; DICOM rotates before it flips, `domain.geometry.Pose` after (C.10.6)."""
    degrees = -pose.rotate_degrees if pose.flip_horizontal else pose.rotate_degrees
    made.ImageRotation = degrees % 360
    made.ImageHorizontalFlip = "Y" if pose.flip_horizontal else "N"
    rows, cols = posed_shape(pose, image.rows, image.cols)
    area = made.DisplayedAreaSelectionSequence[0]
    to_stored = pose_affine(pose, image.rows, image.cols).inverse()
    corners = (ImagePoint(col=0.5, row=0.5), ImagePoint(col=cols - 0.5, row=rows - 0.5))
    first, last = (_pixel(to_stored.apply(corner)) for corner in corners)
    area.DisplayedAreaTopLeftHandCorner = first
    area.DisplayedAreaBottomRightHandCorner = last
    spacing = image.spacing
    if spacing is not None:
        del area.PresentationPixelAspectRatio
        area.PresentationPixelSpacing = [round(spacing.row_mm, 8), round(spacing.col_mm, 8)]


def _pixel(centre: ImagePoint) -> list[int]:
    """Return a pixel by its number, column then row, counted from 1."""
    return [round(centre.col + 0.5), round(centre.row + 0.5)]
