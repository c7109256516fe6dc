"""What the headers of an examination say: values only, no pixels and no DICOM library."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mammoview.domain.cad_report import CadReportFile
from mammoview.domain.geometry import PixelSpacing, Pose
from mammoview.domain.technique import NOT_STATED, Technique
from mammoview.domain.views import Place, Slot, SourcedLaterality, SourcedView


class VoiFunction(StrEnum):
    """VOI LUT Function (0028,1056), PS3.3 C.11.2.1.3."""

    LINEAR = "LINEAR"
    LINEAR_EXACT = "LINEAR_EXACT"
    SIGMOID = "SIGMOID"


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiWindow:
    """Window centre and width in rescaled values, with its function and explanation."""

    centre: float
    width: float
    function: VoiFunction
    explanation: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class VoiLut:
    """One item of VOI LUT Sequence (0028,3010), PS3.3 C.11.2.1.1.

    ``entries`` is a read-only uint16 array; ``first_mapped`` is the (rescaled) value of its
    first entry; ``bits`` the number of bits of each entry.
    """

    entries: NDArray[np.uint16]
    first_mapped: int
    bits: int
    explanation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PixelFormat:
    """How the stored values are to be understood (PS3.3 C.7.6.3, C.11.1, C.11.2).

    ``padding`` is the inclusive range of stored padding values, or None.
    ``inverse`` is True where low values are bright (MONOCHROME1, or PresentationLUTShape
    INVERSE), resolved once from both.  ``found`` is a window that was found in the pixels, once
    those are decoded, for an image whose header has none; it is offered, and never the default.
    """

    bits_stored: int
    is_signed: bool
    photometric_interpretation: str
    inverse: bool
    padding: tuple[int, int] | None
    rescale_slope: float
    rescale_intercept: float
    windows: tuple[VoiWindow, ...]
    luts: tuple[VoiLut, ...]
    found: VoiWindow | None = field(default=None, compare=False)


class ImageKind(StrEnum):
    """How the image came to be, in words for the screen (PS3.3 C.8.11.7.1.4, C.8.21.6.1.1).

    Contrast-enhanced mammography takes two images of a view: the one of low energy looks like any
    mammogram, and what the other adds is shown in one that is recombined from both.
    """

    PLAIN = "2D"
    LOW_ENERGY = "low-energy"
    HIGH_ENERGY = "high-energy"
    RECOMBINED = "recombined contrast-enhanced"
    SYNTHETIC = "synthetic 2D"
    VOLUME = "tomosynthesis"
    PROJECTION = "tomosynthesis projection"


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameStack:
    """The frames of a multi-frame image, counted from 1 as DICOM does (PS3.3 C.7.6.16).

    ``heights_mm`` are the heights of the frames over the first one; empty where the header does
    not tell them.
    """

    count: int
    heights_mm: tuple[float, ...] = ()

    @property
    def middle(self) -> int:
        """The frame to start at."""
        return (self.count + 1) // 2

    def kept(self, frame: int) -> int:
        """Return the nearest frame that there is."""
        return min(max(frame, 1), self.count)

    def height_mm(self, frame: int) -> float | None:
        """Return how high a frame lies over the first one; None where nothing tells."""
        return self.heights_mm[frame - 1] if self.heights_mm else None

    def share(self, frame: int) -> float:
        """Return how far up a frame lies: 0 for the first, 1 for the last."""
        return (frame - 1) / (self.count - 1) if self.count > 1 else 0.0

    def at_share(self, share: float) -> int:
        """Return the frame that lies so far up; see `share`."""
        return self.kept(1 + math.floor(share * (self.count - 1) + 0.5))


class Preserved(StrEnum):
    """Spatial Locations Preserved (0028,135A), PS3.3 C.7.6.1.1.4; empty where it is not said."""

    YES = "YES"
    NO = "NO"
    REORIENTED_ONLY = "REORIENTED_ONLY"
    NOT_SAID = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageOrigin:
    """An image that another was made from: the For Processing image of one for presentation."""

    sop_instance_uid: str
    preserved: Preserved


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientIdentity:
    """Who the patient is: for the screen only, never for a log, a file name or a key.

    ``age`` is as DICOM writes it, in years, months, weeks or days: ``052Y``, ``625M``.
    """

    name: str
    patient_id: str
    birth_date: str
    age: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mammogram:
    """One image of an examination, from its header.

    Attributes
    ----------
    file : Path
        Where it was read; of a member of a zip archive, the archive's path and the member's name
        after it.
    archive : Path or None
        The zip archive that holds it.
    rows, cols : int
        Size of the stored image, pixels.
    laterality, view, pose, spacing
        Resolved values, each with its source.  ``pose`` is None until the pixels decide it
        (see ``pose_needs_pixels``).
    slot : Slot or None
        Place in the four-view hanging; None for an extra view.
    unsupported : str or None
        Why the CAD does not analyse this view; None when it does.
    warnings : tuple of str
        Conflicts and assumptions, for the screen and for ``inspect``.
    displaced_slot : Slot or None
        Place among the implant-displaced views; None for any other view.
    partial : bool
        Whether it shows a part of the breast and belongs to a set (PartialView (0028,1350)).
    left_out : str
        Why the image is not hung at all; empty for every image that is.
    technique : Technique
        How it was made, for the texts on it.
    kind : ImageKind
        Acquired 2D image, synthetic one, or tomosynthesis.
    frames : FrameStack or None
        What a multi-frame image is made of; None for an image of one frame.
    volume_slot : Slot or None
        Place among the tomosynthesis volumes; None for any other image.
    holds_coarse : bool
        Whether its encoding gives a coarse picture long before the whole (JPEG 2000).
    origins : tuple of ImageOrigin
        What it was made from (SourceImageSequence), so that marks on that can be found on it.
    is_copy : bool
        Whether the pixels were changed after the device: a secondary capture, or lossy compression.
    doubts : tuple of str
        Those of ``warnings`` that make it doubtful whose image it is, or of which side or view: the
        image itself must say so.
    uid_in_file : str
        SOPInstanceUID that the file holds, where it serves several views (a bench); else empty.
    seal : str
        A digest of what the header said of whose image it is and how it lies: when the pixels are
        read, it must say so still.
    """

    file: Path
    sop_instance_uid: str
    study_key: str
    identity: PatientIdentity
    study_date: str
    acquired: str
    rows: int
    cols: int
    laterality: SourcedLaterality
    view: SourcedView
    pose: Pose | None
    spacing: PixelSpacing | None
    slot: Slot | None
    pixel_format: PixelFormat
    unsupported: str | None
    is_cbis_ddsm: bool
    warnings: tuple[str, ...]
    archive: Path | None = None
    displaced_slot: Slot | None = None
    partial: bool = False
    left_out: str = ""
    technique: Technique = NOT_STATED
    kind: ImageKind = ImageKind.PLAIN
    frames: FrameStack | None = None
    volume_slot: Slot | None = None
    holds_coarse: bool = False
    origins: tuple[ImageOrigin, ...] = ()
    is_copy: bool = False
    doubts: tuple[str, ...] = ()
    uid_in_file: str = ""
    seal: str = ""

    @property
    def place(self) -> Place | None:
        """Where a protocol hangs it; None for an extra view, and for what is left out."""
        if self.left_out:
            return None
        if self.displaced_slot is not None:
            return Place(slot=self.displaced_slot, displaced=True)
        if self.volume_slot is not None:
            return Place(slot=self.volume_slot, volume=True)
        return Place(slot=self.slot) if self.slot is not None else None

    @property
    def pose_needs_pixels(self) -> bool:
        """True when the header cannot tell how the image lies."""
        return self.pose is None

    @property
    def label(self) -> str:
        """Side, view and modifiers as a mark on the image, ``R MLO`` or ``? ?``."""
        side = self.laterality.value or "?"
        view = self.view.value or "?"
        return " ".join([side, view, *self.view.modifiers])


@dataclass(frozen=True, slots=True, kw_only=True)
class Examination:
    """The views of one study.  ``key`` groups them and carries no patient name.

    ``cad_reports`` are the files of what a CAD said of them, the newest of each algorithm; what
    they found is read only for somebody who may see it.
    """

    key: str
    mammograms: tuple[Mammogram, ...]
    missing_slots: tuple[Slot, ...]
    cad_reports: tuple[CadReportFile, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A file that could not be opened, and why.

    ``file`` and ``archive`` are as in `Mammogram`.
    """

    file: Path
    reason: str
    archive: Path | None = None

    @property
    def name(self) -> str:
        """The file's name without its folders; of a member, the archive's name and its own."""
        return (
            self.file.name
            if self.archive is None
            else str(self.file.relative_to(self.archive.parent))
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ExamIndex:
    """Everything found under some paths: examinations that open, and files that do not."""

    examinations: tuple[Examination, ...]
    refused: tuple[Refusal, ...]
