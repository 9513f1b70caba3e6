"""Write a fitted estimator, or a Pipeline that ends in one, as an ONNX file."""

import json
import os

import numpy as np
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from sklearn_seqattn._ids import FIRST_ID, PADDING_ID, UNKNOWN_ID
from sklearn_seqattn._version import __version__
from sklearn_seqattn.attention_lstm.classifier import AttentionLSTMClassifier
from sklearn_seqattn.attention_lstm.regressor import AttentionLSTMRegressor
from sklearn_seqattn.attention_lstm.tagger import AttentionLSTMTagger
from sklearn_seqattn.export.graph import IR_VERSION, OPSET, Graph
from sklearn_seqattn.export.inputs import add_scaling, add_transformers, step_mask
from sklearn_seqattn.export.networks import (
    add_sequence_network,
    add_state_network,
    add_tagging_network,
)
from sklearn_seqattn.export.outputs import (
    add_classes,
    add_numbers,
    add_states,
    add_tags,
)
from sklearn_seqattn.export.windows import add_windows
from sklearn_seqattn.next_state.lstm import NextStateLSTM
from sklearn_seqattn.storage.files import replace_file


def to_onnx(estimator, path):
    """Write a fitted estimator as an ONNX model.

    Scaling, gain control, the network, its partner of random kernels or of windows with
    a chain of labels, and the activation are in the model. The batch size and the
    number of steps are free. onnxruntime and numpy are enough to predict.

    The inputs are "values", float64 numbers (B, T, D) or int64 ids (B, T), padded on
    the right with anything, and "lengths", int64 (B,), at least 1. The outputs are

    * of a classifier "label" (B,) and "probabilities" (B, K), or for several labels
      (B, L) both;
    * of a tagger "label" (B, T) and "probabilities" (B, T, K);
    * of a regressor "prediction" (B,) or (B, n_targets), float64;
    * of `NextStateLSTM` "label" (B,), "probabilities" (B, K) of what follows the
      last state, and "position_probabilities" (B, T, K) of what follows each.
      Sequences may be empty where it has a start symbol.

    The metadata of the model holds JSON: "classes", "vocabulary" (the token or state of
    id 2, 3, ...), "padding_id", "unknown_id", and the "version" of this library.

    Parameters
    ----------
    estimator : classifier, regressor, tagger, NextStateLSTM, or Pipeline ending in one
        Fitted. A Pipeline may hold `SequenceScaler`, and `SequenceImputer` with a
        constant for each channel, before its estimator.
    path : str or path-like
        The file. An existing one is replaced when the new one is complete.

    Raises
    ------
    TypeError, ValueError
        If a part has no form in ONNX, with what to do instead.
    ImportError
        If onnx is not installed (extra ``onnx``).

    Notes
    -----
    The model computes in float32, and its partner as the estimator does: predictions
    agree with those of the estimator to about 1e-6, also of a regressor, which computes
    in float64. Attention makes a T x T matrix.

    References
    ----------
    ONNX operator specification, https://onnx.ai/onnx/operators/

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> import onnxruntime
    >>> from sklearn_seqattn import AttentionLSTMClassifier
    >>> from sklearn_seqattn.export import to_onnx
    >>> X = np.random.default_rng(0).normal(size=(20, 9, 2))
    >>> y = (X.mean(axis=(1, 2)) > 0).astype(int)
    >>> classifier = AttentionLSTMClassifier(max_epochs=1, random_state=0).fit(X, y)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     to_onnx(classifier, f"{folder}/model.onnx")
    ...     session = onnxruntime.InferenceSession(f"{folder}/model.onnx")
    >>> batch = {"values": X[:3], "lengths": np.array([9, 9, 9])}
    >>> _, probabilities = session.run(None, batch)
    >>> np.allclose(probabilities, classifier.predict_proba(X[:3]), atol=1e-5)
    True
    """
    transformers, last = _flat(estimator)
    if type(last) not in _BUILDERS:
        names = ", ".join(kind.__name__ for kind in _BUILDERS)
        raise TypeError(
            f"{type(last).__name__} cannot be exported; pass one of {names}, fitted, "
            "or a Pipeline that ends in one. Of a search it is best_estimator_."
        )
    check_is_fitted(last)
    _check_parts(last)
    graph = Graph()
    inputs, outputs, metadata = _BUILDERS[type(last)](last, transformers, graph)
    model = _model(graph, inputs, outputs)
    metadata |= {"library": "sklearn_seqattn", "version": __version__}
    entries = {name: json.dumps(value) for name, value in metadata.items()}
    graph.onnx.helper.set_model_props(model, entries)
    graph.onnx.checker.check_model(model)
    replace_file(os.path.realpath(path), model.SerializeToString(deterministic=True))


def _flat(estimator):
    """Return the transformers of nested Pipelines, and the last estimator."""
    if not isinstance(estimator, Pipeline):
        return [], estimator
    transformers, last = [], None
    for _, step in estimator.steps:
        if step is None or isinstance(step, str):  # "passthrough"
            continue
        before, last = _flat(step)
        transformers += [*before, last]
    return transformers[:-1], last


def _check_parts(last):
    """Refuse parts of an estimator that have no form in ONNX."""
    if last.network_.config is None:
        raise ValueError(
            "net_params has a network of your own, which to_onnx does not know; export "
            "network_.network by torch.onnx.export."
        )
    encoder = getattr(last, "input_encoder_", None)
    has_tokens = encoder is not None and encoder.n_ids_ is not None
    if has_tokens and last.partner_ is not None:
        is_tagger = isinstance(last, AttentionLSTMTagger)
        raise ValueError(
            f"The {'windows of tokens' if is_tagger else 'n-grams'} beside the network "
            "have no form in ONNX; fit with blend=None, and export the network alone."
        )
    if encoder is not None and encoder.static_size:
        raise ValueError(
            "X had static columns, which have no form in ONNX yet; fit without them, "
            "or repeat them as channels of every step."
        )
    has_events = getattr(last, "events_", None) is not None
    if has_events or (encoder is not None and "EventEncoder" in _names(encoder.steps_)):
        raise ValueError(
            "X held events, of which dates and categories have no form in ONNX. "
            "Transform them to numbers by EventEncoder, fit on these, and export that; "
            "NextStateLSTM can be fitted on the states alone."
        )
    if isinstance(last, NextStateLSTM) and not _is_network_alone(last):
        raise ValueError(
            "The counts and the cache beside the network have no form in ONNX; fit "
            "with blend=None, and export the network alone."
        )


def _names(steps):
    """Return the names of the classes of some steps."""
    return [type(step).__name__ for step in steps]


def _is_network_alone(last):
    """Return whether counts and cache have no part in predictions."""
    has_counts = last.counts_ is not None and last.network_weight_ < 1
    return not has_counts and last.cache_weights_ is None


def _add_inputs(last, transformers, graph):
    """Add what encodes X: names of values and mask, the inputs, and metadata."""
    encoder, metadata = last.input_encoder_, {}
    mask = step_mask(graph, "values", "lengths")
    if encoder.n_ids_ is not None:
        add_transformers(transformers, graph, "values")  # refuses every one
        kind, shape, values = np.int64, ["batch", "steps"], "values"
        metadata = _vocabulary(encoder.steps_[0].vocabulary_)
    else:
        first = (transformers[:1] or [last])[0]
        kind, shape = np.float64, ["batch", "steps", first.input_size_]
        values = add_transformers(transformers, graph, "values")
        values = add_scaling(encoder, graph, values, mask)
    inputs = {"values": (kind, shape), "lengths": (np.int64, ["batch"])}
    return values, mask, inputs, metadata


def _build_sequences(last, transformers, graph):
    """Add a classifier or a regressor: its inputs, outputs and metadata."""
    values, mask, inputs, metadata = _add_inputs(last, transformers, graph)
    outputs = add_sequence_network(last.network_, graph, values, mask)
    targets = last.target_encoder_
    if isinstance(last, AttentionLSTMRegressor):
        return inputs, add_numbers(targets, graph, outputs), metadata
    metadata["classes"] = targets.classes_.tolist()
    return inputs, add_classes(targets, graph, outputs), metadata


def _build_tags(last, transformers, graph):
    """Add a tagger: its inputs, outputs and metadata."""
    values, mask, inputs, metadata = _add_inputs(last, transformers, graph)
    logits = add_tagging_network(last.network_, graph, values, mask)
    if last.partner_ is not None:
        parts = last.partner_, last.blend_
        logits = add_windows(*parts, graph, logits, values, mask)
    metadata["classes"] = last.classes_.tolist()
    return inputs, add_tags(last.target_encoder_, graph, logits), metadata


def _build_states(last, transformers, graph):
    """Add a next-state estimator: its inputs, outputs and metadata."""
    add_transformers(transformers, graph, "values")  # refuses every one
    ids, lengths = "values", "lengths"
    if last.start_state:
        column = graph.Expand(
            graph.constant([PADDING_ID]), graph.Concat(graph.size(ids, 0), [1], axis=0)
        )
        ids = graph.Concat(column, ids, axis=1)
        lengths = graph.Add(lengths, np.int64(1))
    mask = step_mask(graph, ids, lengths)
    logits = add_state_network(last.network_, graph, ids, mask)
    if last.start_state:
        n_steps = graph.size(ids, 1)
        logits[0] = graph.slice(logits[0], 1, n_steps, axis=1)
    found = add_states(last, graph, *logits)
    metadata = {
        **_vocabulary(last.vocabulary_.states),
        "classes": last.classes_.tolist(),
    }
    shape = ["batch", "steps"]
    inputs = {"values": (np.int64, shape), "lengths": (np.int64, ["batch"])}
    return inputs, found, metadata


def _vocabulary(states):
    """Return how tokens become ids."""
    return {
        "vocabulary": np.asarray(states).tolist(),
        "first_id": FIRST_ID,
        "unknown_id": UNKNOWN_ID,
        "padding_id": PADDING_ID,
    }


def _model(graph, inputs, outputs):
    """Return the model of a graph."""
    helper = graph.onnx.helper

    def describe(values):
        return [
            helper.make_tensor_value_info(
                name, helper.np_dtype_to_tensor_dtype(np.dtype(kind)), shape
            )
            for name, (kind, shape) in values.items()
        ]

    found = helper.make_graph(
        graph.nodes,
        "sklearn_seqattn",
        describe(inputs),
        describe(outputs),
        graph.constants,
    )
    opset = helper.make_opsetid("", OPSET)
    return helper.make_model(
        found,
        opset_imports=[opset],
        ir_version=IR_VERSION,
        producer_name="sklearn_seqattn",
        producer_version=__version__,
    )


#: What adds an estimator to a graph.
_BUILDERS = {
    AttentionLSTMClassifier: _build_sequences,
    AttentionLSTMRegressor: _build_sequences,
    AttentionLSTMTagger: _build_tags,
    NextStateLSTM: _build_states,
}
