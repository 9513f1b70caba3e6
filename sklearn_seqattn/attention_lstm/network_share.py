"""How much is kept of what the network of a classifier adds to random kernels.

A network that learns what its partner leaves learns chance by heart where there is
nothing else. So where the partner leaves much, the share of the network is chosen by
predictions for sequences that it was not trained on.
"""

import numpy as np
from scipy.special import entr

from sklearn_seqattn.attention_lstm import auto
from sklearn_seqattn.attention_lstm.halves import outputs_of_halves
from sklearn_seqattn.attention_lstm.overlaps import N_FOLDS, folds
from sklearn_seqattn.attention_lstm.shrinkage import certainty
from sklearn_seqattn.ngrams.row_losses import ROW_LOSSES, least
from sklearn_seqattn.training.prediction import forward


def leaves_much(activation, outputs, targets, weights, most=auto.MOST_LOSS_OF_PARTNER):
    """Tell whether outputs leave much of the log loss of the class frequencies.

    Parameters
    ----------
    activation : {"softmax", "sigmoid"}
        How outputs become predictions: one class of several, or labels.
    outputs : ndarray of shape (n, K)
        Logits for sequences that they were not fitted to.
    targets : ndarray of shape (n,) or (n, K)
        Codes of the classes, or 0 and 1 for each label.
    weights : ndarray of shape (n,)
        A weight a row.
    most : float, default=0.5
        The share of the log loss that is not much.

    Returns
    -------
    leaves_much : bool

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_seqattn.attention_lstm.network_share import leaves_much
    >>> logits, ones = np.array([[2.0, 0.0], [0.0, 2.0]]), np.ones(2)
    >>> leaves_much("softmax", logits, np.array([0, 1]), ones)
    False
    >>> leaves_much("softmax", logits / 4, np.array([0, 1]), ones)
    True
    """
    has = np.eye(outputs.shape[1])[targets] if activation == "softmax" else targets
    frequencies = np.average(has, axis=0, weights=weights)
    entropy = entr(frequencies).sum()
    if activation == "sigmoid":
        entropy += entr(1 - frequencies).sum()
    loss = np.average(ROW_LOSSES[activation](outputs, targets), weights=weights)
    return bool(loss > most * entropy)


def choose_judges(sets, activation, seed, *, holds_out):
    """Choose the sequences that judge the network, where its partner leaves much.

    These are the validation data. Where there are none, a fifth of the training
    sequences is held out, a stretch of time of windows that overlap.

    Parameters
    ----------
    sets : TrainingSets
        With the outputs of the partner; the training set gets `judged`.
    activation : {"softmax", "sigmoid"}
        As in `leaves_much`.
    seed : int
        Decides which sequences.
    holds_out : bool
        Whether training sequences may be held out.
    """
    train = sets.train
    if not leaves_much(activation, train.partner_outputs, train.targets, train.weights):
        return
    fewest = auto.FEWEST_TO_JUDGE * train.n_rounds
    if sets.valid is not None:
        train.judged = sets.valid if len(sets.valid) >= fewest else None
    elif holds_out and len(train) >= N_FOLDS * fewest:
        train.hold_out(folds(train, N_FOLDS, seed)[-1])


def network_share(estimator, data, sets, plan, seeds):
    """Return how much of the network of a classifier is kept beside random kernels.

    Where nothing says more it is `auto.NETWORK_SHARE`. Sequences that were held out
    choose the share of least loss as far as they confirm it. With too few to hold any
    out, two networks are fitted to a half each, and predict the other half.

    Parameters
    ----------
    estimator : AttentionLSTMClassifier
        Its network is trained.
    data : LabeledSequences
        The training sequences.
    sets : TrainingSets
        After `choose_judges`.
    plan : TrainingPlan
        That of the training.
    seeds : Seeds
        Those of the fit.

    Returns
    -------
    share : float
        From 0 to 1.
    """
    train, activation = sets.train, estimator.target_encoder_.activation
    if train.judged is not None:
        return confirmed_share(estimator.net_, train.judged, activation)
    is_free = estimator.early_stopping == "auto" and sets.valid is None
    is_whole = estimator.net_.stopped_by is None and not plan.constant_lr
    if not (is_free and is_whole and _halves_judge(train, activation)):
        return auto.NETWORK_SHARE
    added = outputs_of_halves(estimator, data, train, plan, seeds)
    return _least_share(added, train, activation)[0]


def _halves_judge(train, activation):
    """Tell whether half networks choose the share: of few sequences, but not too few.

    With more of them a part is held out.
    """
    n = len(train) // train.n_rounds
    if not auto.FEWEST_TO_HALVE <= n < N_FOLDS * auto.FEWEST_TO_JUDGE:
        return False
    table = train.partner_outputs, train.targets, train.weights
    return leaves_much(activation, *table, most=auto.MOST_LOSS_WITHOUT_HALVES)


def confirmed_share(net, judged, activation):
    """Return the share of a network that judging sequences confirm.

    The share of least log loss is multiplied by ``1 - 1 / z**2`` if it gains z standard
    errors over the partner alone, and by 0 below z = 1.

    Parameters
    ----------
    net : SequenceNet
        Trained; its outputs are added to those of the partner.
    judged : SequenceDataset
        Sequences that it was not trained on, with the outputs of the partner.
    activation : {"softmax", "sigmoid"}
        As in `leaves_much`.

    Returns
    -------
    share : float
        From 0 to 1.
    """
    added = forward(net, judged) - judged.partner_outputs.astype(float)
    share, gains = _least_share(added, judged, activation)
    return share * certainty(gains.reshape(judged.n_rounds, -1).mean(axis=0))


def _least_share(added, judged, activation):
    """Return the share of least loss of what is added, and the gain of each row."""
    partner = judged.partner_outputs.astype(float)

    def losses(share):
        rows = ROW_LOSSES[activation](partner + share * added, judged.targets)
        return judged.weights * rows

    ends = (0.0, 1.0)
    share = least(lambda share: losses(share).mean(), ends, ends)
    return share, losses(0.0) - losses(share)
