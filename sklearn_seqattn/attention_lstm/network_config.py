"""From an estimator's parameters to the plain numbers a builder takes."""

from difflib import get_close_matches
from numbers import Integral

import numpy as np
import torch
from sklearn.utils import check_array

from sklearn_seqattn.attention_lstm import auto
from sklearn_seqattn.nn.blocks import Embedding
from sklearn_seqattn.nn.front_end import BLOCK_NAMES, count_blocks
from sklearn_seqattn.nn.pooling import POOLINGS

#: The block that each size parameter belongs to.
_BLOCK_OF_SIZE = {
    "conv_channels": "conv",
    "conv_kernel_size": "conv",
    "conv_stride": "conv",
    "conv_dilation": "conv",
    "dense_units": "dense",
    "step_conv_channels": "step_conv",
    "step_conv_kernel_size": "step_conv",
    "key_size": "attention",
    "value_size": "attention",
}


def resolve_front_end(front_end, *, tokens):
    """Turn the `front_end` parameter into a checked tuple of block names.

    Parameters
    ----------
    front_end : "auto", None, str or tuple
        As the estimators take it.
    tokens : bool
        Whether the sequences are tokens.

    Returns
    -------
    front_end : tuple

    Raises
    ------
    ValueError
        If a name is unknown, or the embedding is misplaced.
    """
    if isinstance(front_end, str) and front_end == "auto":
        return auto.TOKEN_STEM if tokens else auto.STEM
    blocks = (front_end,) if isinstance(front_end, str) else tuple(front_end or ())
    _check_names(blocks)
    n_embeddings = count_blocks(blocks)["embedding"]
    if n_embeddings > 1 or (n_embeddings == 1 and blocks[0] != "embedding"):
        raise ValueError(
            f"front_end={front_end!r}: 'embedding' may stand once, as the first "
            "block and outside of any residual group."
        )
    return blocks


def _check_names(blocks):
    """Check the names of a front end, groups included."""
    for block in blocks:
        if isinstance(block, tuple):
            if not block:
                raise ValueError("front_end has an empty residual group; remove it.")
            _check_names(block)
        elif block not in BLOCK_NAMES:
            close = get_close_matches(str(block), BLOCK_NAMES, n=1)
            hint = f" Did you mean {close[0]!r}?" if close else ""
            raise ValueError(
                f"front_end has an unknown block {block!r}; known are "
                f"{', '.join(BLOCK_NAMES)}, and tuples of them for residual "
                f"groups.{hint}"
            )


def front_end_sizes(params, blocks, n_steps):
    """Give each block of a front end its sizes.

    Parameters
    ----------
    params : dict
        The parameters of the estimator.
    blocks : tuple
        The resolved front end.
    n_steps : float
        The mean length T, which decides the stride of the stem.

    Returns
    -------
    sizes : dict of tuple of int
        One entry an occurrence of the block, as `FrontEndBuilder` takes them.

    Raises
    ------
    ValueError
        If a tuple of sizes has the wrong length, a head would be of unequal
        size, or a stride stands in a residual group.
    """
    counts = count_blocks(blocks)
    values = {name: params[name] for name in _BLOCK_OF_SIZE}
    values |= _stem_sizes(params, counts, n_steps)
    sizes = {
        name: _one_each(name, values[name], block, counts[block])
        for name, block in _BLOCK_OF_SIZE.items()
    }
    for name in ("key_size", "value_size"):
        for size in sizes[name]:
            check_heads(name, size, params["num_heads"])
    _check_strides(blocks, iter(sizes["conv_stride"]), in_group=False)
    lag = sizes["conv_stride"][0] if counts["conv"] else 1
    return {**sizes, "changes_lag": (lag,) * counts["changes"]}


def _stem_sizes(params, counts, n_steps):
    """Resolve the "auto" of convolutions; only the first one of a stem strides."""
    n_convs, is_auto = counts["conv"], params["front_end"] == "auto"
    stride, kernel_size = params["conv_stride"], params["conv_kernel_size"]
    dilation, later = params["conv_dilation"], max(n_convs - 1, 0)
    if stride == "auto":
        stride = auto.stem_stride(n_steps) if is_auto else 1
    if is_auto and not isinstance(stride, tuple):
        stride = (stride, *[1] * later)
    stride = _one_each("conv_stride", stride, "conv", n_convs)
    if kernel_size == "auto":
        first = auto.stem_kernel_size(stride[0]) if is_auto else 5
        kernel_size = (first, *[5] * later)[:n_convs]
    if dilation == "auto":
        last = auto.stem_dilation(n_steps) if counts["changes"] and is_auto else 1
        dilation = (*[1] * later, last)[:n_convs]
    return {
        "conv_stride": stride,
        "conv_kernel_size": kernel_size,
        "conv_dilation": dilation,
    }


def _one_each(name, value, block, count):
    """Repeat a number for each occurrence of a block, or check a tuple."""
    if not isinstance(value, tuple):
        return (int(value),) * count
    sizes = _checked_sizes(name, value)
    if len(value) != count:
        raise ValueError(
            f"{name}={value!r} has {len(value)} sizes, but front_end has {count} "
            f"{block!r} blocks; give one number for all, or one for each."
        )
    return sizes


def _checked_sizes(name, sizes):
    """Give a tuple of sizes as plain integers."""
    if not all(isinstance(size, Integral) and size >= 1 for size in sizes):
        raise ValueError(f"{name}={sizes!r} must hold integers of at least 1.")
    return tuple(int(size) for size in sizes)


def _checked_pooling(pooling):
    """Give the names of the poolings as a tuple."""
    names = (pooling,) if isinstance(pooling, str) else pooling
    if not names or not set(names) <= set(POOLINGS):
        known = ", ".join(map(repr, POOLINGS))
        raise ValueError(
            f"pooling={pooling!r} must hold at least one of {known}, and nothing else."
        )
    return names


def _check_strides(blocks, strides, *, in_group):
    """Refuse a stride inside a residual group: the sum needs equal lengths."""
    for block in blocks:
        if isinstance(block, tuple):
            _check_strides(block, strides, in_group=True)
        elif block == "conv" and next(strides) > 1 and in_group:
            raise ValueError(
                "conv_stride is above 1 inside a residual group, whose input and "
                "output must have the same number of steps; stride outside of it."
            )


def check_heads(name, size, num_heads):
    """Refuse sizes that the heads do not divide.

    Parameters
    ----------
    name : str
        What has the size, for the message.
    size, num_heads : int
        The size and the number of heads.

    Raises
    ------
    ValueError
        If there is a remainder.
    """
    if size % num_heads:
        raise ValueError(
            f"{name}={size} is not a multiple of num_heads={num_heads}; every head "
            "needs the same size."
        )


def check_encoder(params):
    """Refuse encoders and attentions whose sizes cannot be built.

    Parameters
    ----------
    params : dict
        The parameters of the estimator.

    Raises
    ------
    ValueError
        If the heads do not divide the sizes, or positions need an even size.
    """
    hidden_size, num_heads = params["hidden_size"], params["num_heads"]
    transformer = params["encoder"] == "transformer"
    if transformer:
        check_heads("hidden_size", hidden_size, num_heads)
        rotary = params["positions"] == "rotary"
        size = hidden_size // num_heads if rotary else hidden_size
        if size % 2:
            raise ValueError(
                f"positions={params['positions']!r} need an even size, but hidden_size="
                f"{hidden_size} with num_heads={num_heads} gives {size}."
            )
    elif params["attention"] == "multihead":
        check_heads(
            "the encoder's output size",
            hidden_size * (1 + params["bidirectional"]),
            num_heads,
        )


def network_numbers(params, *, kind, n_steps):
    """Collect what `build_sequence_network` takes from the parameters.

    Parameters
    ----------
    params : dict
        The parameters of the estimator.
    kind : {"numeric", "tokens", "events"}
        What the sequences hold.
    n_steps : float
        Their mean length T.

    Returns
    -------
    numbers : dict
        All but `input_size`, `n_outputs` and `embedding`.

    Raises
    ------
    ValueError
        If the parameters contradict each other.
    """
    check_encoder(params)
    blocks = resolve_front_end(params["front_end"], tokens=kind == "tokens")
    units = params["head_units"]
    units = units if isinstance(units, tuple) else (units,)
    same = ("encoder", "positions", "attention", "dropout")
    return {
        "front_end": blocks,
        "front_end_sizes": front_end_sizes(params, blocks, n_steps),
        "hidden_size": int(params["hidden_size"]),
        "num_layers": int(params["num_layers"]),
        "num_heads": int(params["num_heads"]),
        "bidirectional": bool(params["bidirectional"]),
        "residual": bool(params["residual"]),
        "pooling": _checked_pooling(params["pooling"]),
        "head_units": _checked_sizes("head_units", units),
        **{name: params[name] for name in same},
    }


def check_same_network(params, numbers):
    """Refuse parameters that a fitted network no longer follows.

    Parameters
    ----------
    params : dict
        The parameters of the estimator.
    numbers : dict
        What the network was built from.

    Raises
    ------
    ValueError
        If they differ in a size or a kind; strides and kernels are not compared,
        since "auto" takes them from the data.
    """
    kind = "tokens" if "embedding" in numbers["front_end"] else "numeric"
    wanted = network_numbers(params, kind=kind, n_steps=1.0)
    del wanted["front_end_sizes"]
    for name, value in wanted.items():
        if value != numbers[name]:
            raise ValueError(
                f"{name} is now {value!r}, but the fitted network has "
                f"{numbers[name]!r}, and training would go on with that. Set it back, "
                "or fit anew with warm_start=False."
            )


def make_embedding(params, n_ids):
    """Make the embedding of tokens, from initial vectors where there are some.

    Parameters
    ----------
    params : dict
        The parameters of the estimator.
    n_ids : int
        The number of ids, the padding and the unknown one included.

    Returns
    -------
    embedding : Embedding

    Raises
    ------
    ValueError
        If the vectors do not fit the vocabulary.
    """
    vectors, size = params["embedding_vectors"], int(params["embedding_size"])
    if vectors is not None:
        if params["vocabulary"] is None:
            raise ValueError(
                "embedding_vectors needs vocabulary, the tokens that its rows are for."
            )
        vectors = check_array(vectors, dtype=np.float32, input_name="embedding_vectors")
        if len(vectors) != n_ids - 2:
            raise ValueError(
                f"embedding_vectors has {len(vectors)} rows, but vocabulary has "
                f"{n_ids - 2} tokens; give one row for each, in the same order."
            )
        vectors, size = torch.tensor(vectors), vectors.shape[1]
    return Embedding(
        n_ids, size, token_dropout=float(params["token_dropout"]), vectors=vectors
    )
