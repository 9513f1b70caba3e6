"""The network of the tagger, and its builder."""

import torch

from sklearn_seqattn.nn.body import SequenceBody, build_body
from sklearn_seqattn.nn.construction import constructing
from sklearn_seqattn.nn.head import build_head
from sklearn_seqattn.nn.masking import length_mask


class TaggingNetwork(SequenceBody):
    """Front end, encoder, attention, and a head that reads every step.

    Parameters
    ----------
    config : TaggingConfig
        What the network is built from.
    front_end, encoder, attention, head : nn.Module
        The parts; `attention` may be None.
    """

    def __init__(self, config, front_end, encoder, attention, head):
        super().__init__(config, front_end, encoder, attention)
        self.head = head

    def forward(self, values, lengths, static=None):
        """Return one row of outputs for each step of the input.

        Where a front end has strides of s in all, the output of step t is that of the
        encoder at t / s, interpolated between its steps.

        Parameters
        ----------
        values : Tensor of shape (B, T, D), float, or (B, T), int64
            A padded batch of numbers or of ids.
        lengths : Tensor of shape (B,), int64
            The number of real steps.
        static : Tensor of shape (B, P), default=None
            Numbers of the sequences, which the head reads at every step.

        Returns
        -------
        outputs : Tensor of shape (B, T, K)
            Logits; those of padded steps mean nothing.
        """
        h, mask = self.step_embeddings(values, lengths)
        if static is not None:
            at_steps = static.to(h)[:, None].expand(-1, h.shape[1], -1)
            h = torch.cat([h, at_steps], dim=2)
        outputs = self.head(h)
        if self.stride == 1:
            return outputs
        return undo_stride(outputs, mask.sum(dim=1), values.shape[1], self.stride)

    def step_outputs(self, values, lengths, static=None):
        """Return the outputs of all steps, and the mask of the real ones.

        Parameters
        ----------
        values, lengths, static : Tensor
            As in `forward`.

        Returns
        -------
        outputs : Tensor of shape (B, T, K)
            As from `forward`.
        mask : Tensor of shape (B, T), bool
            The real steps.
        """
        return self(values, lengths, static), length_mask(lengths, values.shape[1])


def undo_stride(outputs, lengths, n_steps, stride):
    """Interpolate the outputs of every s-th step to all steps.

    Parameters
    ----------
    outputs : Tensor of shape (B, T', K)
        Outputs of the steps 0, s, 2 s, ...
    lengths : Tensor of shape (B,), int64
        The number of real ones.
    n_steps : int
        The number of steps T of the result.
    stride : int
        The stride s.

    Returns
    -------
    outputs : Tensor of shape (B, T, K)
        After the last real one, its outputs are repeated.

    Examples
    --------
    >>> import torch
    >>> from sklearn_seqattn.nn.tagging_network import undo_stride
    >>> outputs = torch.tensor([[[0.0], [2.0], [9.0]]])
    >>> undo_stride(outputs, torch.tensor([2]), 5, stride=2).flatten()
    tensor([0., 1., 2., 2., 2.])
    """
    steps = torch.arange(n_steps, device=outputs.device)
    last = (lengths - 1).clamp(min=0)[:, None]  # (B, 1)
    before = torch.minimum(steps // stride, last)  # (B, T)
    after = torch.minimum(before + 1, last)
    share = (steps % stride).to(outputs.dtype)[:, None] / stride
    first, second = (
        outputs.gather(1, rows[..., None].expand(-1, -1, outputs.shape[2]))
        for rows in (before, after)
    )
    return torch.lerp(first, second, share)


def build_tagging_network(config, *, vectors=None, device="cpu"):
    """Build a `TaggingNetwork`.

    Parameters
    ----------
    config : TaggingConfig
        Sizes and kinds of its parts.
    vectors : Tensor of shape (n_ids - 2, size) or None, default=None
        Initial vectors of the known tokens, in the order of their ids.
    device : str or torch.device, default="cpu"
        Where its weights are; "meta" takes no memory.

    Returns
    -------
    network : TaggingNetwork
        In float32, with `config` as an attribute.
    """
    with constructing(device):
        parts = build_body(config, vectors)
        head = build_head(
            parts[1].output_size + config.n_static,
            config.head_units,
            config.n_outputs,
            dropout=config.dropout,
        )
        return TaggingNetwork(config, *parts, head)
