"""Export of fitted estimators to ONNX, with the scaling of their inputs."""

from sklearn_seqattn.export.layers import register_layer
from sklearn_seqattn.export.onnx_file import to_onnx

__all__ = ["register_layer", "to_onnx"]
