"""The network run by ONNX Runtime, and what its maps mean."""

import os

# From 1.29 on, ONNX Runtime's own builds report each session to their maker, over the network and
# under an identifier that they leave on the disk, unless this is set before they are loaded.  A
# reading room tells nobody that it reads.  ``engines`` turns off what Windows does instead.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
