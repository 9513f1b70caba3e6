"""A graph of ONNX operators that is built line by line."""

import numpy as np
import torch

#: Version of the operators: the first that has Gelu and LayerNormalization.
OPSET = 20
#: Version of the file format that goes with it.
IR_VERSION = 10


def import_onnx():
    """Import onnx, or say how to install it."""
    try:
        import onnx
    except ImportError as error:
        raise ImportError(
            "to_onnx needs onnx; install it with pip install 'sklearn_seqattn[onnx]'."
        ) from error
    return onnx


class Graph:
    """Collect the nodes and constants of a graph.

    Operators are methods: ``graph.MatMul(x, weights)`` adds a node and returns the name
    of its output. An array, a tensor or a list of int in the place of an input is a
    constant.

    Parameters
    ----------
    prefix : str, default=""
        What all names begin with; that of a graph inside another one is its own.
    """

    def __init__(self, prefix=""):
        self.onnx = import_onnx()
        self.prefix = prefix
        self.nodes, self.constants = [], []
        self._names = {}

    def __getattr__(self, kind):
        if not kind[0].isupper():
            raise AttributeError(kind)
        return lambda *inputs, **attributes: self.add(kind, *inputs, **attributes)

    def add(self, kind, *inputs, n_outputs=1, **attributes):
        """Add a node.

        Parameters
        ----------
        kind : str
            The operator.
        *inputs : str, ndarray, Tensor or list of int
            Names of values, or constants; "" is an optional input that is left out.
        n_outputs : int, default=1
            The number of outputs.
        **attributes : object
            Attributes of the operator.

        Returns
        -------
        names : str, or list of str
            The output, or the outputs if there are several.
        """
        names = [one if isinstance(one, str) else self.constant(one) for one in inputs]
        number = len(self.nodes)
        outputs = [f"{self.prefix}{kind}_{number}_{i}" for i in range(n_outputs)]
        node = self.onnx.helper.make_node(kind, names, outputs, **attributes)
        self.nodes.append(node)
        return outputs[0] if n_outputs == 1 else outputs

    def constant(self, values):
        """Add a constant, equal ones once; lists are int64.

        Parameters
        ----------
        values : ndarray, Tensor or list of int
            Its values.

        Returns
        -------
        name : str
        """
        if isinstance(values, torch.Tensor):
            values = values.detach().cpu().numpy()
        elif isinstance(values, list):
            values = np.array(values, dtype=np.int64)
        values = np.asarray(values)
        key = (values.dtype.str, values.shape, values.tobytes())
        if values.dtype == object or key not in self._names:
            name = f"{self.prefix}constant_{len(self.constants)}"
            self.constants.append(self._tensor(values, name))
            if values.dtype == object:
                return name
            self._names[key] = name
        return self._names[key]

    def _tensor(self, values, name):
        """Return an array as a tensor of the file."""
        try:
            return self.onnx.numpy_helper.from_array(values, name)
        except UnicodeEncodeError as error:
            raise ValueError(
                f"{error.object!r:.60} is a class, a state or a token, but ONNX holds "
                f"texts in UTF-8 ({error.reason}); name it otherwise."
            ) from error

    def name(self, x, name):
        """Make a value an output of this name."""
        self.nodes.append(self.onnx.helper.make_node("Identity", [x], [name]))

    def cast(self, x, dtype):
        """Return a value in another dtype of numpy."""
        to = self.onnx.helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
        return self.Cast(x, to=to)

    def size(self, x, axis):
        """Return the size of an axis, (1,) int64."""
        return self.Shape(x, start=axis, end=axis + 1)

    def steps(self, x, axis):
        """Return 0, 1, 2, ... along an axis of a value, (T,) int64."""
        n_steps = self.Squeeze(self.size(x, axis), [0])
        return self.Range(np.int64(0), n_steps, np.int64(1))

    def slice(self, x, start, stop, axis, step=1):
        """Return a part of an axis; `stop` may be a name, (1,) int64."""
        stop = [stop] if isinstance(stop, int) else stop
        return self.Slice(x, [start], stop, [axis], [step])

    def where(self, condition, x, other):
        """Return x where a condition holds, and a float32 number elsewhere."""
        return self.Where(condition, x, np.float32(other))

    def linear(self, layer, x):
        """Return x after a layer of torch.nn.Linear, or as it is after an Identity."""
        if isinstance(layer, torch.nn.Identity):
            return x
        x = self.MatMul(x, as_float32(layer.weight).T.copy())
        return x if layer.bias is None else self.Add(x, as_float32(layer.bias))

    def layer_norm(self, layer, x):
        """Return x after a torch.nn.LayerNorm, or as it is after an Identity."""
        if isinstance(layer, torch.nn.Identity):
            return x
        weights = as_float32(layer.weight), as_float32(layer.bias)
        return self.LayerNormalization(x, *weights, axis=-1, epsilon=layer.eps)

    def zero_padding(self, x, mask):
        """Return (B, T, C) with zeros in the place of padded steps."""
        return self.where(self.Unsqueeze(mask, [2]), x, 0.0)

    def counts(self, mask):
        """Return the number of real steps of each sequence, (B, 1) int64."""
        return self.ReduceSum(self.cast(mask, np.int64), [1], keepdims=1)

    def softmax(self, scores, allowed):
        """Return the softmax over the last axis, zero where nothing is allowed."""
        scores = self.where(allowed, scores, -np.inf)
        return self.Softmax(scores, axis=-1)


def as_float32(tensor):
    """Return a parameter of torch as an array of float32."""
    return tensor.detach().cpu().numpy().astype(np.float32)
