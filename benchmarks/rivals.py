"""What the quality benchmark compares with, written as a competent user would.

Every rival is a scikit-learn estimator that takes lists of arrays (T_i, D).
"""

from itertools import pairwise

import numpy as np
import torch
from scipy.special import softmax
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression, RidgeClassifierCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import nn
from torch.nn.functional import cross_entropy, mse_loss
from torch.nn.utils.rnn import pad_sequence


class _LSTM(nn.Module):
    """Embedding for tokens, LSTM, one vector a sequence, linear layer."""

    def __init__(self, n_inputs, n_outputs, *, n_tokens, hidden_size, masked):
        super().__init__()
        self.embedding = nn.Embedding(n_tokens, n_inputs) if n_tokens else None
        self.masked = masked
        self.lstm = nn.LSTM(n_inputs, hidden_size, batch_first=True)
        self.dropout = nn.Dropout(0.2 if masked else 0.0)
        self.head = nn.Linear(hidden_size, n_outputs)

    def forward(self, values, lengths):
        x = values if self.embedding is None else self.embedding(values[..., 0].long())
        h = self.lstm(x)[0]
        if not self.masked:  # the last step of the padded batch, padding or not
            return self.head(h[:, -1])
        mask = torch.arange(h.shape[1]) < lengths.unsqueeze(1)
        mean = (h * mask.unsqueeze(2)).sum(1) / lengths.unsqueeze(1)
        return self.head(self.dropout(mean))


class _LSTMEstimator(BaseEstimator):
    """What the LSTM classifier and regressor share.

    ``masked=False`` is the LSTM of many tutorials: all sequences zero-padded to
    the longest of the training part, no scaling, the last step read, Adam 1e-3.
    ``masked=True`` is a plain one done well: standardized channels, the mean of the
    hidden states of the real steps, dropout, clipping, AdamW with a cosine schedule.
    """

    def __init__(self, masked, random_state=0, n_epochs=60, hidden_size=64):
        self.masked = masked
        self.random_state = random_state
        self.n_epochs = n_epochs
        self.hidden_size = hidden_size

    def _read(self, X):
        """Map tokens to ids, 0 for unknown ones, or scale numbers."""
        if self.vocabulary_ is not None:
            ids = [[[self.vocabulary_.get(t, 0)] for t in x] for x in X]
            return [torch.tensor(x, dtype=torch.float32) for x in ids]
        scaled = [(np.asarray(x) - self.mean_) / self.scale_ for x in X]
        return [torch.from_numpy(x.astype(np.float32)) for x in scaled]

    def _fit(self, X, targets, n_outputs, loss):
        torch.manual_seed(self.random_state)
        self.vocabulary_, n_inputs = None, None
        if isinstance(X[0][0], str):
            tokens = sorted({t for x in X for t in x})
            self.vocabulary_ = {t: i + 1 for i, t in enumerate(tokens)}
            n_inputs = 64
        else:
            flat = np.concatenate(X)
            n_inputs = flat.shape[1]
            self.mean_, self.scale_ = np.zeros(n_inputs), np.ones(n_inputs)
            if self.masked:
                self.mean_, self.scale_ = flat.mean(0), flat.std(0) + 1e-8
        self.n_steps_ = max(len(x) for x in X)
        self.net_ = _LSTM(
            n_inputs,
            n_outputs,
            n_tokens=1 + len(self.vocabulary_) if self.vocabulary_ else 0,
            hidden_size=self.hidden_size,
            masked=self.masked,
        )
        self._train(self._read(X), targets, loss)
        return self

    def _train(self, X, targets, loss):
        """Train in batches of 32, at least 400 steps."""
        n_batches = -(-len(X) // 32)
        n_epochs = max(self.n_epochs, -(-400 // n_batches)) if self.masked else 60
        if self.masked:
            optimizer = torch.optim.AdamW(self.net_.parameters(), lr=3e-3)
            schedule = torch.optim.lr_scheduler.CosineAnnealingLR(
                optimizer, n_epochs * n_batches
            )
        else:
            optimizer = torch.optim.Adam(self.net_.parameters())
        self.net_.train()
        for _ in range(n_epochs):
            for rows in torch.randperm(len(X)).split(32):
                optimizer.zero_grad()
                outputs = self.net_(*self._batch([X[i] for i in rows]))
                loss(outputs, targets[rows]).backward()
                if self.masked:
                    nn.utils.clip_grad_norm_(self.net_.parameters(), 1.0)
                optimizer.step()
                if self.masked:
                    schedule.step()

    def _batch(self, X):
        """Pad with zeros: to the batch, or to the longest of the training part."""
        lengths = torch.tensor([len(x) for x in X])
        if self.masked:
            return pad_sequence(X, batch_first=True), lengths
        values = torch.zeros(len(X), self.n_steps_, X[0].shape[1])
        for row, x in zip(values, X, strict=True):
            row[: len(x)] = x[: self.n_steps_]
        return values, lengths

    def _outputs(self, X):
        self.net_.eval()
        X = self._read(X)
        with torch.no_grad():
            parts = [
                self.net_(*self._batch(X[i : i + 64])) for i in range(0, len(X), 64)
            ]
        return torch.cat(parts).numpy()


class LSTMClassifier(ClassifierMixin, _LSTMEstimator):
    """An LSTM classifier in plain torch."""

    def fit(self, X, y):
        """Fit to sequences and targets."""
        self.classes_, codes = np.unique(y, return_inverse=True)
        codes = torch.from_numpy(codes)
        return self._fit(X, codes, len(self.classes_), cross_entropy)

    def predict(self, X):
        """Predict a target a sequence."""
        return self.classes_[self._outputs(X).argmax(1)]

    def predict_proba(self, X):
        """Predict the probability of each class."""
        return softmax(self._outputs(X), axis=1)


class LSTMRegressor(RegressorMixin, _LSTMEstimator):
    """An LSTM regressor in plain torch; the target is standardized."""

    def fit(self, X, y):
        """Fit to sequences and targets."""
        self.centre_, self.spread_ = np.mean(y), np.std(y)
        targets = torch.tensor((y - self.centre_) / self.spread_, dtype=torch.float32)
        return self._fit(X, targets.unsqueeze(1), 1, mse_loss)

    def predict(self, X):
        """Predict a target a sequence."""
        return self._outputs(X)[:, 0] * self.spread_ + self.centre_


class Aeon(BaseEstimator):
    """An estimator of aeon behind zero-padded arrays (n, D, T).

    Parameters
    ----------
    make : callable
        Takes a seed, gives the estimator of aeon.
    """

    def __init__(self, make, random_state=0):
        self.make = make
        self.random_state = random_state

    def _pad(self, X):
        # Nine steps are the least that the kernels of aeon take.
        padded = np.zeros((len(X), X[0].shape[1], self.n_steps_), np.float32)
        for row, x in zip(padded, X, strict=True):
            row[:, : len(x)] = np.asarray(x)[: self.n_steps_].T
        return padded

    def fit(self, X, y):
        """Fit to sequences and targets."""
        self.n_steps_ = max(9, *(len(x) for x in X))
        self.model_ = self.make(self.random_state)
        self.model_.fit(self._pad(X), y)
        return self

    def predict(self, X):
        """Predict a target a sequence."""
        return self.model_.predict(self._pad(X))

    def predict_proba(self, X):
        """Predict the probability of each class."""
        return self.model_.predict_proba(self._pad(X))


class MiniRocket(ClassifierMixin, BaseEstimator):
    """Features of aeon's MiniRocket, a ridge classifier, and Platt's calibration.

    Classes are predicted by a ridge classifier fitted to all sequences, and
    probabilities by those of cross-validation, each with a sigmoid.
    """

    def __init__(self, random_state=0):
        self.random_state = random_state

    def fit(self, X, y):
        """Fit to padded sequences (n, D, T)."""
        from aeon.transformations.collection.convolution_based import MiniRocket

        self.features_ = MiniRocket(random_state=self.random_state)
        features = np.asarray(self.features_.fit_transform(X))
        ridge = make_pipeline(
            StandardScaler(), RidgeClassifierCV(np.logspace(-3, 3, 10))
        )
        self.ridge_ = clone(ridge).fit(features, y)
        self.classes_, counts = np.unique(y, return_counts=True)
        self.calibrated_ = None
        if counts.min() > 1:
            calibrated = CalibratedClassifierCV(ridge, cv=min(5, counts.min()))
            self.calibrated_ = calibrated.fit(features, y)
        return self

    def predict(self, X):
        """Predict the classes of the ridge classifier."""
        return self.ridge_.predict(np.asarray(self.features_.transform(X)))

    def predict_proba(self, X):
        """Predict probabilities, 0 and 1 where a class has one sequence."""
        features = np.asarray(self.features_.transform(X))
        if self.calibrated_ is None:
            predicted = self.ridge_.predict(features)
            return (predicted[:, None] == self.classes_).astype(float)
        return self.calibrated_.predict_proba(features)


def _words_and_pairs(words):
    """Give the terms of a text."""
    return [*words, *map(" ".join, pairwise(words))]


def tfidf_classifier(random_state):
    """Words and pairs of words, weighted, before a logistic regression."""
    return make_pipeline(
        TfidfVectorizer(analyzer=_words_and_pairs),
        LogisticRegression(C=10.0, max_iter=2000, random_state=random_state),
    )
