"""Training data of a tagger, in canonical order."""

from dataclasses import dataclass, replace

import numpy as np

from sklearn_seqattn.attention_lstm.step_labels import split_steps
from sklearn_seqattn.attention_lstm.training_data import (
    LabeledSequences,
    canonical_order,
    first_of_groups,
)


@dataclass(frozen=True, kw_only=True)
class TaggedSequences(LabeledSequences):
    """Sequences with the code of a label and a weight for each step.

    `targets` and `step_weights` are object arrays of one array a sequence. A step that
    does not count has the code -1 and the weight 0. `weights` are those of whole
    sequences, for what is learned from X alone.
    """

    step_weights: np.ndarray

    strata = None  # a sequence has labels of many classes

    @property
    def codes(self):
        """The codes of all steps, end to end, (S,) int64."""
        return np.concatenate(self.targets)

    @property
    def flat_weights(self):
        """The weights of all steps, end to end, (S,) float64."""
        return np.concatenate(self.step_weights)

    def digests(self):
        """Return a short text for X, y and sample_weight that differs where they do."""
        flat = replace(self, targets=self.codes, weights=self.flat_weights)
        return super(TaggedSequences, flat).digests()

    def take(self, rows):
        """Return some rows, in that order."""
        kept = replace(self, step_weights=self.step_weights[rows])
        return super(TaggedSequences, kept).take(rows)


def tag_sequences(sequences, codes, weights, of_steps, front_end, *, given=False):
    """Return sequences with labels of steps, without those that do not count.

    Parameters
    ----------
    sequences : Sequences
        n sequences.
    codes : ndarray of shape (S,), int64
        The code of the label of each step; -1 where the step does not count.
    weights, of_steps : ndarray of shapes (n,) and (S,), float64
        As from `read_weights`.
    front_end : FrontEnd or None
        As in `LabeledSequences`.
    given : bool, default=False
        As in `LabeledSequences`.

    Returns
    -------
    data : TaggedSequences
    """
    lengths, counts = sequences.lengths, codes >= 0
    rows = np.repeat(np.arange(len(lengths)), lengths)
    data = TaggedSequences(
        sequences=sequences,
        targets=split_steps(codes, lengths),
        weights=weights,
        front_end=front_end,
        given=given,
        step_weights=split_steps(np.where(counts, of_steps, 0.0), lengths),
    )
    return data.take(np.unique(rows[counts]))


def canonical(data):
    """Merge equal sequences with equal labels, and order them by content.

    Parameters
    ----------
    data : TaggedSequences
        The training data.

    Returns
    -------
    data : TaggedSequences
        The weights of merged sequences are added, step by step.
    """
    order, groups = canonical_order(data.sequences, data.targets)
    merged = data.take(first_of_groups(order, groups))
    step_weights = np.empty(len(merged), dtype=object)
    step_weights[:] = [0.0] * len(merged)
    for row, group in zip(order, groups, strict=True):
        step_weights[group] = step_weights[group] + data.step_weights[row]
    weights = np.bincount(groups, weights=data.weights[order])
    return replace(merged, weights=weights, step_weights=step_weights)
