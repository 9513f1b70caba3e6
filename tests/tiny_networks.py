"""Configurations, networks and batches small enough to run in a moment."""

import torch

from sklearn_seqattn.nn.config import NextStateConfig, SequenceConfig
from sklearn_seqattn.nn.masking import length_mask
from sklearn_seqattn.nn.networks import build_sequence_network
from sklearn_seqattn.nn.next_state_network import build_next_state_network

NEXT_STATE = {
    "n_states": 6,
    "embedding_size": 8,
    "encoder": "lstm",
    "hidden_size": 8,
    "num_layers": 2,
    "residual": True,
    "attention": "dot",
    "num_heads": 2,
    "tie_weights": False,
    "dropout": 0.3,
    "token_dropout": 0.1,
}

SEQUENCE = {
    "input_size": 3,
    "n_outputs": 2,
    "front_end": (),
    "encoder": "lstm",
    "hidden_size": 4,
    "num_layers": 1,
    "bidirectional": False,
    "residual": False,
    "attention": None,
    "num_heads": 1,
    "pooling": ("max",),
    "head_units": (),
    "dropout": 0.0,
}


def next_state_config(**changes):
    """Return the configuration of a small next-state network."""
    return NextStateConfig(**{**NEXT_STATE, **changes})


def sequence_config(**changes):
    """Return the configuration of a small network for sequences."""
    return SequenceConfig(**{**SEQUENCE, **changes})


def build(**changes):
    """Build a next-state network in evaluation mode, always with the same weights."""
    torch.manual_seed(0)
    return build_next_state_network(next_state_config(**changes)).eval()


def build_sequence(**changes):
    """Build a network for sequences, always with the same weights."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return build_sequence_network(sequence_config(**changes))


def draw(*shape, seed=0):
    """Draw normal numbers, always the same."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def draw_batch(lengths, n_channels, *, extra=0, fill=0.0, seed=0):
    """Draw a padded batch and its mask; `fill` stands in its padding."""
    x = draw(len(lengths), 20, n_channels, seed=seed)[:, : max(lengths)]
    x = torch.nn.functional.pad(x, (0, 0, 0, extra))
    mask = length_mask(torch.tensor(lengths), x.shape[1])
    x[~mask] = fill
    return x, mask
