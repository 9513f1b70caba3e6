"""Configuration of a network from the parameters of its estimator."""

from dataclasses import fields, replace

import numpy as np
import torch
from sklearn.utils import check_array

from sklearn_seqattn._ids import FIRST_ID
from sklearn_seqattn.attention_lstm import auto
from sklearn_seqattn.nn.config import (
    TRAINING_FIELDS,
    EmbeddingConfig,
    SequenceConfig,
    has_embedding,
)
from sklearn_seqattn.nn.front_end import read_front_end

#: Parameters of the estimators that the configuration takes as they are.
_PARAMETERS = (
    "encoder",
    "hidden_size",
    "num_layers",
    "bidirectional",
    "residual",
    "attention",
    "num_heads",
    "pooling",
    "head_units",
    "dropout",
    "tbptt_steps",
)


def is_auto(front_end):
    """Return whether the front end is chosen by the data.

    Parameters
    ----------
    front_end : object
        The parameter of the estimators.

    Returns
    -------
    is_auto : bool
    """
    return isinstance(front_end, str) and front_end == "auto"


def embeds_tokens(front_end):
    """Return whether the user asks for an embedding.

    Parameters
    ----------
    front_end : object
        The parameter of the estimators.

    Returns
    -------
    embeds : bool
        False of "auto", which reads tokens and numbers.
    """
    return not is_auto(front_end) and has_embedding(read_front_end(front_end))


def resolve_front_end(front_end, *, tokens, n_steps):
    """Return the blocks of a front end.

    Parameters
    ----------
    front_end : "auto", None, str, dict, Block, or list or tuple of them
        The parameter of the estimators.
    tokens : bool
        Whether the sequences are tokens.
    n_steps : float
        The mean length T, which decides the stride of "auto".

    Returns
    -------
    blocks : tuple of Block

    Raises
    ------
    TypeError, ValueError
        If a block is unknown, has invalid parameters or is in the wrong place.
    """
    if is_auto(front_end):
        front_end = (auto.token_stem if tokens else auto.stem)(n_steps)
    return read_front_end(front_end)


def sequence_config(
    params, *, input_size, n_outputs, n_steps, embedding=None, kernels=None, time_warp=0
):
    """Return the configuration of a network for these parameters and data.

    Parameters
    ----------
    params : dict
        The parameters of the estimator.
    input_size, n_outputs : int
        Channels of a step (1 for ids), and outputs of a sequence.
    n_steps : float
        The mean length T.
    embedding : EmbeddingConfig or None, default=None
        Sizes of the vectors of tokens; None where X holds numbers.
    kernels : KernelConfig or None, default=None
        The side branch of random convolutions.
    time_warp : float, default=0
        How far training sequences are warped in time.

    Returns
    -------
    config : SequenceConfig

    Raises
    ------
    TypeError, ValueError
        If a parameter is invalid or contradicts another one.
    """
    tokens = embedding is not None
    blocks = resolve_front_end(params["front_end"], tokens=tokens, n_steps=n_steps)
    return SequenceConfig(
        input_size=input_size,
        n_outputs=n_outputs,
        front_end=blocks,
        embedding=embedding,
        kernels=kernels,
        time_warp=time_warp,
        **{name: params[name] for name in _PARAMETERS},
    )


def check_network_params(params):
    """Refuse parameters that describe no network, before any data are read.

    Parameters
    ----------
    params : dict
        The parameters of the estimator.

    Raises
    ------
    TypeError, ValueError
        If a parameter is invalid or contradicts another one.
    """
    embedding = None
    if embeds_tokens(params["front_end"]):
        embedding = EmbeddingConfig(n_ids=FIRST_ID + 1, size=1)
    sequence_config(params, input_size=1, n_outputs=1, n_steps=1, embedding=embedding)


def check_same_network(params, config):
    """Refuse parameters that differ from those of the fitted network.

    Parameters
    ----------
    params : dict
        The parameters of the estimator.
    config : SequenceConfig
        What the network was built from.

    Raises
    ------
    ValueError
        If they differ in a parameter that shapes the network. The blocks of "auto" are
        those of the first fit, whatever the mean length is now.
    """
    wanted = replace(config, **{name: params[name] for name in _PARAMETERS})
    front_end, fitted = params["front_end"], config.front_end
    blocks = resolve_front_end(front_end, tokens=config.embeds, n_steps=1)
    if is_auto(front_end):
        blocks, fitted = (tuple(map(type, some)) for some in (blocks, fitted))
    if blocks != fitted:
        _refuse_change("front_end", front_end, list(config.front_end))
    check_same_fields(wanted, config)


def check_same_fields(wanted, config):
    """Refuse a configuration that differs from that of the fitted network.

    Parameters
    ----------
    wanted, config : Config
        What the parameters say now, and what the network was built from.

    Raises
    ------
    ValueError
        If they differ in a field that shapes the network.
    """
    for field in fields(config):
        value, before = getattr(wanted, field.name), getattr(config, field.name)
        if value != before and field.name not in TRAINING_FIELDS:
            _refuse_change(field.name, value, before)


def _refuse_change(name, value, before):
    """Raise ValueError for a parameter that has changed since the fit."""
    raise ValueError(
        f"{name} is now {value!r}, but the fitted network has {before!r}, and training "
        "would go on with that. Set it back, or call fit (with warm_start=False where "
        "there is one)."
    )


def embedding_of_tokens(tokens, n_ids):
    """Return sizes and initial vectors of the embedding of tokens.

    Parameters
    ----------
    tokens : Tokens
        The parameters of tokens.
    n_ids : int
        The number of ids, the padding and the unknown one included.

    Returns
    -------
    config : EmbeddingConfig
    vectors : Tensor of shape (n_ids - FIRST_ID, size) or None
        Where the user gave some.

    Raises
    ------
    ValueError
        If the vectors do not fit the vocabulary.
    """
    vectors, size = tokens.vectors, tokens.size
    if vectors is not None:
        if tokens.vocabulary is None:
            raise ValueError(
                "Tokens(vectors=...) needs vocabulary, the tokens that its rows are "
                "for."
            )
        vectors = check_array(vectors, dtype=np.float32, input_name="vectors")
        if len(vectors) != n_ids - FIRST_ID:
            raise ValueError(
                f"vectors has {len(vectors)} rows, but vocabulary has "
                f"{n_ids - FIRST_ID} tokens; give one row for each, in the same order."
            )
        vectors, size = torch.tensor(vectors), vectors.shape[1]
    config = EmbeddingConfig(n_ids=n_ids, size=size, token_dropout=tokens.dropout)
    return config, vectors
