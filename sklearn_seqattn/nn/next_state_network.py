"""The network that predicts what follows every step of a sequence of states."""

import torch
from torch import nn

from sklearn_seqattn._ids import FIRST_ID
from sklearn_seqattn.nn.attention import build_attention
from sklearn_seqattn.nn.batch_share import Dropout
from sklearn_seqattn.nn.construction import constructing
from sklearn_seqattn.nn.layers import Embedding
from sklearn_seqattn.nn.masking import length_mask


class EventEmbedding(nn.Module):
    """State, categories and numbers of each step, side by side.

    Vectors (B, T, output_size) in the place of states pass as they are.

    Parameters
    ----------
    states : Embedding
        Vectors of the states.
    categories : sequence of Embedding
        One for each further categorical feature.
    n_numbers : int
        Number of numeric features.
    """

    def __init__(self, states, categories, n_numbers):
        super().__init__()
        self.states = states
        self.categories = nn.ModuleList(categories)
        sizes = [module.output_size for module in (states, *categories)]
        self.output_size = sum(sizes) + n_numbers

    def forward(self, values, mask, categories=None, numbers=None):
        """Map (B, T), (B, T, F) and (B, T, D) to (B, T, output_size)."""
        if values.is_floating_point():
            return values
        parts = [self.states(values, mask)[0]]
        for i, embedding in enumerate(self.categories):
            parts.append(embedding(categories[..., i], mask)[0])
        if numbers is not None:
            parts.append(numbers)
        return torch.cat(parts, dim=-1)


class TiedHead(nn.Module):
    """Logits as products with the vectors of the states, plus a bias.

    Parameters
    ----------
    input_size : int
        Size of what is classified.
    states : Embedding
        The vectors; those of the states are shared.
    """

    def __init__(self, input_size, states):
        super().__init__()
        self.project = nn.Linear(input_size, states.output_size)
        self.states = states
        n_states = states.table.num_embeddings - FIRST_ID
        self.bias = nn.Parameter(torch.zeros(n_states))

    def forward(self, z):
        """Map (..., input_size) to logits (..., K)."""
        vectors = self.states.table.weight[FIRST_ID:]  # (K, E)
        return self.project(z) @ vectors.T + self.bias


class NextStateNetwork(nn.Module):
    """Embedding, encoder, causal attention, and a linear layer over [c_t ; h_t].

    Parameters
    ----------
    config : NextStateConfig
        What the network is built from.
    embedding : EventEmbedding
        From ids to vectors.
    encoder : nn.Module
        Runs forward only.
    attention : nn.Module or None
        Alignment of each hidden state with itself and those before it.
    head : nn.Module
        From context and hidden state to logits.
    """

    stride = 1  # steps of the input for one of the encoder
    has_pooling_weights = False

    def __init__(self, config, embedding, encoder, attention, head):
        super().__init__()
        self.config = config
        self.embedding = embedding
        self.encoder = encoder
        self.attention = attention
        self.head = head
        self.dropout = Dropout(config.dropout)

    def hidden_states(self, values, lengths, **features):
        """Return the hidden states (B, T, H) and the mask (B, T)."""
        mask = length_mask(lengths, values.shape[1])
        x = self.embedding(values, mask, **features)
        return self.encoder(self.dropout(x), mask), mask

    def step_embeddings(self, values, lengths, **features):
        """Return what the head classifies, and the mask of its steps.

        It is the context and the hidden state side by side, (B, T, 2 H), or without
        attention the hidden state, (B, T, H).
        """
        h, mask = self.hidden_states(values, lengths, **features)
        if self.attention is None:
            return h, mask
        return torch.cat([self.attention(h, h, h, mask, causal=True), h], dim=-1), mask

    def embeddings(self, values, lengths, **features):
        """Return what the head classifies at the last step, (B, embedding_size)."""
        z, _ = self.step_embeddings(values, lengths, **features)
        return z[torch.arange(len(z), device=z.device), lengths - 1]

    @property
    def embedding_size(self):
        """The size of what the head classifies."""
        size = self.encoder.output_size
        return size if self.attention is None else size + self.attention.output_size

    def forward(self, values, lengths, **features):
        """Return the logits of what follows each step.

        Parameters
        ----------
        values : Tensor of shape (B, T), int64
            Ids of the states.
        lengths : Tensor of shape (B,), int64
            The number of real steps.
        **features : Tensor
            "categories" (B, T, F), int64, and "numbers" (B, T, D), float, where
            the network has such features.

        Returns
        -------
        logits : Tensor of shape (B, T, K)
            Row t depends on the steps up to t alone.
        """
        z, _ = self.step_embeddings(values, lengths, **features)
        return self.head(self.dropout(z))

    def last(self, values, lengths, **features):
        """Return the logits of what follows the last step alone, (B, K)."""
        return self.head(self.embeddings(values, lengths, **features))

    def attention_weights(self, values, lengths, **features):
        """Return the attention weights (B, N, T, T) and the mask (B, T)."""
        h, mask = self.hidden_states(values, lengths, **features)
        return self.weights_of_queries(h, mask, range(h.shape[1])), mask

    def weights_of_queries(self, h, mask, queries):
        """Return the attention weights of a range of steps, (B, N, T_q, T)."""
        query = h[:, queries.start : queries.stop]
        return self.attention.weights(query, h, mask, causal=True, start=queries.start)


def build_next_state_network(config, device="cpu"):
    """Build a `NextStateNetwork`.

    Parameters
    ----------
    config : NextStateConfig
        Sizes and kinds of its parts.
    device : str or torch.device, default="cpu"
        Where its weights are; "meta" takes no memory.

    Returns
    -------
    network : NextStateNetwork
        In float32, with `config` as an attribute.
    """
    with constructing(device):
        embedding = _build_event_embedding(config)
        encoder = config.encoder.build(embedding.output_size, config)
        size, attention = encoder.output_size, None
        if config.attention is not None:
            attention = build_attention(
                config.attention, size, num_heads=config.num_heads
            )
            size += attention.output_size
        if config.tie_weights:
            head = TiedHead(size, embedding.states)
        else:
            head = nn.Linear(size, config.n_states)
        return NextStateNetwork(config, embedding, encoder, attention, head)


def _build_event_embedding(config):
    """Build the vectors of states and of further categories."""
    largest, share = config.embedding_size, config.token_dropout
    states = Embedding(config.n_states + FIRST_ID, largest, token_dropout=share)
    categories = [
        Embedding(n, min(largest, (n + 1) // 2), token_dropout=share)
        for n in config.n_categories
    ]
    return EventEmbedding(states, categories, config.n_numbers)


def widen(network, wider, columns):
    """Copy the weights of a network into one that knows more states.

    Parameters
    ----------
    network : NextStateNetwork
        The trained network, of K states.
    wider : NextStateNetwork
        Built in the same way, but for more states; changed in place.
    columns : Tensor of shape (K,), int64
        The new number of each state.
    """
    ids = torch.cat([torch.arange(FIRST_ID), columns + FIRST_ID])
    weights = wider.state_dict()
    for name, old in network.state_dict().items():
        if weights[name].shape == old.shape:
            weights[name].copy_(old)
        else:
            rows = ids if len(old) == len(ids) else columns
            weights[name][rows] = old
