"""Default search spaces of the estimators."""

import copy

from sklearn.pipeline import Pipeline

from sklearn_seqattn.attention_lstm.classifier import AttentionLSTMClassifier
from sklearn_seqattn.attention_lstm.regressor import AttentionLSTMRegressor
from sklearn_seqattn.attention_lstm.tagger import AttentionLSTMTagger
from sklearn_seqattn.next_state.lstm import NextStateLSTM

_SMALL = {
    "blend": {"values": ["auto", None]},
    "hidden_size": {"min": 16, "max": 128, "log": True},
    "num_layers": {"min": 1, "max": 3},
    "dropout": {"min": 0.0, "max": 0.5},
    "lr": {"min": 5e-4, "max": 1e-2, "log": True},
    "max_epochs": {"values": ["auto", 20, 60]},
}

#: What the large space of every estimator adds.
_NETWORK = {
    "encoder": {"values": ["lstm", "gru", "transformer"]},
    "attention": {"values": ["multihead", "dot", "additive", None]},
    "batch_size": {"values": ["auto", 16, 64]},
}
_HEAD = {"head_units": {"values": [[], [64], [128]]}}
_POOLING = {"pooling": {"values": [["max", "mean"], "mean", "last", "attention"]}}

#: The small space of each class, and what the large one adds.
_SPACES = {
    AttentionLSTMClassifier: (
        _SMALL,
        {**_NETWORK, **_HEAD, **_POOLING, "time_warp": {"values": [0.0, 0.25]}},
    ),
    AttentionLSTMRegressor: (
        _SMALL,
        {**_NETWORK, **_HEAD, **_POOLING},
    ),
    AttentionLSTMTagger: (
        _SMALL,
        {**_NETWORK, **_HEAD, "bidirectional": {"values": [True, False]}},
    ),
    NextStateLSTM: (
        {
            **_SMALL,
            "hidden_size": {"min": 32, "max": 256, "log": True},
            "lr": {"min": 1e-3, "max": 1e-2, "log": True},
        },
        {
            **_NETWORK,
            "tokens__size": {"min": 16, "max": 128, "log": True},
        },
    ),
}


def default_space(estimator, size="small"):
    """Return the search space of an estimator, of the parameters that matter most.

    Every draw can be fitted, whatever X holds. That is why `front_end` is in no space:
    its choices depend on X.

    Parameters
    ----------
    estimator : estimator or Pipeline
        An `AttentionLSTMClassifier`, `AttentionLSTMRegressor`, `AttentionLSTMTagger` or
        `NextStateLSTM`, or a Pipeline that ends in one. Names then begin with that of
        the step, as in ``"classify__lr"``.
    size : {"small", "large"}, default="small"
        "small" has `blend`, `hidden_size`, `num_layers`, `dropout`, `lr` and
        `max_epochs`. "large" adds `encoder`, `attention` and `batch_size`, and others
        by the class: `head_units`, `pooling`, `time_warp`, `bidirectional` and
        ``tokens__size``.

    Returns
    -------
    spec : dict
        A range or a list of choices for each parameter, for `param_distributions`,
        `optuna_distributions` and `suggest_params`. It is the caller's own, to add to
        and to take from.

    Raises
    ------
    TypeError
        If there is no space for such an estimator.
    ValueError
        If there is no space of this size.

    See Also
    --------
    param_distributions : The space for `RandomizedSearchCV`.
    suggest_params : A draw from the space for a trial of Optuna.

    Examples
    --------
    >>> from sklearn_seqattn import AttentionLSTMClassifier
    >>> from sklearn_seqattn.search import default_space
    >>> space = default_space(AttentionLSTMClassifier())
    >>> list(space)
    ['blend', 'hidden_size', 'num_layers', 'dropout', 'lr', 'max_epochs']
    >>> space["hidden_size"]
    {'min': 16, 'max': 128, 'log': True}
    """
    if size not in ("small", "large"):
        raise ValueError(
            f"size={size!r} is no size of a space; take 'small' or 'large'."
        )
    if isinstance(estimator, Pipeline):
        name, last = estimator.steps[-1]
        return {f"{name}__{key}": e for key, e in default_space(last, size).items()}
    for kind, (small, more) in _SPACES.items():
        if isinstance(estimator, kind):
            return copy.deepcopy(small if size == "small" else {**small, **more})
    names = ", ".join(kind.__name__ for kind in _SPACES)
    raise TypeError(
        f"There is no default space for {estimator!r}; pass an instance of one of "
        f"{names}, or a Pipeline that ends in one."
    )
