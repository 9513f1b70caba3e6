"""Networks as plain values and named weights, and back."""

import numpy as np
import torch

from sklearn_seqattn.nn.config import NextStateConfig, SequenceConfig, TaggingConfig
from sklearn_seqattn.nn.networks import build_sequence_network
from sklearn_seqattn.nn.next_state_network import build_next_state_network
from sklearn_seqattn.nn.own_modules import OwnLayer, OwnPool
from sklearn_seqattn.nn.own_network import OwnSequenceNetwork, OwnStateNetwork
from sklearn_seqattn.nn.random_convolutions import RandomConvolutions
from sklearn_seqattn.nn.tagging_network import build_tagging_network
from sklearn_seqattn.persistence.checks import (
    check_array,
    check_choice,
    check_int,
    check_keys,
    check_size,
    refuse,
)
from sklearn_seqattn.storage.files import FileFormatError
from sklearn_seqattn.training import isolated_torch

#: The longest training sequence of random convolutions in a file.
_LONGEST = 2**27
_MOST_POOLINGS = 1000
_DTYPES = {"float32": torch.float32, "float64": torch.float64}


def pack_network(module):
    """Return a network as plain values and arrays.

    Parameters
    ----------
    module : nn.Module
        From a builder.

    Returns
    -------
    packed : dict
        "config", "dtype" and "weights".

    Raises
    ------
    TypeError
        If it is the user's own, or has modules of the user.
    """
    _refuse_own(module)
    dtype = str(next(module.parameters()).dtype).removeprefix("torch.")
    weights = pack_weights(module)
    return {"config": module.config.to_dict(), "dtype": dtype, "weights": weights}


def _refuse_own(module):
    """Raise for a fitted network that is code of the user, or holds some."""
    if isinstance(module, OwnSequenceNetwork | OwnStateNetwork):
        raise TypeError(
            f"network_ is a network of your own, {type(module.network).__name__}, and "
            "a model file holds no code. Pickle the estimator, and unpickle it only "
            "where you trust the file; or keep network_.state_dict()."
        )
    for part in module.modules():
        if isinstance(part, OwnLayer | OwnPool):
            raise TypeError(
                f"network_ has a module of your own, {type(part.own).__name__}, and a "
                "model file holds no code. Register it under a name, by "
                "register_block or register_pooling, and fit again, or pickle the "
                "estimator."
            )


def pack_weights(module):
    """Return each weight by its name, in single precision where nothing is lost."""
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
    """Build the network of a classifier or a regressor.

    Parameters
    ----------
    packed : dict
        As `pack_network` returns it; need not be valid.
    where : str
        What it is, for messages.

    Returns
    -------
    module : SequenceNetwork

    Raises
    ------
    FileFormatError
        If anything in it is invalid.
    """
    config = _read_config(SequenceConfig, packed, where)
    check_int(len(config.head_units), f"{where}.head_units", 0, len(packed["weights"]))
    check_int(len(config.pooling), f"{where}.pooling", 1, _MOST_POOLINGS)
    return _build(
        lambda device: build_sequence_network(config, device=device), packed, where
    )


def unpack_tagging_network(packed, where):
    """Build the network of a tagger; parameters as of `unpack_sequence_network`."""
    config = _read_config(TaggingConfig, packed, where)
    check_int(len(config.head_units), f"{where}.head_units", 0, len(packed["weights"]))
    return _build(
        lambda device: build_tagging_network(config, device=device), packed, where
    )


def unpack_next_state_network(packed, where):
    """Build a next-state network; parameters as of `unpack_sequence_network`."""
    config = _read_config(NextStateConfig, packed, where)
    n_categories = len(config.n_categories)
    check_int(n_categories, f"{where}.n_categories", 0, len(packed["weights"]))
    return _build(
        lambda device: build_next_state_network(config, device), packed, where
    )


def _read_config(kind, packed, where):
    """Return the checked configuration of a network."""
    check_keys(packed, where, {"config", "dtype", "weights"})
    if not isinstance(packed["weights"], dict):
        refuse(f"{where}.weights", packed["weights"], "an object")
    try:
        config = kind.from_dict(packed["config"])
    except ValueError as error:
        raise FileFormatError(f"{where}: {error}") from None
    # A layer has weights: this bounds the work of building.
    check_int(config.num_layers, f"{where}.num_layers", 1, len(packed["weights"]))
    return config


def pack_kernels(kernels):
    """Return random convolutions as plain values and arrays."""
    return {
        "input_size": kernels.input_size,
        "max_length": kernels.max_length,
        "n_features": kernels.output_size,
        "dtype": "float32",
        "weights": pack_weights(kernels),
    }


def unpack_kernels(packed, where):
    """Build random convolutions that a file holds."""
    names = {"input_size", "max_length", "n_features"}
    check_keys(packed, where, {*names, "dtype", "weights"})
    sizes = {name: check_size(packed[name], f"{where}.{name}") for name in names}
    check_int(sizes["max_length"], f"{where}.max_length", 1, _LONGEST)
    check_choice(packed["dtype"], f"{where}.dtype", ("float32",))
    return _build(
        lambda device: RandomConvolutions(**sizes, device=device), packed, where
    )


def _build(build, packed, where):
    """Build without memory, compare with the weights, then build and fill."""
    dtype = check_choice(packed["dtype"], f"{where}.dtype", _DTYPES)
    weights = packed["weights"]
    try:
        with isolated_torch(0):
            wanted = _distinct_state(build("meta"))
    except Exception as error:  # sizes that contradict each other fail anywhere
        raise FileFormatError(
            f"{where}: its configuration describes no network ({type(error).__name__})."
        ) from None
    check_keys(weights, f"{where}.weights", wanted.keys())
    for name, tensor in wanted.items():
        kind = "f" if tensor.is_floating_point() else "i"
        check_array(
            weights[name], f"{where}.{name}", kind=kind, shape=tuple(tensor.shape)
        )
    with isolated_torch(0):
        module = build("cpu").to(_DTYPES[dtype])
    tensors = {name: torch.from_numpy(weights[name]) for name in wanted}
    module.load_state_dict(tensors, strict=False)  # shared ones come once
    return module.eval()


def _distinct_state(module):
    """Return parameters and buffers by name, those that are shared once."""
    distinct = {}
    seen = set()
    for name, tensor in module.state_dict(keep_vars=True).items():
        if id(tensor) not in seen:
            seen.add(id(tensor))
            distinct[name] = tensor
    return distinct
