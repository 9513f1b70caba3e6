"""Importance by integrated gradients, of the network alone."""

import warnings
from numbers import Integral

import numpy as np
import torch

from sklearn_seqattn._ids import UNKNOWN_ID
from sklearn_seqattn.attention_lstm.tagger import AttentionLSTMTagger
from sklearn_seqattn.inspection.explained import explain
from sklearn_seqattn.inspection.input_steps import last_inputs
from sklearn_seqattn.next_state.base import NextStateMixin
from sklearn_seqattn.nn.masking import length_mask
from sklearn_seqattn.preprocessing import EventEncoder
from sklearn_seqattn.training import isolated_torch
from sklearn_seqattn.training.prediction import network_inputs, restoring_order


def integrated_gradients(estimator, X, *, target=None, step=None, n_steps=50):
    """Attribute the output of the network to steps and channels by its gradients.

    The gradient is averaged along the straight line from a baseline to the sequence,
    and multiplied by the difference of the two. The line runs in what the network
    reads: from the means of training for standardized numbers, from zero for others,
    and from the vector of the unknown for tokens, states and categories. Static columns
    keep their values. The sum of all
    attributions is the output for the sequence minus that for the baseline, up to the
    error of the numerical integral.

    The network alone is explained: random kernels count how often thresholds are
    exceeded, and counts are looked up, so that neither has a gradient. A warning says
    so where the estimator has such a partner. `occlusion_importance` explains both.

    Parameters
    ----------
    estimator : estimator instance
        An estimator with a network, or a Pipeline that ends in one, fitted. Channels
        are those that reach the network.
    X : sequences
        As in `fit`.
    target : label, int or None, default=None
        The class or label whose logit is explained (of `NextStateLSTM` the
        log-probability), or the number of the target of a regressor. None is the
        predicted class of each sequence, the most probable label of the step, or the
        only target.
    step : int, array-like of shape (n,) or None, default=None
        The step whose label is explained, one for all sequences or one for each;
        negative ones count from the end. `AttentionLSTMTagger` needs it, and others
        have none.
    n_steps : int, default=50
        Points of the numerical integral (Gauss-Legendre).

    Returns
    -------
    list of ndarray of shape (T_i, D) or (T_i,), float64
        One array a sequence: of numbers one column a channel, of events one a column
        of the frames. Of tokens and of what `NextStateLSTM` reads one number a step.

    Raises
    ------
    TypeError
        If the estimator has no network.
    ValueError
        If there is no such target or step, or `n_steps` is not positive.

    Warns
    -----
    UserWarning
        If the network has a partner, which is not explained.

    References
    ----------
    M. Sundararajan, A. Taly and Q. Yan, "Axiomatic attribution for deep networks",
    ICML 2017.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_seqattn import AttentionLSTMClassifier
    >>> from sklearn_seqattn.inspection import integrated_gradients
    >>> rng = np.random.default_rng(0)
    >>> X = [rng.normal(size=(rng.integers(5, 10), 2)) for _ in range(40)]
    >>> y = [int(x[:, 1].mean() > 0) for x in X]
    >>> model = AttentionLSTMClassifier(blend=None, max_epochs=20, random_state=0)
    >>> found = integrated_gradients(model.fit(X, y), X, target=1)
    >>> first, second = np.abs(np.concatenate(found)).mean(axis=0)
    >>> bool(second > first)
    True
    """
    if not isinstance(n_steps, Integral) or n_steps < 1:
        raise ValueError(f"n_steps={n_steps!r} must be a positive integer.")
    last, inside, _ = last_inputs(estimator, X)
    explained = explain(last, inside, target, step)
    if _has_partner(last):
        warnings.warn(
            f"The partner of {type(last).__name__} (blend={last.blend!r}) has no "
            "gradients: the network alone is explained. occlusion_importance explains "
            "both.",
            stacklevel=2,
        )
    rows = _attributions(last, last._read_dataset(inside), explained, int(n_steps))
    if isinstance(last, NextStateMixin):
        return [row.sum(axis=1)[int(last.start_state) :] for row in rows]
    if last.input_encoder_.n_ids_ is not None:
        return [row.sum(axis=1) for row in rows]
    owners = _columns_of_channels(last)
    return rows if owners is None else [row @ owners for row in rows]


def _has_partner(last):
    """Return whether an estimator is a blend of its network and something else."""
    parts = (
        (last.network_, "kernel_partner"),
        (last, "partner_"),
        (last, "counts_"),
    )
    return any(getattr(thing, name, None) is not None for thing, name in parts)


def _attributions(last, dataset, explained, n_steps):
    """Return the attributions of everything the network reads, (T_i, C) each."""
    net, order, rows, first = last.net_, restoring_order(dataset), [], 0
    steps = np.zeros_like(order) if explained.steps is None else explained.steps
    chosen = np.stack([steps, explained.columns])[:, np.argsort(order)]
    chosen = torch.from_numpy(chosen)
    with (
        isolated_torch(0, net.device),
        torch.backends.cudnn.flags(enabled=False),  # has no gradients in evaluation
    ):
        for inputs, _ in network_inputs(net, dataset, net.max_steps):
            last_row = first + len(inputs["lengths"])
            places = chosen[:, first:last_row].to(net.device)
            first = last_row
            found = _integrate(last, inputs, places, n_steps).double().cpu().numpy()
            lengths = inputs["lengths"].tolist()
            rows += [row[:n] for row, n in zip(found, lengths, strict=True)]
    return [rows[i] for i in order]


def _integrate(last, inputs, places, n_steps):
    """Return the attributions of a padded batch, (B, T, C).

    `places` (2, B) has the step and the column of what is explained.
    """
    lengths, (steps, columns) = inputs["lengths"], places
    with torch.no_grad():
        end, start = _vectors(last.network_, inputs)
    points, weights = np.polynomial.legendre.leggauss(n_steps)
    total = torch.zeros_like(end)
    for point, weight in zip((points + 1) / 2, weights / 2, strict=True):
        x = (start + point * (end - start)).requires_grad_()
        output = (
            _output(last, x, lengths, inputs.get("static"), steps)
            .gather(1, columns[:, None])
            .sum()
        )
        total += weight * torch.autograd.grad(output, x)[0]
    return total * (end - start)


def _vectors(network, inputs):
    """Return what the layers of a network read, and its baseline, (B, T, C) each."""
    values, lengths = inputs["values"], inputs["lengths"]
    if values.is_floating_point():
        return values, torch.zeros_like(values)
    if network.config is None:
        raise ValueError(
            "A network of your own that reads ids has no gradients of its inputs; use "
            "occlusion_importance."
        )
    mask, features = length_mask(lengths, values.shape[1]), {}
    if hasattr(network, "embedding"):
        features = {k: v for k, v in inputs.items() if k not in ("values", "lengths")}
        embed = network.embedding
    else:
        embed = lambda *ids: network.front_end.blocks[0](*ids)[0]  # noqa: E731
    unknown = {"values": values, **features}
    for name, ids in unknown.items():
        is_id = not ids.is_floating_point()
        unknown[name] = ids.clamp(max=UNKNOWN_ID) if is_id else torch.zeros_like(ids)
    baseline = unknown.pop("values")
    return embed(values, mask, **features), embed(baseline, mask, **unknown)


def _output(last, x, lengths, static, steps):
    """Return what is explained of each class or target, (B, K)."""
    network = last.network_
    if isinstance(last, AttentionLSTMTagger):
        outputs = network(x, lengths, static)[torch.arange(len(x)), steps]
        return _label_logits(outputs)
    if isinstance(last, NextStateMixin):
        logits = network.last(x, lengths)
        return (logits / last.temperature_).log_softmax(dim=1)
    outputs = network.outputs(x, lengths, static)
    targets = last.target_encoder_
    if hasattr(targets, "scale_"):
        return outputs * torch.as_tensor(targets.scale_).to(outputs)
    if outputs.shape[1] == 2 and not targets.multilabel:
        difference = outputs[:, 1] - outputs[:, 0]
        return torch.stack([-difference, difference], dim=1)
    return outputs


def _label_logits(outputs):
    """Return the logit of each label by itself, beside all others, (B, K)."""
    own = torch.eye(outputs.shape[1], dtype=torch.bool, device=outputs.device)
    others = outputs[:, None].masked_fill(own, -torch.inf).logsumexp(dim=2)
    return outputs - others


def _columns_of_channels(last):
    """Return a matrix that adds channels up to columns of events, or None."""
    encoder = last.input_encoder_
    if not (encoder.steps_ and isinstance(encoder.steps_[0], EventEncoder)):
        return None
    events, columns = encoder.steps_[0], list(map(str, last._input_columns))
    names = getattr(events.encoder_, "feature_names_in_", [])
    categories = zip(names, events.encoder_.categories_, strict=True)
    owners = [*np.flatnonzero(events._is_number)]
    for times in events.times_:
        owners += [columns.index(str(times.column))] * len(times.names)
    for column, known in categories:
        owners += [columns.index(column)] * len(known)
    return np.eye(len(columns))[owners]
