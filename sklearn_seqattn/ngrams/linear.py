"""Linear models of sparse features, for classes, labels and numbers.

Each model has `strengths`, the inverse strengths of regularization to choose from,
the strongest first; a fit with another one starts from the weights of the last fit.
Its ``coef_`` (K, p) and ``intercept_`` (K,) give the outputs
``features @ coef_.T + intercept_``: logits, or values.
"""

import numpy as np
from scipy import sparse
from sklearn.linear_model import LogisticRegression, Ridge

from sklearn_seqattn._progress import ignore
from sklearn_seqattn.ngrams.row_losses import best_scale, mean_loss


class _LinearModel:
    """What fitted models have."""

    def outputs(self, features):
        """Return logits or values, (n, K)."""
        return features @ self.coef_.T + self.intercept_


class ClassModel(_LinearModel):
    """Logistic regression over classes, of which the training rows may lack some.

    A row without features, of weight 1 / K, is added for each of the K classes. So
    every class has a probability.

    Parameters
    ----------
    n_outputs : int
        The number of classes K.
    """

    strengths = (1.0, 3.0, 10.0, 30.0, 100.0)

    def __init__(self, n_outputs):
        self.n_outputs = n_outputs
        self._model = LogisticRegression(max_iter=1000, warm_start=True)

    def fit(self, features, targets, weights, strength):
        """Fit codes of classes (n,)."""
        n_classes, n_features = self.n_outputs, features.shape[1]
        if sparse.issparse(features):
            empty = sparse.csr_array((n_classes, n_features))
            features = sparse.vstack([features, empty], format="csr")
        else:
            features = np.vstack([features, np.zeros((n_classes, n_features))])
        self._model.set_params(C=strength).fit(
            features,
            np.append(targets, np.arange(n_classes)),
            sample_weight=np.append(weights, np.full(n_classes, 1 / n_classes)),
        )
        coef, intercept = self._model.coef_, self._model.intercept_
        if n_classes == 2:  # one logit, of the second class against the first
            coef, intercept = (
                np.vstack([-coef, coef]) / 2,
                np.r_[-intercept, intercept] / 2,
            )
        self.coef_, self.intercept_ = coef, intercept
        return self


class LabelModel(_LinearModel):
    """Logistic regressions, one for each label.

    Parameters
    ----------
    n_outputs : int
        The number of labels K.
    """

    strengths = ClassModel.strengths

    def __init__(self, n_outputs):
        self._models = [ClassModel(2) for _ in range(n_outputs)]

    def fit(self, features, targets, weights, strength):
        """Fit labels (n, K) of 0 and 1."""
        answers = (np.asarray(targets) > 0.5).astype(np.int64)
        for model, answer in zip(self._models, answers.T, strict=True):
            model.fit(features, answer, weights, strength)
        self.coef_ = 2 * np.stack([model.coef_[1] for model in self._models])
        self.intercept_ = 2 * np.stack([model.intercept_[1] for model in self._models])
        return self


class NumberModel(_LinearModel):
    """Ridge regression.

    Parameters
    ----------
    n_outputs : int
        The number of targets K.
    """

    strengths = (0.1, 0.3, 1.0, 3.0, 10.0)

    def __init__(self, n_outputs):
        self.n_outputs = n_outputs

    def fit(self, features, targets, weights, strength):
        """Fit numbers (n, K)."""
        model = Ridge(alpha=1 / strength).fit(features, targets, sample_weight=weights)
        self.coef_ = np.reshape(model.coef_, (self.n_outputs, -1))
        self.intercept_ = np.broadcast_to(model.intercept_, self.n_outputs)
        return self


#: The model of each kind of outputs.
LINEAR_MODELS = {
    "softmax": ClassModel,
    "sigmoid": LabelModel,
    "identity": NumberModel,
}


def choose_strength(
    activation, n_outputs, parts, model=None, *, scaled=False, advance=ignore
):
    """Choose the regularization by predictions for rows that were not fitted.

    The strongest comes first. Weaker ones follow as long as the loss falls.

    Parameters
    ----------
    activation : {"softmax", "sigmoid", "identity"}
        Which of `LINEAR_MODELS`.
    n_outputs : int
        The number of outputs K.
    parts : list of pairs (fitted, held out)
        Tables (features, targets, weights): a model is fitted to the first one and
        predicts the second one.
    model : type or None, default=None
        Another class of model for these outputs.
    scaled : bool, default=False
        Whether outputs are judged at the scale of least loss. Then a strength that
        makes them too certain can be chosen.
    advance : callable, optional
        Called with the number of rows of each fit.

    Returns
    -------
    strength : float
        The inverse strength of least loss.
    outputs : ndarray of shape (n, K)
        Its outputs for the held-out rows of all parts.
    """
    models = [(model or LINEAR_MODELS[activation])(n_outputs) for _ in parts]
    chosen = None, None, np.inf
    for strength in models[0].strengths:
        outputs = left_out_outputs(models, parts, strength, advance)
        loss = left_out_loss(activation, outputs, parts, scaled=scaled)
        if loss >= chosen[-1]:
            break
        chosen = strength, outputs, loss
    return chosen[:2]


def left_out_outputs(models, parts, strength, advance=ignore):
    """Return the outputs for the held-out rows of all parts, (n, K).

    Parameters
    ----------
    models : list of models
        One for each part, which is fitted to the first table of the part.
    parts : list of pairs (fitted, held out)
        As in `choose_strength`.
    strength : float
        The inverse strength of regularization.
    advance : callable, optional
        Called with the number of rows of each fit.
    """
    outputs = []
    for model, (fitted, held_out) in zip(models, parts, strict=True):
        outputs.append(model.fit(*fitted, strength).outputs(held_out[0]))
        advance(len(fitted[-1]))
    return np.concatenate(outputs)


def left_out_loss(activation, outputs, parts, *, scaled):
    """Return the mean loss of outputs for the held-out rows of all parts.

    Parameters
    ----------
    activation : {"softmax", "sigmoid", "identity"}
        What the outputs are.
    outputs : ndarray of shape (n, K)
        As from `left_out_outputs`.
    parts, scaled
        As in `choose_strength`.
    """
    targets, weights = (
        np.concatenate([held_out[k] for _, held_out in parts]) for k in (1, 2)
    )
    if scaled:
        outputs = best_scale(activation, outputs, targets, weights) * outputs
    return mean_loss(activation, outputs, targets, weights)
