"""Answers before the end: after each step of whole sequences."""

import numpy as np
from sklearn.utils.validation import check_is_fitted

from sklearn_seqattn.attention_lstm.streams import StreamMixin, needed_to_be_causal
from sklearn_seqattn.nn.streaming import looks_ahead
from sklearn_seqattn.sequences.prefixes import prefixes_of
from sklearn_seqattn.training.devices import resolve_precision
from sklearn_seqattn.training.prediction import forward
from sklearn_seqattn.training.streaming import forward_prefixes

_TOKENS_AT_ONCE = 2**18  # of prefixes that n-grams read at once, about


class PrefixMixin(StreamMixin):
    """What an estimator says about prefixes.

    An estimator has `net_`, `network_`, `input_encoder_` and `target_encoder_`, and the
    methods of the base that read, encode and blend.
    """

    def predict_prefixes(self, X):
        """Predict after each step of sequences what `predict` says so far.

        Parameters
        ----------
        X : sequences
            As in `fit`.

        Returns
        -------
        list of ndarray of shape (T_i,) or (T_i, n_outputs)
            Row t is the prediction for the first t + 1 steps of the sequence.

        See Also
        --------
        stream : Predict step by step while a sequence goes on.

        Notes
        -----
        A causal network reads each sequence once, if it has no convolutions over time.
        Other models read every prefix by itself, which takes the square of the length.
        """
        check_is_fitted(self)
        return self._of_prefixes(X, self.target_encoder_.predict)

    def _of_prefixes(self, X, decode):
        """Return what `decode` makes of the outputs for each prefix, an array each."""
        check_is_fitted(self)
        sequences = self._read_again(X)
        bounds = np.cumsum(sequences.lengths)[:-1]
        sequences = sequences.take(np.flatnonzero(sequences.lengths))
        outputs = np.zeros((0, self.target_encoder_.n_outputs), np.float32)
        if len(sequences):
            outputs = self._prefix_outputs(self._encoded(sequences))
            outputs = self._blended_prefixes(outputs, prefixes_of(sequences))
        return np.split(decode(outputs), bounds)

    def _prefix_outputs(self, encoded):
        """Return the outputs of the network for each prefix, (S, K)."""
        precision = resolve_precision(self.precision, self.net_.device)
        if needed_to_be_causal(self) or looks_ahead(self.network_.front_end):
            prefixes = self._batched(prefixes_of(encoded))
            return forward(self.net_, prefixes, precision=precision)
        return forward_prefixes(self.net_, self._batched(encoded), precision=precision)

    def _blended_prefixes(self, outputs, prefixes):
        """Average outputs with those of n-grams, for some prefixes at a time."""
        if self.partner_ is None:
            return outputs
        portion = np.cumsum(prefixes.lengths) // _TOKENS_AT_ONCE
        parts = np.split(np.arange(len(prefixes)), np.flatnonzero(np.diff(portion)) + 1)
        blended = [self._blended(outputs[rows], prefixes.take(rows)) for rows in parts]
        return np.concatenate(blended)
