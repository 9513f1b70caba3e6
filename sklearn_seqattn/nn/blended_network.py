"""What the networks of one answer a sequence share: a partner, and time warping."""

import torch
from torch import nn

from sklearn_seqattn.nn.time_warping import warp_time


class BlendedNetwork(nn.Module):
    """Base of networks whose outputs are added to those of a partner inside.

    A subclass has `outputs(values, lengths, static)`, which returns its own outputs
    (B, K).

    Parameters
    ----------
    kernel_partner : KernelPartner or None
        The partner inside the network, whose outputs are added.
    n_outputs : int
        Outputs K of a sequence.
    time_warp : float
        In training, how far sequences are warped in time, see `warp_time`.
    stride : int
        Steps of the input for one of the encoder.
    has_shares : bool
        Whether there is a `mixture`.

    Attributes
    ----------
    mixture : Tensor of shape (3, K) or None
        The shares of network and partner in evaluation, and a constant.
    """

    def __init__(self, kernel_partner, n_outputs, time_warp, stride, *, has_shares):
        super().__init__()
        self.kernel_partner = kernel_partner
        self.time_warp = time_warp
        self.stride = stride
        mixture = torch.tensor([[1.0], [1.0], [0.0]]).repeat(1, n_outputs)
        self.register_buffer("mixture", mixture if has_shares else None)

    def outputs(self, values, lengths, static=None):
        """Return what the network says without its partner, (B, K)."""
        raise NotImplementedError

    def forward(self, values, lengths, static=None, partner_outputs=None):
        """Return one row of outputs a sequence.

        Parameters
        ----------
        values : Tensor of shape (B, T, D), float, or (B, T), int64
            A padded batch of numbers or of ids.
        lengths : Tensor of shape (B,), int64
            The number of real steps.
        static : Tensor of shape (B, P), default=None
            Numbers that belong to no step.
        partner_outputs : Tensor of shape (B, K), default=None
            What the partner predicts, to which the outputs are added. By default a
            partner inside the network computes it; in training nothing is added.

        Returns
        -------
        outputs : Tensor of shape (B, K)
            Logits or standardized targets.
        """
        seen = (values, lengths)
        if self.training and self.time_warp > 0:
            seen = warp_time(values, lengths, self.time_warp, multiple=8 * self.stride)
        outputs = self.outputs(*seen, static)
        if self.training:
            return outputs if partner_outputs is None else outputs + partner_outputs
        if self.mixture is None:
            return outputs
        if self.kernel_partner is None:
            partner_outputs = torch.zeros_like(outputs)
        elif partner_outputs is None:
            partner_outputs = self.kernel_partner(values, lengths, static)
        # In the precision of the partner: sums differ with the batch otherwise.
        share, partner_share, constant = self.mixture.to(partner_outputs.dtype)
        blended = share * outputs + partner_share * partner_outputs + constant
        return blended.to(outputs.dtype)
