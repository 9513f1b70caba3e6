"""From checked sequences to what a network reads: scaled numbers or ids."""

import numpy as np

from sklearn_seqattn.preprocessing import EventEncoder, SequenceScaler, StateEncoder
from sklearn_seqattn.preprocessing.gain import (
    as_float32,
    check_range,
    standardise,
    turn_up,
)


class InputEncoder:
    """Encode the sequences of an estimator, as learnt from its training part.

    Numbers are standardised channel by channel over all steps. Tokens become ids. Of
    events, numeric columns are standardised and the others one-hot encoded; categories
    that were never seen are all zeros.

    Parameters
    ----------
    standardize : bool
        Whether numbers are standardised.
    amplify : bool
        Whether quiet sequences of standardised numbers are turned up (`turn_up`).
    vocabulary : array-like or None
        The tokens; None learns them.
    min_count : int
        Rarer tokens are unknown; those of a sequence of weight k count k times.
    """

    def __init__(self, *, standardize, amplify, vocabulary, min_count):
        self.standardize = standardize
        self.amplify = amplify
        self.vocabulary = vocabulary
        self.min_count = min_count

    def fit(self, sequences, weights):
        """Learn categories, scales or the vocabulary.

        Parameters
        ----------
        sequences : Sequences
            The training part, n sequences.
        weights : ndarray of shape (n,)
            The weight of each.

        Returns
        -------
        self : InputEncoder

        Raises
        ------
        ValueError
            If the variance of a channel is out of range.
        """
        self.n_ids_, self.steps_ = None, []
        if sequences.kind != "numeric":
            sequences = sequences.joined()
        if sequences.kind == "tokens":
            states = StateEncoder(vocabulary=self.vocabulary, min_count=self.min_count)
            self.steps_ = [states._fit_sequences(sequences, weights)]
            self.n_ids_, self.output_size_ = states.n_ids_, 1
            return self
        n_numeric = sequences.values.shape[1]
        if sequences.kind == "events":
            events = EventEncoder()._fit_sequences(sequences)
            self.steps_.append(events)
            sequences = events._transform_sequences(sequences)
            n_numeric = int(events._is_number.sum())
        if self.standardize:
            with np.errstate(over="ignore"):
                scaler = SequenceScaler()._fit_sequences(sequences, weights)
            check_range(scaler.scale_)
            scaler.center_[n_numeric:], scaler.scale_[n_numeric:] = 0.0, 1.0
            self.steps_.append(scaler)
        self.output_size_ = sequences.values.shape[1]
        return self

    def transform(self, sequences):
        """Encode sequences, but do not scale them yet.

        Parameters
        ----------
        sequences : Sequences
            Of the kind of the training part.

        Returns
        -------
        sequences : Sequences
            Numbers, (S, D), which `scale` makes ready; the same ones where all were
            numbers before. Or ids in int64, (S,).
        """
        if sequences.kind != "numeric":
            sequences = sequences.joined()
        for step in self.steps_:
            if not isinstance(step, SequenceScaler):
                sequences = step._transform_sequences(sequences)
        return sequences

    def check_range(self, sequences):
        """Refuse sequences that `scale` will refuse.

        Parameters
        ----------
        sequences : Sequences
            Numbers that `transform` gave.

        Raises
        ------
        ValueError
            If a number is out of the range of float32.
        """
        as_float32(self._standardised(np.stack(sequences.channel_ranges())))

    def scale(self, steps, lengths):
        """Make encoded steps ready for the network.

        A batch at a time, so that no second copy of a data set is made.

        Parameters
        ----------
        steps : ndarray of shape (S, D)
            Numbers of what `transform` gave, whole sequences end to end.
        lengths : ndarray of shape (n,), int64
            Steps of each.

        Returns
        -------
        steps : ndarray of shape (S, D), float32

        Raises
        ------
        ValueError
            If a number is out of the range of float32.
        """
        scaled = self._standardised(steps)
        # Not of events: what is one-hot encoded is neither quiet nor loud.
        if self.amplify and [type(step) for step in self.steps_] == [SequenceScaler]:
            scaled = turn_up(scaled, lengths)
        return as_float32(scaled)

    def _standardised(self, steps):
        """Shift and scale (S, D) in float64, where that is wanted."""
        for step in self.steps_:
            if isinstance(step, SequenceScaler):
                steps = standardise(steps, step.center_, step.scale_)
        return steps
