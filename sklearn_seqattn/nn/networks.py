"""The network of the classifier and the regressor, and its builder."""

from dataclasses import replace

import torch
from torch import nn

from sklearn_seqattn.nn.attention import build_attention
from sklearn_seqattn.nn.blended_network import BlendedNetwork
from sklearn_seqattn.nn.construction import constructing
from sklearn_seqattn.nn.front_end import build_blocks
from sklearn_seqattn.nn.kernel_partner import KernelPartner
from sklearn_seqattn.nn.masking import length_mask
from sklearn_seqattn.nn.pooling import build_pooling


class AttentionLayer(nn.Module):
    """Self-attention over hidden states, residual and normalized or bare.

    Parameters
    ----------
    attention : nn.Module
        Called as ``attention(query, key, value, mask)``.
    residual : bool
        Whether the hidden states are added to the contexts, and the sum
        normalized.
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
        """Return the attention weights of a range of steps, (B, N, T_q, T)."""
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
        The sizes of the hidden layers, each followed by layer normalization,
        GELU and dropout.
    n_outputs : int
        The number of logits or of regression targets K.
    dropout : float
        Dropout after each hidden layer.

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


class SequenceNetwork(BlendedNetwork):
    """Front end, encoder, attention, pooling, head.

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
            kernel_partner,
            config.n_outputs,
            config.time_warp,
            front_end.stride,
            has_shares=kernel_partner is not None,
        )
        self.config = config
        self.front_end = front_end
        self.encoder = encoder
        self.attention = attention
        self.pooling = pooling
        self.head = head

    @torch.no_grad()
    def start_at_partner(self):
        """Make the outputs zero, so that training starts from those of the partner."""
        for parameter in self.head[-1].parameters():
            parameter.zero_()

    def hidden_states(self, values, lengths):
        """Return the hidden states and their mask, (B, T', H) and (B, T')."""
        mask = length_mask(lengths, values.shape[1])
        x, mask = self.front_end(values, mask)
        return self.encoder(x, mask), mask

    def step_embeddings(self, values, lengths):
        """Return the hidden states after the attention, and their mask."""
        h, mask = self.hidden_states(values, lengths)
        if self.attention is not None:
            h = self.attention(h, mask)
        return h, mask

    def embeddings(self, values, lengths):
        """Return the pooled vector of each sequence, (B, embedding_size)."""
        return self.pooling(*self.step_embeddings(values, lengths))

    @property
    def embedding_size(self):
        """The size of the pooled vector."""
        return self.pooling.output_size

    def outputs(self, values, lengths):
        """Return what the network says without its partner, (B, K)."""
        return self.head(self.embeddings(values, lengths))

    def attention_weights(self, values, lengths):
        """Return the attention weights and the mask of the steps they are over.

        Parameters
        ----------
        values, lengths : Tensor
            As in `forward`.

        Returns
        -------
        weights : Tensor of shape (B, N, T', T')
            Row t holds what step t attends to.
        mask : Tensor of shape (B, T'), bool
            The real steps after the front end.
        """
        h, mask = self.hidden_states(values, lengths)
        return self.weights_of_queries(h, mask, range(h.shape[1])), mask

    def weights_of_queries(self, h, mask, queries):
        """Return the attention weights of a range of steps, (B, N, T_q, T')."""
        return self.attention.weights(h, mask, queries)

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
        front_end = build_blocks(config.front_end, config.input_size, config)
        if vectors is not None:
            front_end.blocks[0].set_vectors(vectors)
        encoder = config.encoder.build(front_end.output_size, config)
        size = encoder.output_size
        attention = None
        if config.attention is not None:
            attention = AttentionLayer(
                build_attention(config.attention, size, num_heads=config.num_heads),
                residual=config.residual,
                dropout=config.dropout,
            )
        pooling = build_pooling(config.pooling, size)
        head = build_head(
            pooling.output_size,
            config.head_units,
            config.n_outputs,
            dropout=config.dropout,
        )
        partner = None
        if config.kernels is not None:
            sizes = config.input_size, config.n_outputs, config.kernels
            partner = KernelPartner(*sizes, device)
        return SequenceNetwork(
            config, front_end, encoder, attention, pooling, head, partner
        )


def rebuild(network, **training):
    """Build a network again with other settings of training, and the same weights.

    Parameters
    ----------
    network : SequenceNetwork
        Left as it is.
    **training : object
        New values of the fields of its configuration that matter in training alone.

    Returns
    -------
    network : SequenceNetwork
        In float32 on the CPU.
    """
    copy = build_sequence_network(replace(network.config, **training))
    copy.load_state_dict(network.state_dict())
    return copy
