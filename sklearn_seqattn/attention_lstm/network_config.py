"""Configuration of a network from the parameters of its estimator."""

from dataclasses import fields, replace

import numpy as np
import torch
from sklearn.utils import check_array

from sklearn_seqattn._ids import FIRST_ID
from sklearn_seqattn.attention_lstm.stem import (
    MOST_STEPS,
    stem,
    tagger_stem,
    token_stem,
)
from sklearn_seqattn.nn.config import (
    TRAINING_FIELDS,
    EmbeddingConfig,
    TaggingConfig,
)
from sklearn_seqattn.nn.front_end import FrontEnd, read_front_end
from sklearn_seqattn.sequences.wording import number_of
from sklearn_seqattn.training.own_modules import module_fields

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
)


def _values_of(params):
    """Return the values of the parameters that the configuration takes."""
    return {name: params[name] for name in _PARAMETERS if name in params}


def given_front_end(front_end):
    """Return the checked blocks that the user gave.

    Parameters
    ----------
    front_end : "auto", None, str, dict, Block, or list or tuple of them
        The parameter of the estimators.

    Returns
    -------
    blocks : FrontEnd or None
        None for "auto": the data choose the blocks.

    Raises
    ------
    TypeError, ValueError
        If a block is unknown, has invalid parameters or is in the wrong place.
    """
    if isinstance(front_end, str) and front_end == "auto":
        return None
    return read_front_end(front_end)


def network_config(
    kind,
    params,
    front_end,
    *,
    input_size,
    n_outputs,
    n_steps,
    most_steps=MOST_STEPS,
    embedding=None,
    **others,
):
    """Return the configuration of a network for these parameters and data.

    Parameters
    ----------
    kind : type
        `SequenceConfig` or `TaggingConfig`.
    params : dict
        The parameters of the estimator.
    front_end : FrontEnd or None
        As from `given_front_end`.
    input_size, n_outputs : int
        Channels of a step (1 for ids), and outputs of a sequence or of a step.
    n_steps : float
        The mean length T, which decides the stride of "auto".
    most_steps : int, default=MOST_STEPS
        The steps of the encoder after a front end of "auto" for numbers, at most.
    embedding : EmbeddingConfig or None, default=None
        Sizes of the vectors of tokens; None where X holds numbers.
    **others : object
        Further fields of the configuration.

    Returns
    -------
    config : BodyConfig

    Raises
    ------
    TypeError, ValueError
        If a parameter is invalid or contradicts another one.
    """
    if front_end is None:
        front_end = _auto_front_end(kind, embedding, n_steps, most_steps)
    return kind(
        input_size=input_size,
        n_outputs=n_outputs,
        front_end=front_end,
        embedding=embedding,
        **module_fields(params["net_params"]),
        **others,
        **_values_of(params),
    )


def _auto_front_end(kind, embedding, n_steps, most_steps=MOST_STEPS):
    """Return the blocks of "auto", for numbers or for tokens."""
    if kind is TaggingConfig:
        return tagger_stem(embedding is not None)
    if embedding is not None:
        return token_stem(n_steps)
    return stem(n_steps, most_steps)


def check_network_params(kind, params):
    """Refuse parameters that describe no network, before any data are read.

    Parameters
    ----------
    kind : type
        `SequenceConfig` or `TaggingConfig`.
    params : dict
        The parameters of the estimator.

    Returns
    -------
    front_end : FrontEnd or None
        As from `given_front_end`.

    Raises
    ------
    TypeError, ValueError
        If a parameter is invalid or contradicts another one.
    """
    front_end = given_front_end(params["front_end"])
    blocks = FrontEnd() if front_end is None else front_end
    embedding = EmbeddingConfig(n_ids=FIRST_ID + 1, size=1) if blocks.embeds else None
    network_config(
        kind, params, blocks, input_size=1, n_outputs=1, n_steps=1, embedding=embedding
    )
    return front_end


def check_same_network(params, front_end, config):
    """Refuse parameters that differ from those of the fitted network.

    Parameters
    ----------
    params : dict
        The parameters of the estimator.
    front_end : FrontEnd or None
        As from `given_front_end`; the blocks of "auto" are those of the first fit,
        whatever the mean length is now.
    config : BodyConfig
        What the network was built from.

    Raises
    ------
    ValueError
        If they differ in a parameter that shapes the network.
    """
    wanted = replace(config, **_values_of(params))
    if front_end is None:
        blocks = _auto_front_end(type(config), config.embedding, n_steps=1)
        same = list(map(type, blocks)) == list(map(type, config.front_end))
    else:
        same = front_end == config.front_end
    if not same:
        _refuse_change("front_end", params["front_end"], list(config.front_end))
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
                f"vectors has {number_of(len(vectors), 'row')}, but vocabulary has "
                f"{number_of(n_ids - FIRST_ID, 'token')}; give one row for each, in "
                "the same order."
            )
        vectors, size = torch.tensor(vectors), vectors.shape[1]
    config = EmbeddingConfig(n_ids=n_ids, size=size, token_dropout=tokens.dropout)
    return config, vectors
