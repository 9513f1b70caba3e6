"""Graphs of some operators in onnxruntime, for tests."""

import numpy as np
import onnx
import onnxruntime

from sklearn_seqattn.export.graph import IR_VERSION, OPSET, Graph


def open_graph(build, **inputs):
    """Open a graph of what a function adds; inputs are given as (dtype, axes)."""
    graph = Graph()
    graph.name(build(graph), "outputs")
    kind = onnx.helper.np_dtype_to_tensor_dtype
    info = onnx.helper.make_tensor_value_info
    found = onnx.helper.make_graph(
        graph.nodes,
        "part",
        [
            info(name, kind(np.dtype(dtype)), list(axes))
            for name, (dtype, axes) in inputs.items()
        ],
        [info("outputs", onnx.TensorProto.DOUBLE, None)],
        graph.constants,
    )
    opset = [onnx.helper.make_opsetid("", OPSET)]
    model = onnx.helper.make_model(found, opset_imports=opset, ir_version=IR_VERSION)
    return onnxruntime.InferenceSession(model.SerializeToString())
