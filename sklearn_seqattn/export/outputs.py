"""What follows a network: probabilities, labels, and numbers in their unit."""

import numpy as np

from sklearn_seqattn.attention_lstm.losses import PoissonLoss

_LABELS, _PROBABILITIES = "label", "probabilities"


def add_classes(targets, graph, logits):
    """Add labels and probabilities of a classifier.

    Parameters
    ----------
    targets : ClassTargets or LabelTargets
        How logits are decoded.
    graph : Graph
        Where their operators go.
    logits : str
        Name of the logits (B, K).

    Returns
    -------
    outputs : dict
        Dtype and shape by name.
    """
    logits = graph.cast(logits, np.float32)
    shape = ["batch", targets.n_outputs]
    if targets.multilabel:
        labels = graph.cast(graph.Greater(logits, np.float32(0)), np.int64)
        graph.name(labels, _LABELS)
        graph.name(graph.Sigmoid(logits), _PROBABILITIES)
        return {_LABELS: (np.int64, shape), _PROBABILITIES: (np.float32, shape)}
    kind = _add_label(graph, logits, targets.classes_)
    graph.name(graph.Softmax(logits, axis=-1), _PROBABILITIES)
    return {_LABELS: (kind, ["batch"]), _PROBABILITIES: (np.float32, shape)}


def _add_label(graph, scores, classes):
    """Add the class of the largest score; return its dtype."""
    classes = _checked_classes(np.asarray(classes))
    place = graph.ArgMax(scores, axis=-1, keepdims=0)
    graph.name(graph.Gather(classes, place), _LABELS)
    return classes.dtype


def _checked_classes(classes):
    """Return classes of a dtype that ONNX has, or refuse them."""
    first = f"The classes {classes[:3].tolist()}"
    if classes.dtype.kind in "iu":
        if classes.max() > np.iinfo(np.int64).max:
            raise ValueError(
                f"{first} hold {classes.max()}, which does not fit into int64; fit on "
                "smaller numbers, or on text."
            )
        return classes.astype(np.int64)
    if classes.dtype.kind == "f" and classes.dtype.itemsize > 8:
        raise TypeError(
            f"{first} are of {classes.dtype}, which ONNX does not have; fit on "
            "y.astype(float)."
        )
    if classes.dtype.kind in "bf":
        return classes
    if not all(isinstance(one, str) for one in classes.tolist()):
        raise TypeError(
            f"{first} are neither numbers nor text; fit on y of one of these."
        )
    return classes.astype(object)


def add_tags(targets, graph, logits):
    """Add labels and probabilities of each step; parameters as of `add_classes`."""
    logits = graph.cast(logits, np.float32)
    kind = _add_label(graph, logits, targets.classes_)
    graph.name(graph.Softmax(logits, axis=-1), _PROBABILITIES)
    shape = ["batch", "steps"]
    return {
        _LABELS: (kind, shape),
        _PROBABILITIES: (np.float32, [*shape, targets.n_outputs]),
    }


def add_numbers(targets, graph, outputs):
    """Add the predictions of a regressor; parameters as of `add_classes`."""
    center = np.asarray(targets.center_, np.float64)
    scale = np.asarray(targets.scale_, np.float64)
    outputs = graph.cast(outputs, np.float64)
    if isinstance(targets.loss, PoissonLoss):
        found = graph.Exp(graph.Add(outputs, np.log(scale)))
    else:
        found = graph.Add(graph.Mul(outputs, scale), center)
    shape = ["batch", *targets.shape]
    if not targets.shape:
        found = graph.Squeeze(found, [1])
    graph.name(found, "prediction")
    return {"prediction": (np.float64, shape)}


def add_states(estimator, graph, every, last):
    """Add what follows the last state and every state.

    Parameters
    ----------
    estimator : NextStateLSTM
        Fitted.
    graph : Graph
        Where their operators go.
    every, last : str
        Names of the logits, (B, T, K) and (B, K).

    Returns
    -------
    outputs : dict
        Dtype and shape by name.
    """
    temperature = np.float32(estimator.temperature_)
    n_classes = len(estimator.classes_)
    kind = _add_label(graph, last, estimator.classes_)
    for name, logits in ((_PROBABILITIES, last), ("position_" + _PROBABILITIES, every)):
        graph.name(graph.Softmax(graph.Div(logits, temperature), axis=-1), name)
    return {
        _LABELS: (kind, ["batch"]),
        _PROBABILITIES: (np.float32, ["batch", n_classes]),
        "position_" + _PROBABILITIES: (np.float32, ["batch", "steps", n_classes]),
    }
