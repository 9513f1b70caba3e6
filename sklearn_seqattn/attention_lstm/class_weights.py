"""Weights of classes, turned into weights of training rows."""

import numpy as np
from sklearn.utils.class_weight import compute_class_weight


def weigh_classes(class_weight, classes, codes, weights):
    """Multiply the weight of each row by that of its class.

    "balanced" gives every class the same total, counting a row of weight k as k
    rows.

    Parameters
    ----------
    class_weight : dict, "balanced" or None
        As the classifier takes it.
    classes : ndarray of shape (n_classes,)
        The classes.
    codes : ndarray of shape (n,), int64
        The position of each row's class in `classes`.
    weights : ndarray of shape (n,), float64
        The weight of each row.

    Returns
    -------
    weights : ndarray of shape (n,), float64

    Raises
    ------
    ValueError
        If a dict names a class that is not there, a weight is negative, or none is
        left.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_seqattn.attention_lstm.class_weights import weigh_classes
    >>> codes = np.array([0, 0, 0, 1])
    >>> weigh_classes("balanced", np.array(["a", "b"]), codes, np.ones(4)).round(3)
    array([0.667, 0.667, 0.667, 2.   ])
    """
    if class_weight is None:
        return weights
    if class_weight == "balanced":
        totals = np.bincount(codes, weights=weights, minlength=len(classes))
        share = weights.sum() / np.count_nonzero(totals)
        of_class = share / np.where(totals > 0, totals, 1.0)
    else:
        of_class = compute_class_weight(class_weight, classes=classes, y=classes)
        if (of_class < 0).any():
            name = classes[of_class < 0].tolist()[0]
            raise ValueError(
                f"class_weight gives the class {name!r} a negative weight; weights "
                "start at 0."
            )
    weights = weights * of_class[codes]
    if not weights.any():
        raise ValueError(
            "class_weight is 0 for the class of every sequence; at least one must "
            "count."
        )
    return weights
