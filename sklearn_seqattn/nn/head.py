"""The dense layers after the pooling."""

from torch import nn

from sklearn_seqattn.nn.batch_share import Dropout


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
            Dropout(dropout),
        ]
        input_size = size
    return nn.Sequential(*layers, nn.Linear(input_size, n_outputs))
