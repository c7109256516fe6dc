"""How fast a folder of thousands is indexed, beside reading the files whole."""

from __future__ import annotations

import shutil
import statistics
import struct
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian

from mammoview.dicom.files import list_files
from mammoview.dicom.index import index_paths
from mammoview.errors import UsageError

_CLASS = UID("1.2.840.10008.5.1.4.1.1.1.2")
_ROWS, _COLS = 3328, 2560
_PRIVATE = 120  # elements of the maker: real headers hold 100 to 250 elements in all
_SAMPLE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexBench:
    """Files in all, and medians of files each second: indexed, and read whole."""

    files: int
    per_second: float
    whole_per_second: float


def bench_index(paths: Sequence[Path], *, runs: int = 3) -> IndexBench:
    """Measure `index_paths` over all files, and ``pydicom.dcmread`` of whole files.

    The other way reads at most 50 of them, spread evenly; it decodes nothing.  Both find the files
    in the system's cache from the second run on, which is kinder to the way that reads more.

    Raises
    ------
    UsageError
        If not every file is a mammogram.
    """
    files, unlisted = list_files(paths, lambda: False)
    index = index_paths(files)
    if unlisted or index.refused or not index.examinations:
        raise UsageError(
            f"{len(unlisted) + len(index.refused)} of {len(files)} files that are refused",
            expected="mammograms alone, each a file of its own",
            todo="measure with other files, or without any for synthetic ones",
        )
    sample = files[:: max(1, len(files) // _SAMPLE)][:_SAMPLE]
    ours, theirs = [], []
    for _ in range(runs):  # alternating, so that a busy machine slows both alike
        ours.append(len(files) / _seconds(lambda: index_paths(paths)))
        theirs.append(len(sample) / _seconds(lambda: [pydicom.dcmread(file) for file in sample]))
    return IndexBench(
        files=len(files),
        per_second=statistics.median(ours),
        whole_per_second=statistics.median(theirs),
    )


def write_folder(folder: Path, *, files: int = 500) -> None:
    """Write mammograms of 3328 x 2560 pixels, 17 MB, with long headers and black pixels.

    The pixels are holes: where the file system has such, they take no room.

    Raises
    ------
    UsageError
        If the folder has no room for them without holes.
    """
    size = _ROWS * _COLS * 2
    if shutil.disk_usage(folder).free < files * size:
        raise UsageError(
            f"a temporary folder with less than {files * size >> 30} GiB of room",
            expected="room for the synthetic files",
            todo="name a folder of mammograms, or set TMPDIR to a larger disk",
        )
    for number in range(files):
        path = folder / f"{number // 100}" / f"IM{number:05d}"
        path.parent.mkdir(exist_ok=True)
        _header(number).save_as(path, enforce_file_format=True)
        with path.open("ab") as stream:
            stream.write(struct.pack("<HH2sHL", 0x7FE0, 0x0010, b"OW", 0, size))
            stream.truncate(stream.tell() + size)  # writes out what is buffered first


def _header(number: int) -> Dataset:
    data = Dataset()
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data.SOPClassUID = _CLASS
    data.SOPInstanceUID = f"2.25.3.{number}"
    data.StudyInstanceUID = f"2.25.4.{number // 4}"
    data.SeriesInstanceUID = f"2.25.5.{number // 4}"
    data.Modality, data.PresentationIntentType = "MG", "FOR PRESENTATION"
    data.StudyDate = data.ContentDate = data.AcquisitionDate = "20200101"
    data.PatientName, data.PatientID = f"Synthetic^{number // 4}", f"S{number // 4}"
    data.ImageLaterality = "RL"[number % 2]
    data.ViewPosition = ("CC", "MLO")[number // 2 % 2]
    data.PatientOrientation = ["P", "L"] if number % 2 == 0 else ["A", "R"]
    data.ImagerPixelSpacing = [0.07, 0.07]
    data.Rows, data.Columns, data.SamplesPerPixel = _ROWS, _COLS, 1
    data.PhotometricInterpretation, data.PixelRepresentation = "MONOCHROME2", 0
    data.BitsAllocated, data.BitsStored, data.HighBit = 16, 12, 11
    data.WindowCenter, data.WindowWidth, data.VOILUTFunction = "2048", "4096", "SIGMOID"
    block = data.private_block(0x0019, "mammoview bench", create=True)
    for element in range(_PRIVATE):
        block.add_new(element, "LO", f"a value of the maker {element}")
    return data


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
