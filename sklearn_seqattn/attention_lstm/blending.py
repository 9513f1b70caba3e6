"""Average the outputs of a network with those of its partner."""

from dataclasses import dataclass

import numpy as np
from scipy.special import log_expit, log_softmax

from sklearn_seqattn.ngrams.row_losses import best_scale, least, mean_loss


@dataclass(frozen=True)
class Blend:
    """The weighted mean of the predictions of two parts, a network and its partner.

    The outputs of a part are multiplied by its scale, the inverse of a temperature,
    before they become predictions. The mean is one of probabilities, or of values.

    Parameters
    ----------
    activation : {"softmax", "sigmoid", "identity"}
        How outputs become predictions: one class of several, labels, or numbers.
    weight : float, default=0.5
        The weight of the partner, from 0 to 1; the network has the rest.
    network_scale, partner_scale : float, default=1.0
        What the outputs of each part are multiplied by.
    """

    activation: str
    weight: float = 0.5
    network_scale: float = 1.0
    partner_scale: float = 1.0

    def __call__(self, network, partner):
        """Return the outputs whose prediction is the mean of both predictions.

        Parameters
        ----------
        network, partner : ndarray of shape (n, K)
            Outputs of the two parts.

        Returns
        -------
        outputs : ndarray of shape (n, K)
            In the dtype of `network`. With a weight of 0 or 1 they are the scaled
            outputs of one part, for classes as log-probabilities.

        Examples
        --------
        >>> import numpy as np
        >>> from sklearn_seqattn.attention_lstm.blending import Blend
        >>> p, q = np.array([[0.9, 0.1]]), np.array([[0.5, 0.5]])
        >>> np.exp(Blend("softmax", weight=0.25)(np.log(p), np.log(q))).round(2)
        array([[0.8, 0.2]])
        """
        first = np.asarray(network, np.float64) * self.network_scale
        second = np.asarray(partner, np.float64) * self.partner_scale
        mixed = _MIXTURES[self.activation](first, second, self.weight)
        return mixed.astype(network.dtype)


def choose_blend(activation, network, partner, targets, sample_weight=None):
    """Choose scales and weight by predictions for rows that no part was fitted to.

    Each part gets the scale of least loss, and then the partner the weight of least
    loss. The loss is the log loss of classes and labels, and the squared error of
    numbers. It is never above that of either part by itself.

    Parameters
    ----------
    activation : {"softmax", "sigmoid", "identity"}
        As in `Blend`.
    network, partner : ndarray of shape (n, K)
        Outputs of the two parts.
    targets : ndarray of shape (n,) or (n, K)
        Codes of the classes, or 0 and 1 for each label, or numbers.
    sample_weight : ndarray of shape (n,), default=None
        Weights of the rows that are not negative; all 1 by default.

    Returns
    -------
    blend : Blend

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_seqattn.attention_lstm.blending import choose_blend
    >>> y = np.array([[1.0], [-1.0], [2.0], [-2.0]])
    >>> network = y + np.array([[0.1], [0.1], [-0.1], [-0.1]])
    >>> choose_blend("identity", network, -y, y).weight
    0.0
    """
    network, partner = (np.asarray(x, np.float64) for x in (network, partner))
    scales = [
        best_scale(activation, outputs, targets, sample_weight)
        for outputs in (network, partner)
    ]

    def loss_at(weight):
        outputs = Blend(activation, weight, *scales)(network, partner)
        return mean_loss(activation, outputs, targets, sample_weight)

    weight = least(loss_at, bounds=(0.0, 1.0), also=(0.0, 1.0))
    return Blend(activation, weight, *scales)


def _mix_numbers(first, second, weight):
    """Return the weighted mean of values."""
    return (1 - weight) * first + weight * second


def _mix_classes(first, second, weight):
    """Return the logarithms of the weighted mean of softmax probabilities."""
    return _log_mean(log_softmax(first, axis=1), log_softmax(second, axis=1), weight)


def _mix_labels(first, second, weight):
    """Return the logits of the weighted mean of sigmoid probabilities."""
    yes = _log_mean(log_expit(first), log_expit(second), weight)
    no = _log_mean(log_expit(-first), log_expit(-second), weight)
    return yes - no


def _log_mean(first, second, weight):
    """Return the logarithm of a weighted mean of exponentials."""
    with np.errstate(divide="ignore"):  # the logarithm of a weight of 0
        logs = np.log1p(-weight), np.log(weight)
    return np.logaddexp(first + logs[0], second + logs[1])


_MIXTURES = {
    "softmax": _mix_classes,
    "sigmoid": _mix_labels,
    "identity": _mix_numbers,
}
