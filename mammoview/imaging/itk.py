"""SimpleITK as this program uses it: on small masks, in one thread.

A mask has some 256 cells a side: to share it among ITK's threads takes longer than the work (a
breast is found in 16 instead of 31 ms, and in 16 instead of 24 ms of both cores' time), and the
views of an examination share the cores already.  Heavy to import: where the start of the window
counts, it is imported inside the function that needs it.
"""

import SimpleITK as sitk

sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)

__all__ = ["sitk"]
