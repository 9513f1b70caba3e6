"""Networks of sequences step by step: what they say after each step of a sequence.

A network is causal if what it has computed for earlier steps stays as it is when a
step is added, except for the last outputs of convolutions.
"""

from sklearn_seqattn.nn.convolutions import Convolution
from sklearn_seqattn.nn.incremental import advance
from sklearn_seqattn.nn.incremental_layers import finish
from sklearn_seqattn.nn.layers import BlockSequence, ResidualGroup
from sklearn_seqattn.nn.pooling import ConcatenatedPooling


class CausalChain:
    """The parts of a causal network up to its head, over one batch of sequences.

    Parameters
    ----------
    *parts : nn.Module
        Front end, encoder and pooling, in evaluation mode. Without a pooling the
        chain returns the hidden state of the last step.
    """

    def __init__(self, *parts):
        self.parts = parts
        self.caches = (None,) * len(parts)
        self.last = None

    def copy(self):
        """Return a chain that goes on from the same steps; `self` stays as it is."""
        other = CausalChain(*self.parts)
        other.caches, other.last = self.caches, self.last
        return other

    def push(self, x):
        """Read the next steps, and return the output after the last one.

        Parameters
        ----------
        x : Tensor of shape (B, T, D) or (B, T)
            Numbers or ids; the same number of steps of each sequence, at least one.

        Returns
        -------
        z : Tensor of shape (B, output_size)
            The output of the last part, as if the sequences ended here.
        """
        settled, caches = x, list(self.caches)
        for i, part in enumerate(self.parts):
            if settled.shape[1]:
                settled, caches[i] = advance(part, settled, caches[i])
        last = settled[:, -1] if settled.shape[1] else self.last
        tail = x[:, :0]
        for part, cache in zip(self.parts, caches, strict=True):
            tail = finish(part, tail, cache)
        self.caches, self.last = tuple(caches), last
        return tail[:, -1] if tail.shape[1] else last


def chain_of(network):
    """Return the chain of a network up to its head.

    Parameters
    ----------
    network : SequenceNetwork or TaggingNetwork
        Causal, in evaluation mode.

    Returns
    -------
    chain : CausalChain
    """
    parts = (network.front_end, network.encoder, getattr(network, "pooling", None))
    return CausalChain(*(part for part in parts if part is not None))


def prefix_outputs(network, values):
    """Return what a network says after each step, in one pass.

    Parameters
    ----------
    network : SequenceNetwork
        Causal, without convolutions over time (`looks_ahead`), in evaluation mode.
    values : Tensor of shape (B, T, D) or (B, T)
        A padded batch.

    Returns
    -------
    outputs : Tensor of shape (B, T, K)
        Row t is the output for the first t + 1 steps; without meaning at padded ones.
    """
    x = values
    for part in (network.front_end, network.encoder, network.pooling):
        x, _ = advance(part, x, None)
    return network.head(x)


def uncausal_layers(module):
    """Yield the layers of a front end, an encoder or a pooling that are not causal.

    Parameters
    ----------
    module : nn.Module or None
        The part of a network.

    Yields
    ------
    layer : nn.Module
        A layer for which no `advance` is registered.
    """
    if module is None:
        return
    if advance.dispatch(type(module)) is advance.dispatch(object):
        yield module
    for inner in _inside(module):
        yield from uncausal_layers(inner)


def looks_ahead(module):
    """Return whether outputs for a step depend on later steps.

    Parameters
    ----------
    module : nn.Module
        The front end of a network.

    Returns
    -------
    looks_ahead : bool
        True with a convolution over several steps, or with a stride.
    """
    if isinstance(module, Convolution):
        return module.reach > 0 or module.stride > 1
    return any(map(looks_ahead, _inside(module)))


def _inside(module):
    """Return the layers in a container of layers."""
    if isinstance(module, BlockSequence):
        return module.blocks
    if isinstance(module, ConcatenatedPooling):
        return module.poolings
    return [module.blocks] if isinstance(module, ResidualGroup) else []
