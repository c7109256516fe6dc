"""A bundle on a site's own images: the viewer's session and regions, and which files were refused.

Either labelled pictures, or images without any finding: native examinations, or pictures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from mammoview.dicom.decode import decode_pixels
from mammoview.dicom.index import index_paths
from mammoview.domain.prediction import AnalysisStatus
from mammoview.domain.study import Mammogram, Refusal
from mammoview.errors import DataError, MammoviewError
from mammoview.inference.predictor import predict_view
from mammoview.inference.session import Session
from mammoview.modelkit.preprocess import assumed_spacing
from trainer.detect import DetectedImage, detect_one
from trainer.labelled import LabelledImage
from trainer.pictures import read_labelled_picture
from trainer.recipe import DataRecipe


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteReading:
    """What a model found on a site's images.

    Attributes
    ----------
    is_labelled : bool
        False: images without any finding, so that every mark is a false one.
    detected : tuple of DetectedImage
        The images that were read.
    refused : tuple of Refusal
        Files that could not be read, and why.
    left_out : tuple of Refusal
        Views that the model does not read (magnifications, implants), or that hold a lesion
        where normals were asked for, and why.
    """

    is_labelled: bool
    detected: tuple[DetectedImage, ...]
    refused: tuple[Refusal, ...]
    left_out: tuple[Refusal, ...]

    @property
    def people(self) -> int:
        """How many people the images are of."""
        return len({item.image.person for item in self.detected})


def read_labelled_site(
    session: Session, images: Sequence[LabelledImage], data: DataRecipe
) -> SiteReading:
    """Find regions in labelled pictures; one that cannot be decoded does not stop the others."""
    return _read_pictures(session, images, data, is_labelled=True, left_out=())


def read_normal_pictures(
    session: Session, images: Sequence[LabelledImage], data: DataRecipe
) -> SiteReading:
    """Find regions in the pictures without any lesion; the others are left out."""
    left_out = tuple(Refusal(file=i.file, reason="holds a lesion") for i in images if i.lesions)
    normals = [image for image in images if not image.lesions]
    return _read_pictures(session, normals, data, is_labelled=False, left_out=left_out)


def _read_pictures(
    session: Session,
    images: Sequence[LabelledImage],
    data: DataRecipe,
    *,
    is_labelled: bool,
    left_out: tuple[Refusal, ...],
) -> SiteReading:
    detected: list[DetectedImage] = []
    refused: list[Refusal] = []
    for image in tqdm(images, "read", unit="picture"):
        try:
            picture = read_labelled_picture(image, data)
        except DataError as error:
            refused.append(Refusal(file=image.file, reason=error.met))
            continue
        detected.append(detect_one(session, image, picture))
    return SiteReading(
        is_labelled=is_labelled,
        detected=tuple(detected),
        refused=tuple(refused),
        left_out=left_out,
    )


def read_normal_site(session: Session, paths: Sequence[Path]) -> SiteReading:
    """Find regions in native examinations without any finding, as the viewer does.

    Views of one patient id belong together; where it is empty, those of one study do.
    """
    index = index_paths(paths)
    views = [(exam.key, view) for exam in index.examinations for view in exam.mammograms]
    detected: list[DetectedImage] = []
    refused, left_out = list(index.refused), []
    numbers: dict[str, str] = {}  # a patient's id goes no further than this
    for key, view in tqdm(views, "read", unit="view"):
        if view.unsupported is not None:
            left_out.append(Refusal(file=view.file, reason=view.unsupported))
            continue
        try:
            stored = decode_pixels(view)
        except MammoviewError as error:
            refused.append(Refusal(file=view.file, reason=str(error)))
            continue
        found = predict_view(session, view, stored, operating_point=None, decode_seconds=0.0)
        if found.status is not AnalysisStatus.ANALYZED:
            refused.append(Refusal(file=view.file, reason=found.reason))
            continue
        spacing = view.spacing or assumed_spacing(
            session.manifest.preprocessing, rows=view.rows, cols=view.cols
        )
        person = numbers.setdefault(view.identity.patient_id or key, str(len(numbers)))
        image = _without_finding(view, person)
        detected.append(
            DetectedImage(
                image=image,
                regions=found.regions,
                rows=view.rows,
                cols=view.cols,
                spacing=spacing,
            )
        )
    return SiteReading(
        is_labelled=False,
        detected=tuple(detected),
        refused=tuple(refused),
        left_out=tuple(left_out),
    )


def _without_finding(view: Mammogram, person: str) -> LabelledImage:
    return LabelledImage(
        file=view.file,
        person=person,
        laterality=str(view.laterality.value or ""),
        view=str(view.view.value or ""),
        lesions=(),
    )
