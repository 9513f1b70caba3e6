"""Networks that users bring, with what the library needs of a network around them."""

from copy import deepcopy

import torch
from torch import nn

from sklearn_seqattn.nn.blended_network import BlendedNetwork

_TOLERANCE = {"rtol": 1e-3, "atol": 1e-4}


class OwnSequenceNetwork(BlendedNetwork):
    """A user's network of one answer a sequence, and the partner beside it.

    Parameters
    ----------
    network : nn.Module
        Maps ``(values, lengths)`` to outputs (B, K); with static columns it gets their
        numbers (B, P) as `static`, too. A method `embeddings` of the same
        arguments and an attribute `embedding_size` serve `transform`.
    built_from : tuple of (callable, dict)
        What built it, and its parameters.
    n_outputs : int
        Outputs K of a sequence.
    kernel_partner : KernelPartner or None, default=None
        The partner.
    time_warp : float, default=0.0
        As in `BlendedNetwork`.
    """

    config = None
    attention = None
    has_pooling_weights = False

    def __init__(
        self, network, built_from, n_outputs, *, kernel_partner=None, time_warp=0.0
    ):
        super().__init__(kernel_partner, n_outputs, time_warp, 1, has_shares=True)
        self.network = network
        self.built_from = built_from

    def outputs(self, values, lengths, static=None):
        """Return what the user's network says, (B, K)."""
        return self.network(values, lengths, **_beside(static))

    def start_at_partner(self):
        """Start training from the initial outputs, which need not be zero."""

    def embeddings(self, values, lengths, static=None):
        """Return the vector of each sequence, (B, embedding_size)."""
        embed = self._own("embeddings", "transform")
        return embed(values, lengths, **_beside(static))

    @property
    def embedding_size(self):
        """The size of the vector of a sequence."""
        return self._own("embedding_size", "transform")

    def step_embeddings(self, values, lengths):
        """Return the vectors of the steps, and their mask."""
        return self._own("step_embeddings", "embed_steps")(values, lengths)

    def pooling_weights(self, values, lengths):
        """Return the weights of the steps and their mask."""
        return self._own("pooling_weights", "pooling_weights")(values, lengths)

    def _own(self, name, method):
        """Return an attribute of the user's network, or say that it is missing."""
        if not hasattr(self.network, name):
            raise ValueError(
                f"{type(self.network).__name__} has no {name!r}, which {method} needs; "
                "define it in the class of the network."
            )
        return getattr(self.network, name)


def _beside(static):
    """Return static numbers as a keyword argument, if there are any."""
    return {} if static is None else {"static": static}


class OwnStateNetwork(nn.Module):
    """A user's network that predicts what follows every step.

    Parameters
    ----------
    network : nn.Module
        Maps ``(values, lengths)``, and features of events by name, to logits
        (B, T, K). Row t depends on the steps up to t alone.
    built_from : tuple of (callable, dict)
        What built it, and its parameters.
    sizes : tuple of int
        The number of ids, and of logits K.
    """

    config = None
    attention = None
    has_pooling_weights = False
    stride = 1

    def __init__(self, network, built_from, sizes):
        super().__init__()
        self.network = network
        self.built_from = built_from
        self.sizes = sizes

    def forward(self, values, lengths, **features):
        """Return the logits of what follows each step, (B, T, K)."""
        return self.network(values, lengths, **features)

    def last(self, values, lengths, **features):
        """Return the logits of what follows the last step alone, (B, K)."""
        logits = self(values, lengths, **features)
        return logits[torch.arange(len(logits), device=logits.device), lengths - 1]

    @property
    def embedding_size(self):
        """Raise: there is nothing to embed with."""
        raise ValueError(f"{type(self.network).__name__} has no vectors of sequences.")

    def embeddings(self, values, lengths, **features):
        """Raise: there is nothing to embed with."""
        return self.embedding_size

    step_embeddings = embeddings


def build_own(build, params, sizes):
    """Build a user's network.

    Parameters
    ----------
    build : callable
        Called with the sizes and the parameters.
    params : dict
        Parameters by name.
    sizes : tuple of int
        The number of channels of a step, or of ids; and the number of outputs.

    Returns
    -------
    network : nn.Module

    Raises
    ------
    TypeError, ValueError
        If it is no network, or has nothing to train.
    """
    name = getattr(build, "__name__", type(build).__name__)
    try:
        network = build(*sizes, **params)
    except Exception as error:  # networks of users fail anywhere
        raise ValueError(
            f"net_params has module={name}, which cannot be built with the sizes "
            f"{sizes} and the parameters {params}: {error}. It is called with the size "
            "of a step, the number of outputs, and what 'module__name' says."
        ) from error
    if not isinstance(network, nn.Module):
        raise TypeError(
            f"net_params has a module that builds {network!r:.80}; a network is a "
            "torch.nn.Module."
        )
    if not any(p.requires_grad for p in network.parameters()):
        raise ValueError(
            f"The network {type(network).__name__} has no parameters to train."
        )
    return network


@torch.no_grad()
def check_own(network, values, lengths, n_outputs, *, of_steps=False, **features):
    """Refuse a network whose outputs have a wrong shape or depend on the padding.

    Parameters
    ----------
    network : OwnSequenceNetwork or OwnStateNetwork
        Not yet trained.
    values : Tensor of shape (B, T, D) or (B, T)
        Some training sequences.
    lengths : Tensor of shape (B,)
        Their lengths.
    n_outputs : int
        The wanted number of outputs K.
    of_steps : bool, default=False
        Whether there are outputs for every step.
    **features : Tensor of shape (B, T, ...)
        Further features of the steps, and "static" numbers (B, P) of sequences.

    Raises
    ------
    ValueError
        With the reason.
    """
    was_training, own = network.training, network.network
    network.eval()
    name = type(own).__name__
    beside = _beside(features.pop("static", None))
    outputs = _call(own, values, lengths, **features, **beside)
    wanted = (*values.shape[: 1 + of_steps], n_outputs)
    if getattr(outputs, "shape", None) != wanted:
        raise ValueError(
            f"The network {name} returns {tuple(getattr(outputs, 'shape', ()))} for "
            f"values {tuple(values.shape)}, but outputs of the shape {wanted} are "
            "needed."
        )
    if not outputs.is_floating_point():
        raise ValueError(
            f"The network {name} returns {outputs.dtype}, which has no gradient; "
            "return floating numbers."
        )
    padded = {k: _pad_further(x) for k, x in {"values": values, **features}.items()}
    further = _call(own, lengths=lengths, **padded, **beside)
    if of_steps:
        steps = torch.arange(values.shape[1]) < lengths[:, None]
        outputs, further = outputs[steps], further[:, : values.shape[1]][steps]
    if not torch.allclose(outputs, further, **_TOLERANCE):
        raise ValueError(
            f"The outputs of the network {name} change with the padding: the same "
            "sequences, padded with three more steps, get others. Read the first "
            "`lengths` steps alone."
        )
    if of_steps:
        earlier = torch.arange(values.shape[1]) < lengths[:, None] - 1
        cut = {
            name: x * earlier.reshape(*earlier.shape, *[1] * (x.ndim - 2))
            for name, x in {"values": values, **features}.items()
        }
        before = _call(own, lengths=(lengths - 1).clamp(min=1), **cut)[earlier]
        if not torch.allclose(outputs[earlier[steps]], before, **_TOLERANCE):
            raise ValueError(
                f"The outputs of the network {name} at a step change with later steps, "
                "which are what is to be predicted; read those up to the step alone."
            )
    network.train(was_training)


def _call(own, values, lengths, **others):
    """Call the network of a user; errors say whose they are."""
    try:
        return own(values, lengths, **others)
    except Exception as error:  # networks of users fail anywhere
        beside = f", and {', '.join(others)}" if others else ""
        raise ValueError(
            f"net_params has module={type(own).__name__}, which fails for values "
            f"{tuple(values.shape)} of {values.dtype}, lengths {tuple(lengths.shape)}"
            f"{beside}: {error}"
        ) from error


def _pad_further(x):
    """Return a padded batch with three more steps of zeros."""
    return torch.cat([x, torch.zeros_like(x[:, :1]).repeat_interleave(3, dim=1)], dim=1)


def copy_own(network, time_warp=0.0):
    """Return a copy of a user's network that goes on learning.

    Parameters
    ----------
    network : OwnSequenceNetwork or OwnStateNetwork
        Left as it is.
    time_warp : float, default=0.0
        As in `BlendedNetwork`.

    Returns
    -------
    network : nn.Module
        In float32 on the CPU.
    """
    copy = deepcopy(network).to(device="cpu", dtype=torch.float32)
    copy.time_warp = time_warp
    return copy
