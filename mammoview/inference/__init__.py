"""The network run by ONNX Runtime, and what its maps mean."""
