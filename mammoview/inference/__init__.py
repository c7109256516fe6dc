"""The network run by ONNX Runtime or OpenVINO, and what its maps mean."""
