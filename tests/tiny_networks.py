"""Next-state networks small enough to run in a moment."""

import torch

from sklearn_seqattn.nn.next_state_network import build_next_state_network

NUMBERS = {
    "n_states": 6,
    "embedding_size": 8,
    "encoder": "lstm",
    "hidden_size": 8,
    "num_layers": 2,
    "residual": True,
    "positions": "rotary",
    "attention": "dot",
    "num_heads": 2,
    "tie_weights": False,
    "dropout": 0.3,
    "token_dropout": 0.1,
}


def build(**changes):
    """Build a network in evaluation mode, always with the same weights."""
    torch.manual_seed(0)
    return build_next_state_network(**{**NUMBERS, **changes}).eval()
