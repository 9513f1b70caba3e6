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
    YES,
    fitted,
    outputs,
)
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from skorch.callbacks import EpochTimer
from tampering import packed

from sklearn_seqattn import (
    AttentionLSTMClassifier,
    AttentionLSTMRegressor,
    FileFormatError,
    NextStateMarkov,
    RandomKernelFeatures,
    SequencePadder,
    SequenceScaler,
    StateEncoder,
    load_model,
    save_model,
)
from sklearn_seqattn.persistence.registry import ESTIMATORS
from sklearn_seqattn.storage.files import read_file


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.seqattn"


def copied(model, path):
    save_model(model, path)
    return load_model(path)


class TestRoundTrip:
    @pytest.mark.parametrize("name", MODELS)
    def test_outputs_are_the_same_to_the_last_bit(self, name, path):
        copy = copied(fitted(name), path)
        assert outputs(name, copy) == outputs(name, fitted(name))
        assert type(copy) is type(fitted(name))

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

    @pytest.mark.parametrize("name", sorted(set(MODELS) - {"pipeline"}))
    def test_every_attribute_comes_back(self, name, path):
        model = fitted(name)
        assert vars(copied(model, path)).keys() == vars(model).keys()

    @pytest.mark.parametrize("name", NETWORKS)
    def test_history_and_net(self, name, path):
        model = fitted(name)
        copy = copied(model, path)
        assert copy.history_.equals(model.history_)
        assert copy.history_.dtypes.equals(model.history_.dtypes)
        assert not copy.net_.module_.training
        assert str(copy.net_.module_) == str(model.net_.module_)
        assert copy.net_.module_.numbers == model.net_.module_.numbers

    @pytest.mark.parametrize("name", NETWORKS)
    def test_the_file_is_smaller_than_the_pickle(self, name, path):
        save_model(fitted(name), path)
        assert path.stat().st_size < len(pickle.dumps(fitted(name)))

    def test_every_estimator_has_been_here(self):
        assert set(ESTIMATORS) <= {type(model[0]).__name__ for model in MODELS.values()}

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
            front_end=("conv", ("conv", "gelu")),
            conv_channels=(3, np.int64(4)),
            class_weight={"up": 2, "down": np.float32(0.5)},
            net_params={"optimizer__betas": (0.8, 0.9)},
            max_grad_norm=None,
            vocabulary=np.array(["a", "b"]),
        )
        found = copied(model, path).get_params()
        for name, value in model.get_params().items():
            if isinstance(value, np.ndarray):
                np.testing.assert_array_equal(found[name], value)
            else:
                assert found[name] == value
        assert found["front_end"] == ("conv", ("conv", "gelu"))

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
        save_model(fitted(name), path)
        entries = entries_of(path.read_bytes())
        document = parse_json(entries["document.json"])["estimator"]
        while document["name"] == "Pipeline":
            document = document["steps"][-1][1]
        document["params"]["device"] = "x"
        assert "cpu" not in json.dumps(document)
        assert b"cpu" not in entries["arrays.safetensors"]

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
                AttentionLSTMRegressor(net_params={"optimizer": torch.optim.SGD}),
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


def forge(path, name, edit):
    """Save a model, edit its document and arrays, and write the file again."""
    save_model(fitted(name), path)
    document, arrays = read_file(path, "model")
    arrays = {key: array.copy() for key, array in arrays.items()}
    node = document["estimator"]
    edit(node, arrays)
    path.write_bytes(packed(document, arrays))


def put(*keys):
    """Make an edit that puts the last argument at the place the others lead to."""
    *keys, last, value = keys

    def edit(node, arrays):
        for key in keys:
            (kind,) = node if len(node) == 1 else (None,)
            node = dict(node["dict"])[key] if kind == "dict" else node[key]
        if "dict" in node:
            node["dict"] = [[k, value if k == last else v] for k, v in node["dict"]]
        else:
            node[last] = value

    return edit


def fill(name, change):
    """Make an edit that replaces the first array whose name holds a text."""

    def edit(node, arrays):
        key = next(key for key in arrays if name in key)
        arrays[key] = change(arrays[key])

    return edit


NUMBERS = ("attributes", "net_", "numbers")
HUGE = 2**31 - 1
DILATIONS = {"tuple": [1, 2**20, 1]}


class TestLoadingRefuses:
    @pytest.mark.parametrize(
        ("name", "edit", "match"),
        [
            ("classifier", put("name", "os.system"), "the name of an estimator is 'os"),
            ("classifier", put("name", "Pipeline"), "a Pipeline is of the type dict"),
            (
                "classifier",
                put("name", ["a"]),
                "the name of an estimator is of the typ",
            ),
            ("classifier", put("more", 1), "an estimator is of the type dict"),
            ("classifier", put("params", "evil", 1), "does not have the parameters"),
            ("classifier", put("params", "checkpoint_dir", "/"), "not have the param"),
            ("classifier", put("params", "lr", -1.0), "The 'lr' parameter"),
            ("classifier", put("params", "lr", {"float": "nan"}), "The 'lr' parameter"),
            ("classifier", put("params", "callbacks", {"list": [1]}), "has callbacks"),
            ("classifier", put("params", "lr", {"code": "1"}), "is of no known kind"),
            ("classifier", put("params", "lr", 2**80), "lr is of the type int"),
            ("classifier", put(*NUMBERS, "hidden_size", HUGE), "net_"),
            ("classifier", put(*NUMBERS, "hidden_size", 10**12), "hidden_size"),
            ("classifier", put(*NUMBERS, "hidden_size", "8"), "hidden_size"),
            ("classifier", put(*NUMBERS, "num_layers", HUGE), "num_layers is 2147"),
            ("classifier", put(*NUMBERS, "num_layers", 2), "weights is of the type"),
            ("classifier", put(*NUMBERS, "num_heads", 3), "not a multiple of num_head"),
            ("classifier", put(*NUMBERS, "encoder", "rnn"), "encoder"),
            ("classifier", put(*NUMBERS, "input_size", 3), "has the shape"),
            ("classifier", put(*NUMBERS, "n_outputs", 3), "has the shape"),
            (
                "classifier",
                put(*NUMBERS, "front_end", {"tuple": ["x"]}),
                "unknown block",
            ),
            (
                "classifier",
                put("attributes", "net_", "dtype", "float16"),
                "one of 'flo",
            ),
            (
                "default",
                put(*NUMBERS, "front_end_sizes", "conv_dilation", DILATIONS),
                "the reach of conv is 4194304, not",
            ),
            ("classifier", put("attributes", "n_iter_", 7), "n_iter_ is 7"),
            ("classifier", put("attributes", "classes_", None), "not a vector"),
            (
                "classifier",
                put("attributes", "classes_", {"states": ["a"], "dtype": "<U1"}),
                r"\('.*not|outputs and ids",
            ),
            (
                "classifier",
                put("attributes", "classes_", {"states": ["a", "a"], "dtype": "<U1"}),
                "stands twice",
            ),
            (
                "classifier",
                put(
                    "attributes",
                    "classes_",
                    {"states": ["a"] * 999, "dtype": "<U99999"},
                ),
                "is too wide",
            ),
            ("classifier", fill("weights", lambda a: a * np.nan), "NaN or infinity"),
            ("classifier", fill("weights", lambda a: a[:1]), "has the shape"),
            ("classifier", fill("weights", lambda a: a.astype(int)), "of the kind 'f'"),
            (
                "classifier",
                lambda node, arrays: arrays.update(extra=np.zeros(1)),
                "arrays of no use",
            ),
            (
                "classifier",
                lambda node, arrays: arrays.popitem(),
                "names an array that is not there",
            ),
            (
                "classifier",
                lambda node, arrays: node["attributes"].pop("_multilabel"),
                "lacks, or should not have",
            ),
            (
                "classifier",
                put("attributes", "note", 1),
                "lacks, or should not have",
            ),
            ("classifier", put("settings", "output", "pandas"), "no output to set"),
            (
                "classifier",
                put("settings", "requests", {"__init__": {}}),
                "no method '__init__'",
            ),
            (
                "classifier",
                put("settings", "requests", {"fit": {"__class__": True}}),
                "does not take '__class__'",
            ),
            ("padder", put("attributes", "max_len_", True), "max_len_ is True"),
            ("padder", put("attributes", "max_len_", 0), "max_len_ is 0"),
            ("scaler", fill("scale_", lambda a: a * 0), "positive number a channel"),
            ("scaler", fill("center_", lambda a: a[:1]), "has the shape"),
            ("states", put("attributes", "n_ids_", 9999), "n_ids_ is 9999"),
            ("events", fill("_is_number", lambda a: ~a), "other columns than the"),
            ("kernels", put("attributes", "kernels_", "max_length", 1), "kernels_"),
            ("kernels", put("attributes", "kernels_", "dtype", "float64"), "float64"),
            (
                "kernels",
                put("attributes", "kernels_", "n_features", HUGE),
                "has the shape",
            ),
            ("markov", fill("ngrams", lambda a: a + 1000), "out of range"),
            ("markov", fill("ngrams", lambda a: a[::-1].copy()), "twice or unsorted"),
            ("markov", fill("['weights']", lambda a: -a), "out of range"),
            ("markov", put("attributes", "model_", "order", 5), "has the shape"),
            ("markov", put("attributes", "end_state_", "x"), "end_state_ is 'x'"),
            ("pipeline", put("steps", []), "Pipeline without steps"),
            ("pipeline", put("memory", "/tmp"), "a Pipeline is of the type"),
            ("pipeline", put("steps", 0, ["a", "passthrough", 1]), "without steps"),
            ("pipeline", put("steps", 0, ["a__b", "passthrough"]), "that cannot be"),
        ],
    )
    def test_a_hostile_file(self, name, edit, match, path):
        forge(path, name, edit)
        with pytest.raises(FileFormatError, match=match):
            load_model(path)

    def test_pipelines_within_pipelines_without_end(self, path):
        def nest(node, arrays):
            for _ in range(12):
                node["steps"] = [["x", {**node}]]

        forge(path, "pipeline", nest)
        with pytest.raises(FileFormatError, match="nested too deep"):
            load_model(path)

    def test_a_value_nested_too_deep(self, path):
        value = 1
        for _ in range(40):
            value = {"tuple": [value]}
        forge(path, "padder", put("params", "max_len", value))
        with pytest.raises(FileFormatError, match="nested too deep"):
            load_model(path)

    def test_a_document_that_is_no_estimator(self, path):
        for document in (1, [], {}, {"estimator": None}, {"estimator": "passthrough"}):
            path.write_bytes(packed(document))
            with pytest.raises(FileFormatError):
                load_model(path)

    def test_a_large_network_is_not_built(self, path):
        def enlarge(node, arrays):
            for name, value in [
                ("hidden_size", 2**20),
                ("head_units", {"tuple": [2**24]}),
            ]:
                put(*NUMBERS, name, value)(node, arrays)

        forge(path, "classifier", enlarge)
        with pytest.raises(FileFormatError):  # 4 * 2**40 weights and more
            load_model(path)


def test_strings_are_read_as_they_were(path):
    for more in ([], ["\ud800"]):  # half a character, which UTF-8 does not have
        model = StateEncoder().fit([["é", "\0", "日本", "", 'a"b\\', *more]])
        found = copied(model, path).vocabulary_
        assert found.tolist() == model.vocabulary_.tolist()


SMALL_FILE = 2**11  # bytes, of which some 700 are names, sums and the zip itself


@pytest.mark.parametrize("name", MODELS)
def test_a_file_is_smaller_than_the_pickle_or_small(name, path):
    save_model(fitted(name), path)
    assert path.stat().st_size < max(len(pickle.dumps(fitted(name))), SMALL_FILE)


@pytest.mark.parametrize(
    "states",
    [[f"state {i}" for i in range(3000)], [chr(20000 + i) for i in range(900)]],
)
def test_a_vocabulary_takes_what_its_pickle_does(states, path):
    model = StateEncoder().fit([states])
    save_model(model, path)
    assert path.stat().st_size < len(pickle.dumps(model)) + SMALL_FILE / 2


def test_tokens_of_numpy(path):
    model = AttentionLSTMClassifier(**{**SMALL, "front_end": ("embedding",)})
    X = [np.array(x) for x in SENTENCES]
    copy = copied(model.fit(X, YES), path)
    np.testing.assert_array_equal(copy.predict_proba(X), model.predict_proba(X))
