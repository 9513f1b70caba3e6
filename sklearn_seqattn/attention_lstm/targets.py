"""Targets: classes, labels or numbers, encoded for the network and decoded again."""

import numpy as np
from scipy.special import expit, log_expit, log_softmax
from sklearn.utils import column_or_1d
from torch import nn

from sklearn_seqattn.attention_lstm.losses import make_loss
from sklearn_seqattn.sequences.wording import number_of

SQUARED_ERROR = make_loss("squared_error")


class ClassTargets:
    """One class for each sequence, trained by cross-entropy.

    Parameters
    ----------
    classes : ndarray of shape (n_classes,)
        The classes, sorted.
    """

    multilabel = False
    activation = link = "softmax"

    def __init__(self, classes):
        self.classes_ = classes

    @property
    def n_outputs(self):
        """The number of logits of the network."""
        return len(self.classes_)

    def encode(self, y):
        """Return the position of each class, (n,) int64."""
        if y.ndim == 2:
            raise ValueError(
                "y has several label columns, but the classifier was fitted on one "
                "class a sequence."
            )
        unknown = np.setdiff1d(y, self.classes_)
        if len(unknown):
            raise ValueError(
                f"y has the classes {unknown.tolist()}, which the classifier does not "
                f"know; it knows {self.classes_.tolist()}."
            )
        return np.searchsorted(self.classes_, y)

    def decode(self, targets):
        """Return the classes of encoded targets."""
        return self.classes_[targets]

    def row_loss(self):
        """Return the loss of single rows."""
        return nn.CrossEntropyLoss(reduction="none")

    def predict(self, logits):
        """Return the most probable class of each row."""
        return self.classes_[logits.argmax(axis=1)]

    def decision(self, logits):
        """Return the logits; for two classes their difference."""
        return logits[:, 1] - logits[:, 0] if self.n_outputs == 2 else logits

    def probabilities(self, logits):
        """Return the probability of each class."""
        # scipy's softmax gives the same bits, but takes 50 us to look at its arguments.
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        return powers / powers.sum(axis=1, keepdims=True)

    def log_probabilities(self, logits):
        """Return the logarithm of each probability, exact where it is tiny."""
        return log_softmax(logits, axis=1)


class LabelTargets:
    """Several labels for each sequence, each trained by its own cross-entropy.

    Parameters
    ----------
    n_labels : int
        The number of label columns.
    """

    multilabel = True
    activation = link = "sigmoid"

    def __init__(self, n_labels):
        self.classes_ = np.arange(n_labels)

    @property
    def n_outputs(self):
        """The number of logits of the network."""
        return len(self.classes_)

    def encode(self, y):
        """Return the labels as numbers, (n, n_labels) float32."""
        if y.ndim != 2:
            raise ValueError(
                "y has one class a sequence, but the classifier was fitted on several "
                "label columns."
            )
        if y.shape[1] != self.n_outputs:
            raise ValueError(
                f"y has {number_of(y.shape[1], 'label column')}, but the classifier "
                f"was fitted on {self.n_outputs}."
            )
        return y

    def decode(self, targets):
        """Return the labels of encoded targets, (n, n_labels) int64."""
        return targets.astype(np.int64)

    def row_loss(self):
        """Return the loss of single rows."""
        return nn.BCEWithLogitsLoss(reduction="none")

    def predict(self, logits):
        """Return 1 for each label that is more probable than not."""
        return (logits > 0).astype(np.int64)

    def decision(self, logits):
        """Return the logits."""
        return logits

    def probabilities(self, logits):
        """Return the probability of each label."""
        return expit(logits)

    def log_probabilities(self, logits):
        """Return the logarithm of each probability, exact where it is tiny."""
        return log_expit(logits)


class NumberTargets:
    """One number or several for each sequence, standardized for the network.

    Parameters
    ----------
    shape : tuple
        The shape of a target: () or (n_targets,).
    loss : RegressionLoss, default=SquaredError
        What the network minimizes; it decides how targets are standardized.
    """

    activation = "identity"

    def __init__(self, shape, loss=SQUARED_ERROR):
        self.shape, self.loss = shape, loss

    @property
    def n_outputs(self):
        """The number of targets."""
        return int(np.prod(self.shape, dtype=int))

    @property
    def link(self):
        """What turns outputs into standardized predictions."""
        return self.loss.link

    def fit(self, targets, weights):
        """Learn center and scale of each target; constant ones keep their unit.

        Parameters
        ----------
        targets : ndarray of shape (n, n_targets)
            The targets of the training part.
        weights : ndarray of shape (n,)
            The weight of each row.
        """
        self.center_, self.scale_ = self.loss.standardization(targets, weights)

    def encode(self, y):
        """Return the targets as columns, (n, n_targets)."""
        if y.shape[1:] != self.shape:
            raise ValueError(
                f"y has the shape {y.shape}, but the regressor was fitted on "
                f"{('n', *self.shape)}."
            )
        return y.reshape(len(y), -1)

    def decode(self, targets):
        """Return encoded targets in the shape of y."""
        return targets.reshape(-1, *self.shape)

    def row_loss(self):
        """Return the loss of single rows."""
        return self.loss.module()

    def standardize(self, targets):
        """Return targets as the loss takes them, (n, n_targets) float32."""
        with np.errstate(over="ignore"):
            found = ((targets - self.center_) / self.scale_).astype(np.float32)
        if not np.isfinite(found).all():
            row, column = np.argwhere(~np.isfinite(found))[0]
            raise ValueError(
                f"y has the target {targets[row, column]}, too far from the targets "
                f"that were scaled, {self.center_[column]:.3g} with a deviation of "
                f"{self.scale_[column]:.3g}; leave it out, or fit on other units."
            )
        return found

    def predict(self, outputs):
        """Return outputs in the unit of the targets."""
        values = self.loss.decode(outputs, self.center_, self.scale_)
        return values.reshape(-1, *self.shape)


def learn_labels(y, classes):
    """Return the targets of a classifier for checked labels.

    Parameters
    ----------
    y : ndarray of shape (n,) or (n, n_labels)
        As `check_labels` returns it.
    classes : array-like or None
        All classes that y may ever have; None takes those of y.

    Returns
    -------
    targets : ClassTargets or LabelTargets

    Raises
    ------
    ValueError
        If there is one class only.
    """
    if y.ndim == 2:
        return LabelTargets(y.shape[1])
    classes = np.unique(y if classes is None else column_or_1d(classes))
    if len(classes) < 2:
        raise ValueError(
            "A classifier needs at least 2 classes, but y has 1 class: "
            f"{classes.tolist()[0]!r}."
        )
    return ClassTargets(classes)
