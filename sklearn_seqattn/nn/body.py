"""What reads the steps in a network: front end, encoder and attention."""

from torch import nn

from sklearn_seqattn.nn.attention import build_attention
from sklearn_seqattn.nn.batch_share import Dropout
from sklearn_seqattn.nn.front_end import build_blocks
from sklearn_seqattn.nn.masking import length_mask


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
        self.dropout = Dropout(dropout)
        self.norm = nn.LayerNorm(self.output_size) if residual else nn.Identity()

    def weights(self, h, mask, queries):
        """Return the attention weights of a range of steps, (B, N, T_q, T)."""
        query = h[:, queries.start : queries.stop]
        return self.attention.weights(query, h, mask, start=queries.start)

    def forward(self, h, mask):
        """Map (B, T, size) to the same shape."""
        context = self.dropout(self.attention(h, h, h, mask))
        return self.norm(h + context) if self.residual else context


class SequenceBody(nn.Module):
    """Front end, encoder and attention: a hidden state for each step.

    Parameters
    ----------
    config : BodyConfig
        What the network is built from.
    front_end, encoder, attention : nn.Module
        The parts; `attention` may be None.
    **options : object
        For another base class.

    Attributes
    ----------
    stride : int
        Steps of the input for one of the encoder.
    """

    def __init__(self, config, front_end, encoder, attention, **options):
        super().__init__(**options)
        self.config = config
        self.front_end = front_end
        self.encoder = encoder
        self.attention = attention
        self.stride = front_end.stride

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

    def attention_weights(self, values, lengths):
        """Return the attention weights and the mask of the steps they are over.

        Parameters
        ----------
        values : Tensor of shape (B, T, D), float, or (B, T), int64
            A padded batch of numbers or of ids.
        lengths : Tensor of shape (B,), int64
            The number of real steps.

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


def build_body(config, vectors=None):
    """Build the parts of a `SequenceBody`.

    Parameters
    ----------
    config : BodyConfig
        Sizes and kinds of the parts.
    vectors : Tensor of shape (n_ids - 2, size) or None, default=None
        Initial vectors of the known tokens, in the order of their ids.

    Returns
    -------
    front_end, encoder, attention : nn.Module
        The last one may be None.
    """
    front_end = build_blocks(config.front_end, config.input_size, config)
    if vectors is not None:
        front_end.blocks[0].set_vectors(vectors)
    encoder = config.encoder.build(front_end.output_size, config)
    if config.attention is None:
        return front_end, encoder, None
    size = encoder.output_size
    attention = AttentionLayer(
        build_attention(config.attention, size, num_heads=config.num_heads),
        residual=config.residual,
        dropout=config.dropout,
    )
    return front_end, encoder, attention
