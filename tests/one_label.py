"""A tagger as a classifier of whole sequences, for checks that know no others."""

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from sklearn_seqattn import AttentionLSTMTagger
from sklearn_seqattn.attention_lstm.target_checks import check_labels
from sklearn_seqattn.sequences import check_sequences


class OneLabelTagger(ClassifierMixin, AttentionLSTMTagger):
    # Every step gets the label of its sequence; predictions are averaged over steps.
    __doc__ = AttentionLSTMTagger.__doc__

    _shift = 0

    def _read_training(self, X, y, sample_weight, **options):
        if y is not None:
            is_table = getattr(X, "ndim", 0) == 2
            lengths = np.full(*X.shape) if is_table else check_sequences(X).lengths
            labels = check_labels(y, lengths)
            if labels.dtype.kind == "i":  # -1 is a class of some checks
                self._shift = int(-1 in labels)
                labels = labels + self._shift
            y = [np.repeat(label, n) for label, n in zip(labels, lengths, strict=True)]
        return super()._read_training(X, y, sample_weight, **options)

    @property
    def classes_(self):
        """The classes, as they came."""
        found = super().classes_
        return found - self._shift if self._shift else found

    def predict_proba(self, X):
        """Return the mean over the steps of their probabilities."""
        return np.stack([one.mean(axis=0) for one in super().predict_proba(X)])

    def predict(self, X):
        """Return the class of the largest mean."""
        check_is_fitted(self)
        return self.classes_[self.predict_proba(X).argmax(axis=1)]

    def score(self, X, y, sample_weight=None):
        """Return the accuracy over sequences."""
        return ClassifierMixin.score(self, X, y, sample_weight)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags._skip_test = False
        return tags
