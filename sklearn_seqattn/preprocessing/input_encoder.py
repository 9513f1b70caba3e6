"""Encode checked sequences as the input of a network: scaled numbers or ids."""

import numpy as np

from sklearn_seqattn.preprocessing import EventEncoder, SequenceScaler, StateEncoder
from sklearn_seqattn.preprocessing.gain import (
    as_float32,
    check_range,
    control_gain,
    standardize,
)
from sklearn_seqattn.preprocessing.static_encoder import StaticEncoder


class InputEncoder:
    """Encode the sequences of an estimator as numbers or ids.

    Numbers are standardized channel by channel over all steps. Tokens become ids. Of
    events, numeric columns are standardized and the others one-hot encoded; a category
    that was not seen in `fit` is zero in all channels of its column.

    `transform` encodes whole data sets and does not scale; `scale` standardizes the
    steps of one batch, so that no second copy of a data set is made.

    Parameters
    ----------
    standardize : bool
        Whether numbers are standardized.
    amplify : bool
        Whether low-amplitude sequences are amplified (`control_gain`), if the
        sequences are standardized numbers.
    vocabulary : array-like or None
        The tokens. If None, they are learned.
    min_count : int
        Tokens that occur fewer times are unknown; those of a sequence of weight k
        count k times.

    Attributes
    ----------
    steps_ : list of transformers
        The encoder of events or tokens, if there is one, then the `SequenceScaler` of
        the numeric channels, if there is one.
    n_ids_ : int or None
        The number of ids if the sequences are tokens.
    output_size_ : int
        The number of channels.
    static_ : StaticEncoder or None
        The encoder of the static columns, if there are any.
    """

    static_ = None  # of encoders in files that do not say

    def __init__(self, *, standardize, amplify, vocabulary, min_count):
        self.standardize = standardize
        self.amplify = amplify
        self.vocabulary = vocabulary
        self.min_count = min_count

    def fit(self, sequences, weights):
        """Learn categories, scales or the vocabulary from the training part.

        Parameters
        ----------
        sequences : Sequences
            The training part, n sequences.
        weights : ndarray of shape (n,)
            The weight of each.

        Returns
        -------
        InputEncoder
            The encoder itself.

        Raises
        ------
        ValueError
            If the variance of a channel is out of range.
        """
        columns = sequences.columns
        self.n_ids_, self.steps_, self.static_ = None, [], None
        if sequences.static is not None:
            encoder = StaticEncoder(standardize=self.standardize)
            self.static_ = encoder.fit(sequences.static, weights)
        if sequences.kind != "numeric":
            sequences = sequences.joined()
        if sequences.kind == "tokens":
            states = StateEncoder(vocabulary=self.vocabulary, min_count=self.min_count)
            self.steps_ = [states._fit_sequences(sequences, weights)]
            self.n_ids_, self.output_size_ = states.n_ids_, 1
            return self
        self.output_size_ = sequences.values.shape[1]
        if sequences.kind == "events":
            events = EventEncoder()._fit_sequences(sequences)
            self.steps_ = [events]
            sequences = events._transform_sequences(sequences)
            self.output_size_ = sequences.values.shape[1]
            numbers = sequences.values[:, : np.count_nonzero(events._is_number)]
            sequences = sequences.with_values(numbers)
        self.name_channels(columns)
        if self.standardize and sequences.values.shape[1]:
            with np.errstate(over="ignore"):
                scaler = SequenceScaler()._fit_sequences(sequences, weights)
            check_range(scaler.scale_, self._names)
            self.steps_.append(scaler)
        return self

    def name_channels(self, columns):
        """Remember what to call numeric channels in error messages.

        Parameters
        ----------
        columns : Index or None
            The columns of the frames that were fitted; None if X held no frames.
        """
        self._names = None
        if columns is not None:
            if self.steps_ and isinstance(self.steps_[0], EventEncoder):
                columns = columns[self.steps_[0]._is_number]
            self._names = [f"column {column!r}" for column in columns]

    def transform(self, sequences):
        """Encode sequences without scaling them.

        Parameters
        ----------
        sequences : Sequences
            Of the kind of the training part.

        Returns
        -------
        Sequences
            Numbers (S, D) for `scale`, the same object if they were numbers before; or
            ids (S,), int64.
        """
        if sequences.kind != "numeric":
            sequences = sequences.joined()
        for step in self.steps_:
            if not isinstance(step, SequenceScaler):
                sequences = step._transform_sequences(sequences)
        return sequences

    @property
    def n_numbers(self):
        """How many of the first channels are the numbers of X; categories follow."""
        if self.steps_ and isinstance(self.steps_[0], EventEncoder):
            return int(np.count_nonzero(self.steps_[0]._is_number))
        return self.output_size_

    @property
    def static_size(self):
        """The size of the vectors of static columns, 0 without any."""
        return 0 if self.static_ is None else self.static_.output_size

    def transform_static(self, sequences):
        """Encode the static columns of sequences.

        Parameters
        ----------
        sequences : Sequences
            n sequences.

        Returns
        -------
        ndarray of shape (n, `static_size`), float32, or None
            None without static columns.
        """
        if self.static_ is None:
            return None
        return self.static_.transform(sequences.static)

    def check_range(self, sequences):
        """Raise for sequences that `scale` will refuse.

        Parameters
        ----------
        sequences : Sequences
            Numbers, as `transform` returns them.

        Raises
        ------
        ValueError
            If a number is out of the range of float32.
        """
        ranges = np.stack(sequences.channel_ranges())
        as_float32(self._standardized(ranges), self._names)

    def scale(self, steps, lengths):
        """Standardize encoded steps of numbers, where that is wanted.

        Parameters
        ----------
        steps : ndarray of shape (S, D)
            Numbers, as `transform` returns them: whole sequences end to end.
        lengths : ndarray of shape (n,), int64
            Steps of each sequence.

        Returns
        -------
        ndarray of shape (S, D), float32
            The input of the network.

        Raises
        ------
        ValueError
            If a number is out of the range of float32.
        """
        scaled = self._standardized(steps)
        if self.controls_gain:
            scaled = control_gain(scaled, lengths)
        return as_float32(scaled, self._names)

    @property
    def controls_gain(self):
        """Whether `scale` looks at whole sequences to amplify those of low amplitude.

        One-hot encoded categories have no amplitude, so events are not amplified.
        """
        return self.amplify and [type(s) for s in self.steps_] == [SequenceScaler]

    def _standardized(self, steps):
        """Return steps (S, D) with the first channels, the numeric ones, scaled."""
        if not self.steps_ or not isinstance(self.steps_[-1], SequenceScaler):
            return steps
        center, scale = self.steps_[-1].center_, self.steps_[-1].scale_
        if len(center) == steps.shape[1]:
            return standardize(steps, center, scale)
        numbers = standardize(steps[:, : len(center)], center, scale)
        return np.hstack([numbers, steps[:, len(center) :]])
