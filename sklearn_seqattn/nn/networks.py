"""The network of the classifier and the regressor, and its builder."""

import torch
from torch import nn

from sklearn_seqattn.nn.attention import build_attention
from sklearn_seqattn.nn.config import remembers_numbers
from sklearn_seqattn.nn.encoders import build_encoder
from sklearn_seqattn.nn.front_end import FrontEndBuilder
from sklearn_seqattn.nn.kernel_branch import build_kernel_branch
from sklearn_seqattn.nn.masking import length_mask
from sklearn_seqattn.nn.pooling import build_pooling
from sklearn_seqattn.nn.time_warping import stretch_steps


class AttentionLayer(nn.Module):
    """Self-attention over hidden states, residual and normalised or bare.

    Parameters
    ----------
    attention : nn.Module
        Called as ``attention(query, key, value, mask)``.
    residual : bool
        Whether the hidden states are added to the contexts, and the sum
        normalised.
    dropout : float
        Dropout on the contexts.
    """

    def __init__(self, attention, *, residual, dropout):
        super().__init__()
        self.attention = attention
        self.residual = residual
        self.output_size = attention.output_size
        self.dropout = nn.Dropout(dropout)
        self.norm = nn.LayerNorm(self.output_size) if residual else nn.Identity()

    def weights(self, h, mask, queries):
        """Give the attention weights of a range of steps, (B, N, T_q, T)."""
        query = h[:, queries.start : queries.stop]
        return self.attention.weights(query, h, mask, start=queries.start)

    def forward(self, h, mask):
        """Map (B, T, size) to the same shape."""
        context = self.dropout(self.attention(h, h, h, mask))
        return self.norm(h + context) if self.residual else context


def build_head(input_size, units, n_outputs, *, dropout):
    """Build the dense head: layers of ``units``, then a linear one.

    Parameters
    ----------
    input_size : int
        The size of the pooled vector.
    units : sequence of int
        The sizes of the hidden layers, each followed by layer normalisation,
        GELU and dropout.
    n_outputs : int
        The number of logits or of regression targets K.
    dropout : float
        Dropout behind each hidden layer.

    Returns
    -------
    head : nn.Sequential
    """
    layers = []
    for size in units:
        layers += [
            nn.Linear(input_size, size),
            nn.LayerNorm(size),
            nn.GELU(),
            nn.Dropout(dropout),
        ]
        input_size = size
    return nn.Sequential(*layers, nn.Linear(input_size, n_outputs))


class SequenceNetwork(nn.Module):
    """Front end, encoder, attention, pooling, head.

    Parameters
    ----------
    front_end, encoder, attention, pooling, head : nn.Module
        The parts; `attention` may be None.
    kernel_branch : KernelBranch or None, default=None
        The side branch that joins the outputs. The head then starts at zero, so
        that neither of the two begins ahead of the other.

    Attributes
    ----------
    stride : int
        Steps of the input for one of the encoder.
    time_stretch : float
        The largest change of pace in training, see `stretch_steps`; 0.0 at first.
        It is a matter of training alone, and set anew for each.
    """

    time_stretch = 0.0

    def __init__(
        self, front_end, encoder, attention, pooling, head, kernel_branch=None
    ):
        super().__init__()
        self.front_end = front_end
        self.encoder = encoder
        self.attention = attention
        self.pooling = pooling
        self.head = head
        self.kernel_branch = kernel_branch
        self.stride = front_end.stride
        if kernel_branch is not None:
            nn.init.zeros_(head[-1].weight)
            nn.init.zeros_(head[-1].bias)

    def hidden_states(self, values, lengths):
        """Give the hidden states and their mask, (B, T', H) and (B, T')."""
        mask = length_mask(lengths, values.shape[1])
        x, mask = self.front_end(values, mask)
        return self.encoder(x, mask), mask

    def forward(self, values, lengths, features=None):
        """Give one row of outputs a sequence.

        Parameters
        ----------
        values : Tensor of shape (B, T, D), float, or (B, T), int64
            A padded batch of numbers or of ids.
        lengths : Tensor of shape (B,), int64
            The number of real steps.
        features : Tensor of shape (B, n_features), default=None
            The features of the side branch, where they were computed before.

        Returns
        -------
        outputs : Tensor of shape (B, K)
            Logits or standardised targets.
        """
        seen = values, lengths
        if self.training and self.time_stretch > 0:
            seen = stretch_steps(
                values, lengths, self.time_stretch, multiple=8 * self.stride
            )
        h, mask = self.hidden_states(*seen)
        if self.attention is not None:
            h = self.attention(h, mask)
        outputs = self.head(self.pooling(h, mask))
        if self.kernel_branch is None:
            return outputs
        with torch.autocast(values.device.type, enabled=False):  # they need float32
            if features is None:
                features = self.kernel_branch.features(values, lengths)
            return self.kernel_branch(outputs.to(features.dtype), features)

    def attention_weights(self, values, lengths):
        """Give the attention weights and the mask of the steps they are over.

        Parameters
        ----------
        values, lengths : Tensor
            As in `forward`.

        Returns
        -------
        weights : Tensor of shape (B, N, T', T')
            Row t holds what step t attends to.
        mask : Tensor of shape (B, T'), bool
            The real steps behind the front end.
        """
        h, mask = self.hidden_states(values, lengths)
        return self.weights_of_queries(h, mask, range(h.shape[1])), mask

    def weights_of_queries(self, h, mask, queries):
        """Give the attention weights of a range of steps, (B, N, T_q, T')."""
        return self.attention.weights(h, mask, queries)


@remembers_numbers
def build_sequence_network(
    *,
    input_size,
    n_outputs,
    front_end,
    front_end_sizes,
    embedding,
    encoder,
    hidden_size,
    num_layers,
    bidirectional,
    residual,
    positions,
    attention,
    num_heads,
    pooling,
    head_units,
    dropout,
    kernels=None,
):
    """Build a `SequenceNetwork` from plain numbers.

    Parameters
    ----------
    input_size, n_outputs : int
        Channels in (1 for ids) and outputs a sequence.
    front_end : tuple
        Names of blocks; nested tuples are residual groups.
    front_end_sizes : dict
        The sizes that `FrontEndBuilder` takes.
    embedding : Embedding or None
        The module behind the name "embedding".
    encoder, hidden_size, num_layers, bidirectional, residual, positions
        As in `build_encoder`.
    attention : {"dot", "general", "additive", "multihead"} or None
        Self-attention over the hidden states.
    num_heads : int
        The heads of every multi-head attention.
    pooling : sequence of str
        As in `build_pooling`.
    head_units : sequence of int
        The hidden layers of the head.
    dropout : float
        Dropout everywhere.
    kernels : dict or None, default=None
        "max_length", "n_features", "readout" and "temperature" of
        `build_kernel_branch`; None has no side branch.

    Returns
    -------
    network : SequenceNetwork
    """
    builder = FrontEndBuilder(
        num_heads=num_heads, dropout=dropout, embedding=embedding, **front_end_sizes
    )
    blocks = builder.build(front_end, input_size)
    states = build_encoder(
        encoder,
        blocks.output_size,
        hidden_size=hidden_size,
        num_layers=num_layers,
        bidirectional=bidirectional,
        residual=residual,
        dropout=dropout,
        num_heads=num_heads,
        positions=positions,
    )
    layer = None
    if attention is not None:
        layer = AttentionLayer(
            build_attention(attention, states.output_size, num_heads=num_heads),
            residual=residual,
            dropout=dropout,
        )
    pool = build_pooling(pooling, states.output_size)
    head = build_head(pool.output_size, head_units, n_outputs, dropout=dropout)
    branch = None
    if kernels is not None:
        branch = build_kernel_branch(
            input_size=input_size, n_outputs=n_outputs, **kernels
        )
    return SequenceNetwork(blocks, states, layer, pool, head, branch)
