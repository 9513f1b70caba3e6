"""The parameters that the estimators share: their constraints and nested objects."""

from numbers import Integral, Real
from os import PathLike

import torch

from sklearn_seqattn._estimator import Interval, StrOptions
from sklearn_seqattn.kernels.partner import RandomKernels
from sklearn_seqattn.ngrams.partner import NGrams
from sklearn_seqattn.nn.blocks import Block
from sklearn_seqattn.nn.encoders import Encoder
from sklearn_seqattn.preprocessing.tokens import Tokens
from sklearn_seqattn.training.checkpoints import Checkpoint

SIZE = Interval(Integral, 1, None, closed="left")
SHARE = Interval(Real, 0, 1, closed="left")

#: Constraints of the parameters that mean the same in every network estimator.
TRAINING_CONSTRAINTS = {
    "hidden_size": [SIZE],
    "num_layers": [SIZE],
    "dropout": [SHARE],
    "lr": [Interval(Real, 0, None, closed="neither")],
    "max_epochs": [SIZE, StrOptions({"auto"})],
    "residual": ["boolean"],
    "attention": [StrOptions({"dot", "general", "additive", "multihead"}), None],
    "num_heads": [SIZE],
    "tokens": [Tokens, None],
    "batch_size": [SIZE, StrOptions({"auto"})],
    "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
    "n_iter_no_change": [SIZE],
    "scoring": [str, callable, list, tuple, dict, None],
    "max_time": [Interval(Real, 0, None, closed="neither"), None],
    "random_state": ["random_state"],
    "checkpoint": [str, PathLike, Checkpoint, None],
    "precision": [StrOptions({"float32", "bfloat16", "auto"})],
    "device": [str, torch.device],
    "callbacks": [list, tuple],
    "net_params": [dict, None],
    "verbose": ["verbose"],
}

#: Constraints of the parameters of the classifier and the regressor.
SEQUENCE_CONSTRAINTS = {
    **TRAINING_CONSTRAINTS,
    "blend": [RandomKernels, NGrams, StrOptions({"auto", "kernels", "ngrams"}), None],
    "front_end": [str, list, tuple, dict, Block, callable, None],
    "encoder": [str, Encoder, dict],
    "bidirectional": ["boolean"],
    "pooling": [str, list, tuple, callable],
    "head_units": [SIZE, list, tuple],
    "standardize": ["boolean"],
    "channels_first": ["boolean"],
    "early_stopping": ["boolean", StrOptions({"auto"})],
    "warm_start": ["boolean"],
    "random_prefixes": ["boolean"],
}


#: The partners by name.
_PARTNERS = {"kernels": RandomKernels, "ngrams": NGrams}


def find_partner(blend, kind):
    """Return the partner of a network.

    Parameters
    ----------
    blend : "auto", "kernels", "ngrams", RandomKernels, NGrams or None
        As the estimators take it.
    kind : {"numeric", "tokens", "events"}
        What the sequences hold.

    Returns
    -------
    partner : RandomKernels, NGrams or None
        None for the network alone.

    Raises
    ------
    ValueError
        If the partner does not read such sequences, or its parameters are invalid.
    """
    if blend is None:
        return None
    wanted = NGrams if kind == "tokens" else RandomKernels
    partner = blend
    if isinstance(blend, str):
        partner = (wanted if blend == "auto" else _PARTNERS[blend])()
    if not isinstance(partner, wanted):
        needs, holds = "numbers", "tokens"
        if kind != "tokens":
            needs, holds = "tokens", "numbers"
        raise ValueError(
            f"blend={blend!r} needs sequences of {needs}, but X holds {holds}; set "
            "blend='auto' or blend=None."
        )
    partner._validate_params()
    return partner
