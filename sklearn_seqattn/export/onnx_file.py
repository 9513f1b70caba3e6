"""Write a fitted estimator, or a Pipeline that ends in one, as an ONNX file."""

import json

import numpy as np
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from sklearn_seqattn._version import __version__
from sklearn_seqattn.attention_lstm.classifier import AttentionLSTMClassifier
from sklearn_seqattn.attention_lstm.regressor import AttentionLSTMRegressor
from sklearn_seqattn.attention_lstm.tagger import AttentionLSTMTagger
from sklearn_seqattn.export.blending import add_blend
from sklearn_seqattn.export.graph import IR_VERSION, OPSET, Graph
from sklearn_seqattn.export.network_inputs import add_inputs
from sklearn_seqattn.export.networks import add_sequence_network, add_tagging_network
from sklearn_seqattn.export.ngrams import add_ngrams
from sklearn_seqattn.export.outputs import add_classes, add_numbers, add_tags
from sklearn_seqattn.export.refusals import check_parts
from sklearn_seqattn.export.states import build_states
from sklearn_seqattn.export.windows import add_windows
from sklearn_seqattn.next_state.lstm import NextStateLSTM
from sklearn_seqattn.storage.files import replace_file


def to_onnx(estimator, path):
    """Write a fitted estimator as an ONNX model.

    Scaling, gain control, the network, its partner, their weights and the activation
    are in the model. The batch size and the number of steps are free. onnxruntime and
    numpy are enough to predict.

    The inputs are "values", float64 numbers (B, T, D) or int64 ids (B, T), padded on
    the right with anything, and "lengths", int64 (B,), from 1 to T. A session refuses
    others: "lengths must be 1 to T". Further ones are

    * with n-grams of characters "characters", int64 (B, C): the code points of the
      tokens with a space between, padded with spaces;
    * with static columns "static", float64 (B, F): numbers, and codes of categories;
    * of a tagger of texts with its partner "indicators", int64 (B, T, 12), the places
      of the indicators of each token, counted from 1;
    * of `NextStateLSTM` with events "features", float64 (B, T, F), the other columns.

    The outputs are

    * of a classifier "label" (B,) and "probabilities" (B, K), or for several labels
      (B, L) both;
    * of a tagger "label" (B, T) and "probabilities" (B, T, K);
    * of a regressor "prediction" (B,) or (B, n_targets), float64;
    * of `NextStateLSTM` "label" (B,), "probabilities" (B, K) of what follows the
      last state, and "position_probabilities" (B, T, K) of what follows each.
      Sequences may be empty where it has a start symbol.

    The metadata of the model holds JSON: "classes", "vocabulary" (the token or state of
    id 2, 3, ...), "padding_id", "unknown_id", "indicators", of `NextStateLSTM` the
    "shortest" length, 0 or 1, the "version" of this library, and of the inputs "static"
    and "features", and of "columns" for events in "values", the name of each column and
    the categories of code 0, 1, ...

    Parameters
    ----------
    estimator : classifier, regressor, tagger, NextStateLSTM, or Pipeline ending in one
        Fitted. A Pipeline may hold `SequenceScaler`, and `SequenceImputer` of numbers,
        before its estimator. Beside `NextStateLSTM` there are no counts
        (``blend=None``).
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
    in float64. They differ by up to 1e-2 from those of an estimator with
    ``precision="bfloat16"``. Attention makes a T x T matrix.

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
    for step in (*transformers, last):
        check_is_fitted(step)
    check_parts(last)
    graph = Graph()
    inputs, outputs, metadata = _BUILDERS[type(last)](last, transformers, graph)
    model = _model(graph, inputs, outputs)
    metadata |= {"library": "sklearn_seqattn", "version": __version__}
    entries = {name: json.dumps(value) for name, value in metadata.items()}
    graph.onnx.helper.set_model_props(model, entries)
    graph.onnx.checker.check_model(model)
    replace_file(path, model.SerializeToString(deterministic=True))


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


def _build_sequences(last, transformers, graph):
    """Add a classifier or a regressor: its inputs, outputs and metadata."""
    inputs = add_inputs(last, transformers, graph)
    parts = inputs.values, inputs.mask, inputs.static
    outputs = add_sequence_network(last.network_, graph, *parts)
    if last.partner_ is not None:
        texts = inputs.ids, inputs.tokens, inputs.characters
        partner = add_ngrams(last.partner_, graph, *texts, inputs.static)
        outputs = add_blend(last.blend_, graph, outputs, partner)
    targets = last.target_encoder_
    if isinstance(last, AttentionLSTMRegressor):
        found = add_numbers(targets, graph, outputs)
        return inputs.described, found, inputs.metadata
    inputs.metadata["classes"] = targets.classes_.tolist()
    return inputs.described, add_classes(targets, graph, outputs), inputs.metadata


def _build_tags(last, transformers, graph):
    """Add a tagger: its inputs, outputs and metadata."""
    inputs = add_inputs(last, transformers, graph)
    parts = inputs.values, inputs.mask, inputs.static
    logits = add_tagging_network(last.network_, graph, *parts)
    if last.partner_ is not None:
        windows = add_windows(last.partner_, graph, inputs)
        logits = add_blend(last.blend_, graph, logits, windows)
    inputs.metadata["classes"] = last.classes_.tolist()
    found = add_tags(last.target_encoder_, graph, logits)
    return inputs.described, found, inputs.metadata


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
    NextStateLSTM: build_states,
}
