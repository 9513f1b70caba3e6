"""The network of the classifier and the regressor, and its builder."""

from dataclasses import replace

import torch

from sklearn_seqattn.nn.body import SequenceBody, build_body
from sklearn_seqattn.nn.construction import constructing
from sklearn_seqattn.nn.head import build_head
from sklearn_seqattn.nn.kernel_partner import KernelPartner
from sklearn_seqattn.nn.pooling import build_pooling
from sklearn_seqattn.nn.time_warping import warp_time


class SequenceNetwork(SequenceBody):
    """Front end, encoder, attention, pooling, static numbers, head.

    Parameters
    ----------
    config : SequenceConfig
        What the network is built from.
    front_end, encoder, attention, pooling, head : nn.Module
        The parts; `attention` may be None.
    kernel_partner : KernelPartner or None
        The partner inside the network, whose outputs are added.

    Attributes
    ----------
    mixture : Tensor of shape (3, K)
        With a partner: the shares of network and partner in evaluation, and a constant.
    """

    def __init__(
        self, config, front_end, encoder, attention, pooling, head, kernel_partner
    ):
        super().__init__(config, front_end, encoder, attention)
        self.pooling = pooling
        self.head = head
        self.kernel_partner = kernel_partner
        if kernel_partner is not None:
            mixture = torch.tensor([[1.0], [1.0], [0.0]]).repeat(1, config.n_outputs)
            self.register_buffer("mixture", mixture)

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

    def forward(self, values, lengths, static=None, partner_outputs=None):
        """Return one row of outputs a sequence.

        Parameters
        ----------
        values : Tensor of shape (B, T, D), float, or (B, T), int64
            A padded batch of numbers or of ids.
        lengths : Tensor of shape (B,), int64
            The number of real steps.
        static : Tensor of shape (B, n_static), float, or None, default=None
            Numbers that belong to the whole sequence.
        partner_outputs : Tensor of shape (B, K), default=None
            What the partner predicts, to which the outputs are added. By default a
            partner inside the network computes it; in training nothing is added.

        Returns
        -------
        outputs : Tensor of shape (B, K)
            Logits or standardized targets.
        """
        seen, time_warp = (values, lengths), self.config.time_warp
        if self.training and time_warp > 0:
            seen = warp_time(values, lengths, time_warp, multiple=8 * self.stride)
        outputs = self.head(self.embeddings(*seen, static))
        if self.training:
            return outputs if partner_outputs is None else outputs + partner_outputs
        if self.kernel_partner is None:
            return outputs
        if partner_outputs is None:
            partner_outputs = self.kernel_partner(values, lengths, static)
        # In the precision of the partner: sums differ with the batch otherwise.
        share, partner_share, constant = self.mixture.to(partner_outputs.dtype)
        blended = share * outputs + partner_share * partner_outputs + constant
        return blended.to(outputs.dtype)

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
