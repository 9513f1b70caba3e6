"""Training data of a next-state estimator: streams of symbols with weights."""

from dataclasses import dataclass, replace

import numpy as np

from sklearn_seqattn.next_state.scored_pairs import ScoredPairs
from sklearn_seqattn.next_state.streams import StateStreams
from sklearn_seqattn.nn.config import NextStateConfig
from sklearn_seqattn.training.fingerprint import digest


@dataclass(frozen=True)
class WeightedStreams:
    """Sequences of states with a weight each.

    Parameters
    ----------
    streams : StateStreams
        The n sequences.
    weights : ndarray of shape (n,)
        The weight of each.
    moved : ndarray of shape (K,) or None, default=None
        The present positions of the classes of the fit that this one continues.
    pairs : ScoredPairs or None, default=None
        The sequences as scorers take them, where there are scorers.
    config : NextStateConfig or None, default=None
        The network that the parameters describe, whatever the states are.
    """

    streams: StateStreams
    weights: np.ndarray
    moved: np.ndarray | None = None
    pairs: ScoredPairs | None = None
    config: NextStateConfig | None = None

    strata = None  # a split takes sequences at random

    def __len__(self):
        return len(self.weights)

    @property
    def lengths(self):
        """The number of steps of each sequence, (n,)."""
        return self.streams.lengths

    @property
    def n_distinct(self):
        """The number of distinct sequences."""
        return len(np.unique(self.streams.first_equal))

    def digests(self):
        """Return a short text for X, y and sample_weight that differs where they do."""
        streams = self.streams
        features = [streams.features[name] for name in sorted(streams.features)]
        return {
            "X": digest(streams.ids, streams.lengths, *features),
            "y": digest(streams.following),
            "sample_weight": digest(self.weights),
        }

    def take(self, rows):
        """Return some sequences, in that order."""
        pairs = None if self.pairs is None else self.pairs.take(rows)
        streams, weights = self.streams.take(rows), self.weights[rows]
        return replace(self, streams=streams, weights=weights, pairs=pairs)
