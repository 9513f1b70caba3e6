"""Scores of the validation data after each epoch: their names, and their columns."""

from collections.abc import Mapping

from skorch.callbacks import Callback

_LOSS = "loss"  # the name of the validation loss among scorers


def scorer_names(scoring):
    """Return the names of scores in their order.

    Parameters
    ----------
    scoring : str, callable, list, tuple, dict or None
        As the estimators take it.

    Returns
    -------
    names : list of str
        "loss" is the validation loss. That of a single callable is "score".

    Raises
    ------
    ValueError
        If a list or a dict is empty.

    Examples
    --------
    >>> from sklearn_seqattn.training.epoch_scores import scorer_names
    >>> scorer_names(["accuracy", "loss"]), scorer_names(None)
    (['accuracy', 'loss'], ['loss'])
    """
    if scoring is None:
        return [_LOSS]
    if isinstance(scoring, str):
        return [scoring]
    if callable(scoring):
        return ["score"]
    names = list(scoring)
    if not names:
        raise ValueError(
            f"scoring={scoring!r} is empty; name a scorer, or set it to None."
        )
    return names


def without_loss(scoring):
    """Return what scikit-learn has to score; None if that is nothing.

    Parameters
    ----------
    scoring : str, callable, list, tuple, dict or None
        As in `scorer_names`.

    Returns
    -------
    scoring : str, callable, list, dict or None
        Without the name "loss".
    """
    if scoring is None or isinstance(scoring, str):
        return None if scoring in (None, _LOSS) else scoring
    if callable(scoring):
        return scoring
    if isinstance(scoring, Mapping):
        return dict(scoring)
    return [name for name in scoring if name != _LOSS] or None


def column_name(name):
    """Return the column of the history that has a score.

    Parameters
    ----------
    name : str
        As from `scorer_names`.

    Returns
    -------
    str
    """
    return f"valid_{name}"


def watched_column(scoring):
    """Return the column of the history that says which epoch is the best.

    Parameters
    ----------
    scoring : str, callable, list, tuple, dict or None
        As in `scorer_names`.

    Returns
    -------
    str
        That of the first score.
    """
    return column_name(scorer_names(scoring)[0])


class EpochScores(Callback):
    """Record scores at the end of each epoch.

    Parameters
    ----------
    score : callable
        Called with the net; returns a dict of numbers by name.
    """

    def __init__(self, score):
        self.score = score

    def on_epoch_end(self, net, **kwargs):
        """Record them; of several processes all have the scores of the first."""
        for name, value in net.processes.first(self.score(net)).items():
            net.history.record(column_name(name), value)
