"""What a file holds, and what has no form in ONNX."""

import json

import numpy as np
import onnx
import pytest
import torch
from model_zoo import (
    EVENTS,
    MODELS,
    SENTENCES,
    UP_OR_DOWN,
    WALKS,
    fitted,
)
from onnx_sessions import feed, metadata, open_session, pad, run
from onnxruntime.capi.onnxruntime_pybind11_state import InvalidArgument
from own_parts import MeanNetwork
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from torch import nn

import sklearn_seqattn
from sklearn_seqattn import (
    AttentionLSTMClassifier,
    EventEncoder,
    NextStateLSTM,
    NextStateMarkov,
    SequenceImputer,
    SequenceResampler,
    SequenceScaler,
)
from sklearn_seqattn.blocks import (
    Block,
    Encoder,
    Pooling,
    register_block,
    register_encoder,
    register_pooling,
)
from sklearn_seqattn.export import register_layer, to_onnx

SMALL = {"hidden_size": 4, "num_layers": 1, "max_epochs": 1, "random_state": 0}
SMALL |= {"blend": None, "device": "cpu"}

#: Parameters of next-state estimators.
STATES = {"states": {}, "no start": {"start_state": False}}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.onnx"


class TestFile:
    def test_metadata_of_tokens(self, path):
        estimator = fitted("tokens")
        table = metadata(open_session(estimator, path))
        vocabulary = estimator.input_encoder_.steps_[0].vocabulary_.tolist()
        assert table["vocabulary"] == vocabulary
        ids = (table["padding_id"], table["unknown_id"], table["first_id"])
        assert ids == (0, 1, 2)
        assert table["classes"] == estimator.classes_.tolist()
        assert table["version"] == sklearn_seqattn.__version__

    def test_shapes_are_free_but_for_the_channels(self, path):
        session = open_session(fitted("default"), path)
        values, lengths = session.get_inputs()
        assert values.shape == ["batch", "steps", 2]
        assert lengths.shape == ["batch"]

    @pytest.mark.parametrize("name", ["default", "tokens", "states", "no start"])
    def test_lengths_outside_of_the_padded_steps_are_refused(self, name, path):
        if name in STATES:
            estimator, X = NextStateLSTM(**SMALL, **STATES[name]).fit(SENTENCES), None
        else:
            estimator, X = fitted(name), MODELS[name][1]
        session = open_session(estimator, path)
        inputs = feed(session, (X or SENTENCES)[:2])
        n_steps = inputs["values"].shape[1]
        least = 0 if name == "states" else 1
        for length in (least, n_steps):
            inputs["lengths"] = np.array([n_steps, length])
            assert np.isfinite(run(session, inputs)["probabilities"]).all()
        message = f"lengths must be {least} to T"
        for length in (least - 1, n_steps + 1, -n_steps, 10**9):
            inputs["lengths"] = np.array([n_steps, length])
            with pytest.raises(InvalidArgument, match=message):
                run(session, inputs)

    def test_the_same_estimator_gives_the_same_bytes(self, path, monkeypatch):
        monkeypatch.chdir(path.parent)
        to_onnx(fitted("default"), path.name)
        before = path.read_bytes()
        to_onnx(fitted("default"), str(path))
        assert path.read_bytes() == before

    def test_an_existing_file_stays_where_an_export_fails(self, path):
        path.write_text("before")
        with pytest.raises(ValueError, match="counts and the cache"):
            to_onnx(fitted("next state"), path)
        assert path.read_text() == "before"
        assert [p.name for p in path.parent.iterdir()] == ["model.onnx"]

    @pytest.mark.parametrize("path", ["", "."])
    def test_a_folder_is_no_file(self, path, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        with pytest.raises(IsADirectoryError, match=f"The path '{path}' is a folder"):
            to_onnx(fitted("default"), path)

    def test_predictions_of_the_estimator_do_not_change(self, path):
        before = fitted("kernel numbers").predict(WALKS)
        to_onnx(fitted("kernel numbers"), path)
        np.testing.assert_array_equal(fitted("kernel numbers").predict(WALKS), before)
        assert fitted("kernel numbers").network_.head[0].weight.dtype == torch.float64

    def test_only_operators_of_the_standard(self, path):
        to_onnx(fitted("default"), path)
        model = onnx.load(path)
        assert {node.domain for node in model.graph.node} == {""}
        assert [one.domain for one in model.opset_import] == [""]
        assert all(json.loads(one.value) for one in model.metadata_props)


class TestRefusals:
    @pytest.mark.parametrize(
        ("name", "message"),
        [
            ("classifier of dated events", "'at' of X holds times.*a number of each"),
            ("dated next event", "'at' of X holds times.*a number of each"),
            ("next event", "'t' of X holds times.*a number of each"),
            ("next state", "counts and the cache beside .* blend=None"),
        ],
    )
    def test_parts_without_a_form(self, name, message, path):
        with pytest.raises(ValueError, match=message):
            to_onnx(fitted(name), path)
        assert not path.exists()

    @pytest.mark.parametrize("estimator", [NextStateMarkov().fit(SENTENCES), "text"])
    def test_other_estimators(self, estimator, path):
        with pytest.raises(TypeError, match="cannot be exported"):
            to_onnx(estimator, path)

    def test_a_search(self, path):
        estimator = AttentionLSTMClassifier(**SMALL)
        search = GridSearchCV(estimator, {"hidden_size": [2]}, cv=2)
        with pytest.raises(TypeError, match="best_estimator_"):
            to_onnx(search.fit(WALKS, UP_OR_DOWN), path)
        to_onnx(search.best_estimator_, path)

    def test_what_is_not_fitted(self, path):
        halves = [
            make_pipeline(step, fitted("default"))
            for step in (SequenceScaler(), SequenceImputer(), SequenceResampler(2))
        ]
        for estimator in (AttentionLSTMClassifier(), NextStateLSTM(), *halves):
            with pytest.raises(NotFittedError):
                to_onnx(estimator, path)
        assert not path.exists()

    @pytest.mark.parametrize(
        ("transformer", "X", "message"),
        [
            (SequenceResampler(2), WALKS, "SequenceResampler in the Pipeline"),
            (EventEncoder(), EVENTS, "EventEncoder of events.*pipeline.-1"),
            (SequenceImputer(), EVENTS, "SequenceImputer of events.*pipeline.-1"),
        ],
    )
    def test_transformers(self, transformer, X, message, path):
        pipeline = make_pipeline(transformer, AttentionLSTMClassifier(**SMALL))
        with pytest.raises(ValueError, match=message):
            to_onnx(pipeline.fit(X, UP_OR_DOWN), path)
        to_onnx(pipeline[-1], path)

    def test_a_network_of_the_user(self, path):
        net_params = {"module": MeanNetwork}
        estimator = AttentionLSTMClassifier(**SMALL, net_params=net_params)
        with pytest.raises(ValueError, match=r"network of your own.*torch.onnx.export"):
            to_onnx(estimator.fit(WALKS, UP_OR_DOWN), path)


class Halved(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.output_size = size

    def forward(self, x, mask):
        return x / 2, mask


@register_block("test_halved")
class Halve(Block):
    def build(self, input_size, config):
        return Halved(input_size)


class Elman(nn.Module):
    def __init__(self, input_size, size):
        super().__init__()
        self.rnn = nn.RNN(input_size, size, batch_first=True)
        self.output_size = size

    def forward(self, x, mask):
        return self.rnn(x)[0]


@register_encoder("test_elman")
class ElmanEncoder(Encoder):
    def build(self, input_size, config):
        return Elman(input_size, config.hidden_size)


def test_a_block_of_the_user_is_exported_once_it_is_registered(path):
    estimator = AttentionLSTMClassifier(**SMALL, front_end=["test_halved"])
    estimator.fit(WALKS, UP_OR_DOWN)
    with pytest.raises(TypeError, match=r"Halved has no form.*register_layer\(Halved"):
        to_onnx(estimator, path)

    @register_layer(Halved)
    def _(layer, graph, x, mask):
        return graph.Div(x, np.float32(2)), mask

    found = run(open_session(estimator, path), pad(WALKS))["probabilities"]
    np.testing.assert_allclose(found, estimator.predict_proba(WALKS), atol=1e-5)


class Wrong(nn.Module):
    def forward(self, x, mask):
        return (x * mask[..., None]).sum(dim=1)


class Kept(nn.Module):
    def forward(self, x, mask):
        return x


@pytest.mark.parametrize("found", [None, "x", ("x", None), ("x", "m", "m")])
def test_a_registered_function_returns_names(found, path):
    estimator = AttentionLSTMClassifier(**SMALL, front_end=[Kept()])
    estimator.fit(WALKS, UP_OR_DOWN)
    register_layer(Kept)(lambda layer, graph, x, mask: found)
    with pytest.raises(TypeError, match=r"has for Kept returns .*a pair \(x, mask\)"):
        to_onnx(estimator, path)
    estimator.set_params(front_end=None, pooling=Wrong()).fit(WALKS, UP_OR_DOWN)
    register_layer(Wrong)(lambda layer, graph, x, mask: (x, mask))
    with pytest.raises(TypeError, match=r"has for Wrong returns .*the name of its out"):
        to_onnx(estimator, path)


@pytest.mark.parametrize("wrong", [Kept(), "Kept", len, int])
def test_a_class_of_modules_is_registered(wrong):
    with pytest.raises(TypeError, match=r"register_layer got .*class of a module"):
        register_layer(wrong)


def test_an_encoder_of_the_user(path):
    estimator = AttentionLSTMClassifier(**SMALL, encoder="test_elman")
    with pytest.raises(TypeError, match="Elman has no form in ONNX"):
        to_onnx(estimator.fit(WALKS, UP_OR_DOWN), path)


def test_a_network_beside_counts_that_have_no_weight(path):
    estimator = NextStateLSTM(**{**SMALL, "blend": "auto"}).fit(SENTENCES)
    estimator.network_weight_, estimator.cache_weights_ = 1.0, None
    session = open_session(estimator, path)
    from onnx_sessions import look_up

    found = run(session, pad(look_up(SENTENCES, session)))["probabilities"]
    np.testing.assert_allclose(found, estimator.predict_proba(SENTENCES), atol=1e-5)


class Summed(nn.Module):
    def forward(self, x, mask):
        return (x * mask[..., None]).sum(dim=1)


@register_pooling("test_summed")
class RegisteredSum(Pooling):
    def forward(self, x, mask):
        return (x * mask[..., None]).sum(dim=1)


def add_sum(layer, graph, x, mask):
    return graph.ReduceSum(graph.zero_padding(x, mask), [1], keepdims=0)


@pytest.mark.parametrize("pooling", [Summed(), "test_summed"])
def test_a_pooling_of_the_user(pooling, path):
    name = "RegisteredSum" if pooling == "test_summed" else "Summed"
    estimator = AttentionLSTMClassifier(**SMALL, pooling=["mean", pooling])
    estimator.fit(WALKS, UP_OR_DOWN)
    with pytest.raises(TypeError, match=rf"{name} has no form.*register_layer\({name}"):
        to_onnx(estimator, path)
    register_layer(RegisteredSum if name == "RegisteredSum" else Summed)(add_sum)
    found = run(open_session(estimator, path), pad(WALKS, 3))["probabilities"]
    np.testing.assert_allclose(found, estimator.predict_proba(WALKS), atol=1e-5)


class Shifted(nn.Module):
    def forward(self, x, mask):
        return x + 1


def test_a_module_of_the_user_in_a_front_end(path):
    estimator = AttentionLSTMClassifier(**SMALL, front_end=[[Shifted()], "dense"])
    estimator.fit(WALKS, UP_OR_DOWN)
    with pytest.raises(TypeError, match=r"Shifted has no form.*register_layer\(Shift"):
        to_onnx(estimator, path)

    @register_layer(Shifted)
    def _(layer, graph, x, mask):
        return graph.Add(x, np.float32(1)), mask

    found = run(open_session(estimator, path), pad(WALKS))["probabilities"]
    np.testing.assert_allclose(found, estimator.predict_proba(WALKS), atol=1e-5)
