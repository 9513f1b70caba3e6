"""Networks as plain numbers and named weights, and back."""

import inspect

import numpy as np
import torch

from sklearn_seqattn._estimator import validate_parameter_constraints
from sklearn_seqattn.attention_lstm.base import BaseSequenceEstimator
from sklearn_seqattn.attention_lstm.network_config import (
    check_encoder,
    resolve_front_end,
)
from sklearn_seqattn.nn.blocks import Embedding
from sklearn_seqattn.nn.front_end import count_blocks
from sklearn_seqattn.nn.networks import build_sequence_network
from sklearn_seqattn.nn.next_state_network import build_next_state_network
from sklearn_seqattn.nn.random_convolutions import RandomKernels
from sklearn_seqattn.persistence.checks import (
    check_array,
    check_choice,
    check_float,
    check_int,
    check_keys,
    check_size,
    refuse,
)
from sklearn_seqattn.storage.files import FileFormatError
from sklearn_seqattn.training import isolated_torch

#: Steps that a convolution may reach over, and the longest training sequence: what
#: a network of few weights could otherwise make of a short sequence has no bound.
_LARGEST_REACH = 2**20
_LONGEST = 2**27
_DTYPES = {"float32": torch.float32, "float64": torch.float64}
_SIZES = ("input_size", "n_outputs", "n_states", "embedding_size")


def pack_network(module):
    """Give a network as plain values and arrays.

    Parameters
    ----------
    module : nn.Module
        From a builder that keeps its numbers.

    Returns
    -------
    packed : dict
        "numbers", "embedding", "dtype" and "weights".
    """
    numbers = {n: v for n, v in module.numbers.items() if n != "embedding"}
    embedding = None
    if "embedding" in numbers.get("front_end", ()):
        found = module.front_end.blocks[0]
        embedding = {
            "n_ids": found.table.num_embeddings,
            "size": found.output_size,
            "token_dropout": float(found.token_dropout),
        }
    dtype = str(next(module.parameters()).dtype).removeprefix("torch.")
    weights = pack_weights(module)
    return {
        "numbers": numbers,
        "embedding": embedding,
        "dtype": dtype,
        "weights": weights,
    }


def pack_weights(module):
    """Give each weight by its name, in single precision where nothing is lost."""
    weights = {}
    for name, tensor in _distinct_state(module).items():
        array = tensor.detach().cpu().numpy()
        if array.dtype == np.float64:
            with np.errstate(over="ignore"):
                single = array.astype(np.float32)
            array = single if np.array_equal(single, array) else array
        weights[name] = array
    return weights


def unpack_sequence_network(packed, where):
    """Build the network of a classifier or a regressor from checked numbers.

    Parameters
    ----------
    packed : dict
        As `pack_network` gives it; not to be trusted.
    where : str
        What it is, for messages.

    Returns
    -------
    module : SequenceNetwork
    """
    numbers = _check_numbers(packed, where, build_sequence_network)
    _check_blocks(numbers, where)
    options = packed["embedding"]
    if (options is None) != ("embedding" not in numbers["front_end"]):
        raise FileFormatError(
            f"{where}: front end and embedding contradict each other."
        )
    if options is not None:
        options = check_keys(options, where, {"n_ids", "size", "token_dropout"})
        check_int(options["n_ids"], f"{where}.n_ids", 3)
        check_size(options["size"], f"{where}.size")
        check_float(options["token_dropout"], f"{where}.token_dropout", 0, 1)

    def build():
        table = None
        if options is not None:
            share = options["token_dropout"]
            table = Embedding(options["n_ids"], options["size"], token_dropout=share)
        return build_sequence_network(embedding=table, **numbers)

    return _build(build, packed, where)


def unpack_next_state_network(packed, where):
    """Build a next-state network; parameters as of `unpack_sequence_network`."""
    numbers = _check_numbers(packed, where, build_next_state_network)
    categories = numbers["n_categories"]
    if not isinstance(categories, tuple | list) or len(categories) > len(
        packed["weights"]
    ):
        refuse(f"{where}.n_categories", categories, "a list of sizes")
    for n in categories:
        check_size(n, f"{where}.n_categories")
    check_int(numbers["n_numbers"], f"{where}.n_numbers")
    if type(numbers["tie_weights"]) is not bool:
        refuse(f"{where}.tie_weights", numbers["tie_weights"], "a boolean")
    return _build(lambda: build_next_state_network(**numbers), packed, where)


def pack_kernels(kernels):
    """Give random convolutions as plain values and arrays."""
    return {
        "input_size": kernels.input_size,
        "max_length": kernels.max_length,
        "n_features": kernels.output_size,
        "dtype": "float32",
        "weights": pack_weights(kernels),
    }


def unpack_kernels(packed, where):
    """Build random convolutions from checked numbers."""
    names = {"input_size", "max_length", "n_features"}
    check_keys(packed, where, {*names, "dtype", "weights"})
    numbers = {name: check_size(packed[name], f"{where}.{name}") for name in names}
    check_int(numbers["max_length"], f"{where}.max_length", 1, _LONGEST)
    check_choice(packed["dtype"], f"{where}.dtype", ("float32",))
    return _build(lambda: RandomKernels(**numbers), packed, where)


def _check_numbers(packed, where, build):
    """Check all that the estimators check, and the sizes that they do not have."""
    check_keys(packed, where, {"numbers", "embedding", "dtype", "weights"})
    numbers, weights = packed["numbers"], packed["weights"]
    if not isinstance(weights, dict):
        refuse(f"{where}.weights", weights, "an object")
    parameters = inspect.signature(build).parameters
    needed = {n for n, p in parameters.items() if p.default is p.empty} - {"embedding"}
    if not isinstance(numbers, dict) or not (
        needed <= numbers.keys() <= parameters.keys() - {"embedding"}
    ):
        refuse(f"{where}.numbers", numbers, f"an object with {sorted(needed)}")
    known = BaseSequenceEstimator._parameter_constraints
    constraints = {name: known[name] for name in numbers if name in known}
    values = {name: numbers[name] for name in constraints}
    try:
        validate_parameter_constraints(constraints, values, where)
        check_encoder({"bidirectional": False, **numbers})
    except (ValueError, TypeError) as error:
        raise FileFormatError(str(error)) from None
    for name in numbers.keys() & {*_SIZES, "hidden_size", "num_heads"}:
        check_size(numbers[name], f"{where}.{name}")
    # A layer has weights: this bounds the work of building.
    check_int(numbers["num_layers"], f"{where}.num_layers", 1, len(weights))
    return numbers


def _check_blocks(numbers, where):
    """Check the front end, its sizes, the head and the side branch."""
    try:
        resolve_front_end(numbers["front_end"], tokens=False)
    except (ValueError, TypeError, RecursionError) as error:
        raise FileFormatError(f"{where}: {error}") from None
    sizes = numbers["front_end_sizes"]
    if not isinstance(sizes, dict) or sum(
        count_blocks(numbers["front_end"]).values()
    ) > (1000):
        refuse(f"{where}.front_end_sizes", sizes, "an object for few blocks")
    for name, values in sizes.items():
        high = _LONGEST if name.startswith(("conv", "step_conv")) else 2**31 - 1
        for value in values if isinstance(values, tuple) else [None]:
            check_int(value, f"{where}.{name}", 1, high)
    convolutions = zip(
        sizes.get("conv_kernel_size", ()), sizes.get("conv_dilation", ()), strict=False
    )
    for kernel, dilation in convolutions:  # each pads its input by as many steps
        reach = (kernel - 1) * dilation
        check_int(reach, f"{where}: the reach of conv", 0, _LARGEST_REACH)
    for name, kind in (("pooling", str), ("head_units", int)):
        values = numbers[name]
        if (
            not isinstance(values, tuple)
            or len(values) > 1000
            or not all(type(value) is kind for value in values)
        ):
            refuse(f"{where}.{name}", values, "a tuple")
    kernels = numbers.get("kernels")
    if kernels is not None:
        names = {"max_length", "n_features", "readout", "temperature"}
        check_keys(kernels, where, names)
        check_float(kernels["temperature"], f"{where}.temperature", 0.01, 1.0)
        check_int(kernels["max_length"], f"{where}.max_length", 1, _LONGEST)
        check_size(kernels["n_features"], f"{where}.n_features")
        if kernels["readout"] is not None:
            readouts = ("softmax", "sigmoid", "identity")
            check_choice(kernels["readout"], f"{where}.readout", readouts)


def _build(build, packed, where):
    """Build without memory, compare with the weights, then build and fill."""
    dtype = check_choice(packed["dtype"], f"{where}.dtype", _DTYPES)
    weights = packed["weights"]
    try:
        with isolated_torch(0), torch.device("meta"):
            wanted = _distinct_state(build())
    except Exception as error:  # sizes that contradict each other fail anywhere
        raise FileFormatError(
            f"{where}: its numbers describe no network ({type(error).__name__})."
        ) from None
    check_keys(weights, f"{where}.weights", wanted.keys())
    for name, tensor in wanted.items():
        kind = "f" if tensor.is_floating_point() else "i"
        check_array(
            weights[name], f"{where}.{name}", kind=kind, shape=tuple(tensor.shape)
        )
    with isolated_torch(0):
        module = build().to(_DTYPES[dtype])
    tensors = {name: torch.from_numpy(weights[name]) for name in wanted}
    module.load_state_dict(tensors, strict=False)  # shared ones come once
    return module.eval()


def _distinct_state(module):
    """Give parameters and buffers by name, those that are shared once."""
    distinct = {}
    seen = set()
    for name, tensor in module.state_dict(keep_vars=True).items():
        if id(tensor) not in seen:
            seen.add(id(tensor))
            distinct[name] = tensor
    return distinct
