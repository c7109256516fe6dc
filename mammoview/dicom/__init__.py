"""DICOM files to values: the only box that knows pydicom."""
