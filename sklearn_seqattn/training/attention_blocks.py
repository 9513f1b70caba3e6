"""Attention weights in blocks of queries, for sequences too long for a whole matrix."""

import numpy as np

from sklearn_seqattn.training.prediction import as_network, check_attention
from sklearn_seqattn.training.randomness import predicting


def iter_attention_weights(net, dataset, n_queries):
    """Iterate over the attention weights of a fitted network, some queries at a time.

    Parameters
    ----------
    net : SequenceNet
        As `train` returns it.
    dataset : SequenceDataset
        The data.
    n_queries : int
        Steps whose weights are computed at once.

    Returns
    -------
    blocks : iterator of (i, start, weights)
        The sequence, in the order of the data set; the first query of the block; and
        its weights, (N, n_queries or less, T_i'), float32.

    Raises
    ------
    ValueError
        If the network has no attention, or `n_queries` is not positive.
    """
    check_attention(net)
    if n_queries < 1:
        raise ValueError(f"n_queries={n_queries} must be at least 1.")
    return _weight_blocks(net, dataset, n_queries)


def _weight_blocks(net, dataset, n_queries):
    """Yield the blocks of `iter_attention_weights`."""
    for i in range(len(dataset)):
        with predicting(net.device):
            inputs, _ = dataset.batch(np.array([i]))
            inputs.pop("static", None)
            h, mask = net.module_.hidden_states(**as_network(net, inputs))
            n_steps = int(mask.sum())
            h, mask = h[:, :n_steps], mask[:, :n_steps]
        for start in range(0, n_steps, n_queries):
            queries = range(start, min(start + n_queries, n_steps))
            with predicting(net.device):
                weights = net.module_.weights_of_queries(h, mask, queries)
            yield i, start, weights[0].float().cpu().numpy()
