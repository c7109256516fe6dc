"""Results of a read as DICOM objects, written strictly; one module an object."""
