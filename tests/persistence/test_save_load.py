"""save_model and load_model: every estimator as it was, or one error."""

import pickle

import numpy as np
import pandas
import pytest
import sklearn
import torch
from model_zoo import (
    LENGTHS,
    MODELS,
    NETWORKS,
    SENTENCES,
    SMALL,
    UP_OR_DOWN,
    WALKS,
    fitted,
    outputs,
)
from sklearn.base import clone
from sklearn.pipeline import Pipeline
from skorch.callbacks import EpochTimer
from torch.nn.modules.module import register_module_parameter_registration_hook

from sklearn_seqattn import (
    AttentionLSTMClassifier,
    AttentionLSTMRegressor,
    NextStateMarkov,
    RandomKernelFeatures,
    RandomKernels,
    SequencePadder,
    SequenceScaler,
    StateEncoder,
    Tokens,
    load_model,
    save_model,
)
from sklearn_seqattn.blocks import Conv, Residual, Transformer

SMALL_FILE = 2**11  # bytes, of which some 400 are names and the checksum


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.seqattn"


def copied(model, path):
    save_model(model, path)
    return load_model(path)


class TestRoundTrip:
    @pytest.mark.parametrize("name", MODELS)
    def test_a_copy_predicts_the_same_to_the_last_bit(self, name, path):
        model = fitted(name)
        copy = copied(model, path)
        assert outputs(name, copy) == outputs(name, model)
        assert type(copy) is type(model)
        assert vars(copy).keys() == vars(model).keys()
        assert path.stat().st_size < max(len(pickle.dumps(model)), SMALL_FILE)

    @pytest.mark.parametrize("name", MODELS)
    def test_a_copy_of_a_copy_is_the_same_file(self, name, path):
        save_model(fitted(name), path)
        first = path.read_bytes()
        save_model(load_model(path), path)
        assert path.read_bytes() == first

    @pytest.mark.parametrize("name", MODELS)
    def test_an_estimator_that_is_not_fitted_stays_so(self, name, path):
        model = clone(MODELS[name][0])
        copy = copied(model, path)
        assert repr(copy) == repr(model)
        assert vars(copy).keys() == vars(model).keys()

    @pytest.mark.parametrize("name", NETWORKS)
    def test_history_and_net(self, name, path):
        model = fitted(name)
        copy = copied(model, path)
        assert copy.history_.equals(model.history_)
        assert copy.history_.dtypes.equals(model.history_.dtypes)
        assert not copy.net_.module_.training
        assert str(copy.net_.module_) == str(model.net_.module_)

    @pytest.mark.parametrize("name", NETWORKS)
    def test_saving_builds_no_network(self, name, path):
        model, built = fitted(name), []
        hook = register_module_parameter_registration_hook(
            lambda module, name, parameter: built.append(name)
        )
        with hook:
            save_model(model, path)
            assert built == []
            load_model(path)
            assert built

    def test_training_goes_on_from_the_weights(self, path):
        model = clone(fitted("classifier")).set_params(warm_start=True, dropout=0.0)
        model.fit(WALKS, UP_OR_DOWN)
        copy = copied(model, path)
        for one in (model, copy):
            one.fit(WALKS, UP_OR_DOWN)
        assert outputs("classifier", copy) == outputs("classifier", model)
        assert copy.history_["epoch"].tolist() == [1, 2]

    def test_counting_goes_on(self, path):
        model = NextStateMarkov(order=2).fit(SENTENCES)
        copy = copied(model, path)
        for one in (model, copy):
            one.partial_fit([["new", "yes", "new", "ba"]])
        assert outputs("markov", copy) == outputs("markov", model)

    def test_parameters_of_all_kinds(self, path):
        model = AttentionLSTMClassifier(
            front_end=["conv", (Conv(np.int64(4)), Residual(["gelu"]))],
            class_weight={"up": 2, "down": np.float32(0.5)},
            net_params={"optimizer__betas": (0.8, 0.9)},
            tokens=Tokens(8, vocabulary=["a", "b"]),
            blend=RandomKernels(84),
            encoder=Transformer(positions="sinusoidal"),
        )
        found = copied(model, path).get_params()
        for name, value in model.get_params().items():
            if name in ("blend", "tokens"):
                assert found[name].get_params() == value.get_params()
            else:
                assert found[name] == value

    def test_a_table_with_names(self, path):
        X = pandas.DataFrame(np.random.default_rng(0).normal(size=(9, 3)))
        X.columns = ["a", "b", "c"]
        model = SequenceScaler().set_output(transform="pandas").fit(X)
        copy = copied(model, path)
        assert copy.transform(X).equals(model.transform(X))
        assert copy.get_feature_names_out().tolist() == ["a", "b", "c"]
        with pytest.raises(ValueError, match="feature names"):
            copy.transform(X.rename(columns={"a": "z"}))

    def test_metadata_requests(self, path):
        with sklearn.config_context(enable_metadata_routing=True):
            model = AttentionLSTMClassifier(**SMALL).set_fit_request(
                X_val=True, sample_weight="w", y_val=False
            )
            copy = copied(model, path)
        assert (
            copy._metadata_request.fit.requests == model._metadata_request.fit.requests
        )

    def test_a_device_that_is_not_here(self, path):
        model = clone(fitted("classifier")).fit(WALKS, UP_OR_DOWN)
        model.set_params(device="cuda:7")
        copy = copied(model, path)
        assert copy.device == "cuda:7"
        assert outputs("classifier", copy) == outputs("classifier", model)

    def test_a_gpu_that_does_not_work_is_none(self, path, monkeypatch):
        model = clone(fitted("classifier")).fit(WALKS, UP_OR_DOWN)
        save_model(model.set_params(device="cuda:99"), path)
        if not torch.cuda.is_available():
            monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
        copy = load_model(path)
        assert torch.device(copy.net_.device).index != 99
        copy.predict(WALKS)

    @pytest.mark.parametrize("name", NETWORKS)
    def test_no_file_says_where_its_weights_were(self, name, path):
        save_model(copied(fitted(name), path).set_params(device="auto"), path)
        assert b"cpu" not in path.read_bytes()

    def test_weights_that_need_double_precision(self, path):
        model = clone(fitted("regressor")).fit(WALKS, LENGTHS)
        with torch.no_grad():
            next(model.net_.module_.parameters()).add_(1e-12)
        copy = copied(model, path)
        assert outputs("regressor", copy) == outputs("regressor", model)

    def test_the_global_generators_are_not_moved(self, path):
        before = torch.random.get_rng_state(), str(np.random.get_state())
        copied(fitted("classifier"), path)
        assert torch.equal(torch.random.get_rng_state(), before[0])
        assert str(np.random.get_state()) == before[1]

    def test_nothing_is_unpickled(self, path, monkeypatch):
        save_model(fitted("pipeline"), path)
        for module, name in [(pickle, "loads"), (pickle, "load"), (torch, "load")]:
            monkeypatch.setattr(module, name, lambda *_, **__: pytest.fail("unpickled"))
        load_model(path)


class TestSavingRefuses:
    @pytest.mark.parametrize(
        ("model", "match"),
        [
            ("a text", "is no estimator"),
            (
                AttentionLSTMClassifier(callbacks=[EpochTimer()]),
                r"callbacks\[0\] is <skorch.*by set_params",
            ),
            (
                RandomKernelFeatures(random_state=np.random.RandomState(0)),
                "random_state is RandomState",
            ),
            (
                AttentionLSTMRegressor(net_params={"optimizer": EpochTimer}),
                r"net_params\['optimizer'\] is <class",
            ),
            (
                AttentionLSTMRegressor(net_params={"a": np.array([1 + 2j])}),
                "of dtype complex128",
            ),
            (AttentionLSTMRegressor(hidden_size=-1), "The 'hidden_size' parameter"),
        ],
    )
    def test_what_no_file_can_hold(self, model, match, path):
        with pytest.raises(TypeError, match=match):
            save_model(model, path)
        assert not path.exists()

    def test_a_subclass(self, path):
        class SequencePadder_(SequencePadder):  # noqa: N801
            pass

        SequencePadder_.__name__ = "SequencePadder"
        with pytest.raises(TypeError, match="which a file cannot hold"):
            save_model(SequencePadder_(), path)

    def test_an_attribute_that_is_not_known(self, path):
        model = SequencePadder().fit(WALKS)
        model.note = "mine"
        with pytest.raises(TypeError, match=r"attributes \['note'\]"):
            save_model(model, path)

    def test_an_attribute_that_was_changed_to_nonsense(self, path):
        model = SequenceScaler().fit(WALKS)
        model.scale_ = -model.scale_
        with pytest.raises(TypeError, match="not positive"):
            save_model(model, path)
        assert not path.exists()

    def test_weights_that_are_not_finite(self, path):
        model = clone(fitted("classifier")).fit(WALKS, UP_OR_DOWN)
        with torch.no_grad():
            next(model.net_.module_.parameters()).fill_(np.nan)
        with pytest.raises(TypeError, match="holds NaN"):
            save_model(model, path)

    def test_places_are_not_kept(self, path):
        pipeline = Pipeline([("a", SequencePadder())], memory="cache")
        assert copied(pipeline, path).memory is None
        assert pipeline.memory == "cache"


def test_strings_are_read_as_they_were(path):
    for more in ([], ["\ud800"]):  # half a character, which UTF-8 does not have
        model = StateEncoder().fit([["é", "\0", "日本", "", 'a"b\\', *more]])
        found = copied(model, path).vocabulary_
        assert found.tolist() == model.vocabulary_.tolist()


@pytest.mark.parametrize(
    "states",
    [[f"state {i}" for i in range(3000)], [chr(20000 + i) for i in range(900)]],
)
def test_a_vocabulary_takes_what_its_pickle_does(states, path):
    model = StateEncoder().fit([states])
    save_model(model, path)
    assert path.stat().st_size < len(pickle.dumps(model)) + SMALL_FILE / 2
