"""The network of the classifier and the regressor, and its builder."""

from dataclasses import replace

import torch

from sklearn_seqattn.nn.blended_network import BlendedNetwork
from sklearn_seqattn.nn.body import SequenceBody, build_body
from sklearn_seqattn.nn.construction import constructing
from sklearn_seqattn.nn.head import build_head
from sklearn_seqattn.nn.kernel_partner import KernelPartner
from sklearn_seqattn.nn.pooling import build_pooling


class SequenceNetwork(SequenceBody, BlendedNetwork):
    """Front end, encoder, attention, pooling, static numbers, head.

    Parameters
    ----------
    config : SequenceConfig
        What the network is built from.
    front_end, encoder, attention, pooling, head : nn.Module
        The parts; `attention` may be None.
    kernel_partner : KernelPartner or None
        The partner inside the network, whose outputs are added.
    """

    def __init__(
        self, config, front_end, encoder, attention, pooling, head, kernel_partner
    ):
        super().__init__(
            config,
            front_end,
            encoder,
            attention,
            kernel_partner=kernel_partner,
            n_outputs=config.n_outputs,
            time_warp=config.time_warp,
            stride=front_end.stride,
            has_shares=kernel_partner is not None,
        )
        self.pooling = pooling
        self.head = head

    @torch.no_grad()
    def start_at_partner(self):
        """Make the outputs zero, so that training starts from those of the partner."""
        for parameter in self.head[-1].parameters():
            parameter.zero_()

    def embeddings(self, values, lengths, static=None):
        """Return the vector of each sequence that the head reads.

        It is the pooled vector and the static numbers, (B, embedding_size).
        """
        pooled = self.pooling(*self.step_embeddings(values, lengths))
        if static is None:
            return pooled
        return torch.cat([pooled, static.to(pooled)], dim=1)

    @property
    def embedding_size(self):
        """The size of the vector of a sequence."""
        return self.pooling.output_size + self.config.n_static

    def outputs(self, values, lengths, static=None):
        """Return what the network says without its partner, (B, K)."""
        return self.head(self.embeddings(values, lengths, static))

    @property
    def has_pooling_weights(self):
        """Whether one of the poolings is the weighted mean of "attention"."""
        return "attention" in self.config.pooling

    def pooling_weights(self, values, lengths):
        """Return the weights of the pooling "attention", and the mask of their steps.

        Parameters
        ----------
        values, lengths : Tensor
            As in `forward`.

        Returns
        -------
        weights : Tensor of shape (B, T')
            The weight of each step after the front end; a row sums to one.
        mask : Tensor of shape (B, T'), bool
            The real steps after the front end.

        Raises
        ------
        ValueError
            If no pooling is "attention".
        """
        if not self.has_pooling_weights:
            raise ValueError(
                f"pooling={self.config.pooling!r} has no weights; the weights of steps "
                "come with pooling='attention', alone or as one of several."
            )
        h, mask = self.step_embeddings(values, lengths)
        pooling = self.pooling.poolings[self.config.pooling.index("attention")]
        return pooling.weights(h, mask), mask


def build_sequence_network(config, *, vectors=None, device="cpu"):
    """Build a `SequenceNetwork`.

    Parameters
    ----------
    config : SequenceConfig
        Sizes and kinds of its parts.
    vectors : Tensor of shape (n_ids - 2, size) or None, default=None
        Initial vectors of the known tokens, in the order of their ids.
    device : str or torch.device, default="cpu"
        Where its weights are; "meta" takes no memory.

    Returns
    -------
    network : SequenceNetwork
        In float32, with `config` as an attribute.
    """
    with constructing(device):
        front_end, encoder, attention = build_body(config, vectors)
        size = encoder.output_size
        pooling = build_pooling(config.pooling, size, _n_backward(config))
        head = build_head(
            pooling.output_size + config.n_static,
            config.head_units,
            config.n_outputs,
            dropout=config.dropout,
        )
        partner = None
        if config.kernels is not None:
            sizes = config.input_size, config.n_outputs, config.kernels
            partner = KernelPartner(*sizes, config.n_static, device)
        return SequenceNetwork(
            config, front_end, encoder, attention, pooling, head, partner
        )


def _n_backward(config):
    """Return how many channels that are pooled, the last ones, were read backwards."""
    is_mixed = config.attention is not None and not config.residual
    if config.encoder.is_recurrent and config.bidirectional and not is_mixed:
        return config.hidden_size
    return 0


def rebuild(network, build=build_sequence_network, **training):
    """Build a network again with other settings of training, and the same weights.

    Parameters
    ----------
    network : SequenceNetwork
        Left as it is.
    build : callable, default=build_sequence_network
        The builder of such networks.
    **training : object
        New values of the fields of its configuration that matter in training alone.

    Returns
    -------
    network : SequenceNetwork
        In float32 on the CPU.
    """
    copy = build(replace(network.config, **training))
    copy.load_state_dict(network.state_dict())
    return copy
