"""Files with the right checksum that no save_model has written are refused."""

import zipfile

import numpy as np
import pytest
import skops.io as skops
from model_zoo import fitted
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from tampering import packed

from sklearn_seqattn import (
    FileFormatError,
    load_model,
    save_model,
)
from sklearn_seqattn.storage.files import read_file


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.seqattn"


def forge(path, model, edit):
    """Save a model, edit its document and arrays, and write the file again."""
    save_model(model, path)
    document, arrays = read_file(path, "model")
    arrays = {key: array.copy() for key, array in arrays.items()}
    edit(document["estimator"], arrays)
    path.write_bytes(packed(document, arrays))


def put(*keys):
    """Return an edit that puts the last argument at the place the others lead to."""
    *keys, last, value = keys

    def edit(node, arrays):
        for key in keys:
            node = dict(node["dict"])[key] if [*node] == ["dict"] else node[key]
        if "dict" in node:
            node["dict"] = [[k, value if k == last else v] for k, v in node["dict"]]
        else:
            node[last] = value

    return edit


def fill(name, change):
    """Return an edit that replaces the first array whose name holds a text."""

    def edit(node, arrays):
        key = next(key for key in arrays if name in key)
        arrays[key] = change(arrays[key])

    return edit


def several(*edits):
    """Return an edit that makes several others."""

    def edit(node, arrays):
        for one in edits:
            one(node, arrays)

    return edit


def nest(node, arrays):
    """Put a Pipeline into itself many times."""
    state = node["state"]
    for _ in range(30):
        state = {
            **state,
            "steps": {"list": [{"tuple": ["x", {**node, "state": state}]}]},
        }
    node["state"] = state


DEEP = 1
for _ in range(60):
    DEEP = {"tuple": [DEEP]}

CONFIG = ("attributes", "net_", "config")
ENCODER = ("attributes", "target_encoder_")
PARTNER = ("attributes", "partner_")
STATIC = ("attributes", "input_encoder_", "static")
HUGE = 2**31 - 1
FAR = {"dict": [["conv", {"dict": [["dilation", 2**20]]}]]}
STEPS = ("state", "steps", "list")


@pytest.mark.parametrize(
    ("name", "edit", "match"),
    [
        ("classifier", put("__object__", "os.system"), "is a 'os.system'"),
        ("classifier", put("__object__", "Pipeline"), "Pipeline is of the type dict"),
        ("classifier", put("__object__", ["a"]), "not the name of a class"),
        ("classifier", put("more", 1), "AttentionLSTMClassifier is of the type dict"),
        ("classifier", put("params", "evil", 1), "unexpected keyword argument 'evil'"),
        ("classifier", put("params", "backoff", 1), r"backoff \(now blend\)"),
        ("classifier", put("params", "checkpoint", "/"), "no file may hold"),
        ("classifier", put("params", "callbacks", {"list": [1]}), "no file may hold"),
        ("classifier", put("params", "lr", -1.0), "The 'lr' parameter"),
        ("classifier", put("params", "lr", {"float": "nan"}), "The 'lr' parameter"),
        ("classifier", put("params", "lr", {"code": "1"}), "is of no known kind"),
        ("classifier", put("params", "lr", 2**80), "lr is of the type int"),
        ("classifier", put(*CONFIG, "hidden_size", HUGE), "net_"),
        ("classifier", put(*CONFIG, "hidden_size", 10**12), "hidden_size"),
        ("classifier", put(*CONFIG, "hidden_size", "8"), "hidden_size"),
        ("classifier", put(*CONFIG, "num_layers", HUGE), "num_layers"),
        ("classifier", put(*CONFIG, "num_layers", 2), "weights is of the type"),
        ("classifier", put(*CONFIG, "num_heads", 0), "num_heads"),
        ("classifier", put(*CONFIG, "encoder", "rnn"), "encoder"),
        ("classifier", put(*CONFIG, "input_size", 3), "has the shape"),
        ("classifier", put(*CONFIG, "n_outputs", 3), "has the shape"),
        ("classifier", put(*CONFIG, "front_end", {"list": ["x"]}), "Unknown block"),
        (
            "classifier",  # 4 * 2**40 weights and more
            several(
                put(*CONFIG, "hidden_size", 2**20),
                put(*CONFIG, "head_units", {"tuple": [2**24]}),
            ),
            "net_",
        ),
        ("classifier", put("attributes", "net_", "dtype", "float16"), "one of 'flo"),
        ("classifier", put(*CONFIG, "front_end", {"list": [FAR]}), "reach"),
        ("classifier", put("attributes", "n_iter_", 7), "n_iter_ is 7"),
        ("classifier", put(*ENCODER, "classes", None), "not a vector"),
        ("classifier", put(*ENCODER, "classes", "values", ["up"]), "outputs and ids"),
        ("classifier", put(*ENCODER, "classes", "values", ["up"] * 2), "repeated"),
        ("classifier", put(*ENCODER, "multilabel", True), "numbers of the label"),
        (
            "ngram classes",
            put(*PARTNER, "ngram_range", {"list": [0, 1]}),
            "from 1, the",
        ),
        ("ngram classes", put(*PARTNER, "ngram_range", None), "'ngram_range' param"),
        ("ngram classes", put(*PARTNER, "char_ngram_range", None), "lists of n-grams"),
        ("ngram classes", put(*PARTNER, "ngrams", {"list": []}), "lists of n-grams"),
        ("ngram classes", put(*PARTNER, "idf", {"list": []}), "weights for each list"),
        ("ngram classes", fill("['coef']", lambda a: a[:1]), "has the shape"),
        ("ngram classes", fill("['coef']", lambda a: a * np.inf), "NaN or infinity"),
        ("ngram classes", fill("['intercept']", lambda a: a[:1]), "has the shape"),
        ("ngram classes", fill("['idf']", lambda a: -a), "weight that is not positive"),
        ("ngram classes", put("attributes", "blend_", None), "belong together"),
        ("ngram classes", lambda node, a: node["attributes"].pop("blend_"), "belong"),
        ("ngram classes", put("attributes", "blend_", "weight", 2.0), "weight is 2.0"),
        ("tags", put(*ENCODER, "multilabel", True), "numbers of the label|one class a"),
        ("integer tags", put(*ENCODER, "multilabel", True), "net_|label|one class a"),
        ("tags", put(*CONFIG, "n_outputs", 3), "has the shape"),
        ("tags", put(*CONFIG, "hidden_size", HUGE), "net_"),
        ("tags", put(*CONFIG, "head_units", {"tuple": [1] * 999}), "head_units"),
        ("tags", put("attributes", "partner_", {"dict": []}), "belong together"),
        ("window tags", put(*PARTNER, "size", 2), "weights, not 12"),
        ("window tags", put(*PARTNER, "size", HUGE), "size is"),
        ("window tags", put(*PARTNER, "size", -1), "size is -1"),
        ("window tags", put(*PARTNER, "kept", 1), "kept is 1, not None for numbers"),
        ("window tags", fill("['coef']", lambda a: a[:1]), "has the shape"),
        ("window tags", fill("['coef']", lambda a: a * np.nan), "NaN or infinity"),
        ("window tags", put("attributes", "blend_", None), "belong together"),
        ("window tags", put(*PARTNER, "looks_ahead", False), "weights, not"),
        ("window tags", put(*PARTNER, "looks_ahead", 1), "looks_ahead is 1"),
        ("chain tags", put(*PARTNER, "transitions", 1.0), "transitions is 1.0, not"),
        ("chain tags", fill("['transitions']", lambda a: a[:1]), "has the shape"),
        ("chain tags", fill("['transitions']", lambda a: a * np.nan), "NaN or inf"),
        ("chain tags", fill("['transitions']", lambda a: a + 99), "weight above 50"),
        ("word tags", put(*PARTNER, "size", 0), "no indicator"),
        ("word tags", put(*PARTNER, "terms", None), "terms is .* not a vector"),
        ("word tags", put(*PARTNER, "kept", None), "kept is .* not an array"),
        ("word tags", fill("['kept']", lambda a: a - 9), "no indicator"),
        ("word tags", fill("['kept']", lambda a: a + 9999), "no indicator"),
        ("word tags", fill("['kept']", lambda a: a[:-1]), "weights, not"),
        ("word tags", fill("['intercept']", lambda a: a[:1]), "has the shape"),
        ("regressor", fill("target_encoder_['scale']", lambda a: -a), "not positive"),
        ("regressor", put(*ENCODER, "loss", "gamma"), "one of 'squared_error'"),
        ("regressor", put(*ENCODER, "quantile", 0.5), "None for the loss squared"),
        ("quantiles", put(*ENCODER, "quantile", None), "a number from 0.0 to 1.0"),
        ("quantiles", put(*ENCODER, "quantile", 1.5), "a number from 0.0 to 1.0"),
        ("quantiles", put("params", "quantile", 1.5), "The 'quantile' parameter"),
        ("regressor", put(*ENCODER, "shape", {"tuple": [2]}), "has the shape"),
        ("classifier", fill("weights", lambda a: a * np.nan), "NaN or infinity"),
        ("classifier", fill("weights", lambda a: a[:1]), "has the shape"),
        ("classifier", fill("weights", lambda a: a.astype(int)), "of the kind 'f'"),
        ("classifier", lambda node, a: a.update(extra=np.zeros(1)), "arrays of no use"),
        ("classifier", lambda node, a: a.popitem(), "that is not there"),
        ("classifier", lambda node, a: node["attributes"].pop("net_"), "lacks"),
        ("classifier", put("attributes", "note", 1), "lacks, or should not have"),
        ("markov", put("settings", "output", "pandas"), "no output to set"),
        (
            "classifier",
            put("settings", "requests", {"__init__": {}}),
            "no method '__init__'",
        ),
        (
            "classifier",
            put("settings", "requests", {"fit": {"__class__": True}}),
            "fit: Unexpected args",
        ),
        ("padder", put("params", "max_len", DEEP), "nested too deep"),
        ("padder", put("attributes", "max_len_", True), "max_len_ is True"),
        ("padder", put("attributes", "max_len_", 0), "max_len_ is 0"),
        ("scaler", fill("scale_", lambda a: a * 0), "not positive"),
        ("scaler", fill("center_", lambda a: a[:1]), "has the shape"),
        ("states", put("attributes", "n_ids_", 9999), "n_ids_ is 9999"),
        ("events", fill("_is_number", lambda a: ~a), "other columns than the"),
        ("kernels", put("attributes", "kernels_", "max_length", 1), "kernels_"),
        ("kernels", put("attributes", "kernels_", "dtype", "float64"), "float64"),
        (
            "kernel classes",
            put("params", "blend", "params", "memory", "/tmp"),
            "RandomKernels has parameters that no file may hold",
        ),
        ("kernels", put("attributes", "kernels_", "n_features", HUGE), "the shape"),
        ("markov", fill("ngrams", lambda a: a + 1000), "out of range"),
        ("markov", fill("ngrams", lambda a: a[::-1].copy()), "repeated or unsorted"),
        ("markov", fill("['weights']", lambda a: -a), "out of range"),
        ("markov", put("attributes", "model_", "order", 5), "has the shape"),
        ("markov", put("attributes", "end_state_", "x"), "end_state_ is 'x'"),
        ("static classes", put(*CONFIG, "n_static", 3), "has the shape"),
        ("static classes", put(*CONFIG, "n_static", HUGE), "net_"),
        ("static classes", put(*CONFIG, "n_static", -1), "n_static"),
        ("static classes", put("attributes", "input_encoder_", "static", None), "tog"),
        ("static classes", put("attributes", "_static_columns", None), "together"),
        ("static classes", put(*STATIC, "numbers", {"list": ["age"]}), "the shape"),
        ("static classes", put(*STATIC, "names", {"list": ["age"]}), "other columns"),
        ("static classes", put(*STATIC, "names", {"list": []}), "of each column"),
        ("static classes", put(*STATIC, "categories", {"list": []}), "each column"),
        (
            "static classes",
            fill("static']['center']", lambda a: a[:1]),
            "has the shape",
        ),
        ("static classes", fill("static']['scale']", lambda a: -a), "not positive"),
        ("static tokens", fill("['coef']", lambda a: a[:, 1:]), "has the shape"),
        ("pipeline", put(*STEPS, []), "Pipeline is not possible"),
        ("pipeline", put(*STEPS, 0, "tuple", 0, "a__b"), "Pipeline is not possible"),
        ("pipeline", put("state", "memory", "/tmp"), r"attributes \['memory'\]"),
        ("pipeline", put("state", "verbose", "x"), "The 'verbose' parameter"),
        ("pipeline", lambda node, a: node["state"].pop("verbose"), "lacks"),
        ("pipeline", put("state", "predict", 1), r"attributes \['predict'\]"),
        ("pipeline", put("state", "__class__", 1), r"attributes \['__class__'\]"),
        ("pipeline", nest, "nested too deep"),
    ],
)
def test_a_forged_model(name, edit, match, path):
    forge(path, fitted(name), edit)
    with pytest.raises(FileFormatError, match=match):
        load_model(path)


@pytest.mark.parametrize(
    "document", [1, [], {}, {"estimator": None}, {"estimator": "passthrough"}]
)
def test_a_document_that_is_no_estimator(document, path):
    path.write_bytes(packed(document))
    with pytest.raises(FileFormatError):
        load_model(path)


@pytest.mark.parametrize(
    "node",
    [
        {"__object__": "os.system"},
        {"__object__": "sklearn.metrics.os"},
        {"__object__": "sklearn.metrics.get_scorer.__globals__"},
        {"__object__": "numpy.load"},
        {"__object__": "numpy.lib"},
        {"__object__": "distribution", "params": {"name": "os"}},
        {
            "__object__": "distribution",
            "params": {"name": "kstest", "args": {"tuple": []}, "kwds": {"dict": []}},
        },
        {"__object__": "same", "index": 0},
        {"__object__": "same", "index": -1},
        {"__object__": "skops", "content": "x"},
        {"__object__": "NextStateScorer", "params": {"metric": "no"}},
        {"__object__": "Bunch", "state": {"a": 1}},
    ],
    ids=str,
)
def test_an_object_that_no_parameter_may_hold(node, path):
    forge(path, fitted("padder"), put("params", "max_len", node))
    with pytest.raises(FileFormatError):
        load_model(path)


def of_skops(value, compression=zipfile.ZIP_STORED):
    """Return a function that returns the bytes of skops for any value."""
    return lambda _: skops.dumps(value, compression=compression)


def replaced(old, new):
    """Return a function that replaces bytes by others."""
    return lambda content: content.replace(old, new)


SCALER = StandardScaler()
SCALER.mean_ = np.zeros(10**6)  # compressed, it is small


class Evil:
    """Something that skops writes, but does not trust."""


@pytest.mark.parametrize(
    "change",
    [
        replaced(b"{", b""),
        replaced(b"LogisticRegression", b"LogisticRegressioM"),
        replaced(b"sklearn.linear_model", b"test_hostile_files.x"),
        of_skops(Evil()),
        of_skops([1, 2]),
        of_skops(np.load),
        of_skops(np.dtype("f8")),
        replaced(b"LogisticRegression", b"dtype"),
        of_skops(FunctionTransformer(print)),
        of_skops(SCALER, zipfile.ZIP_DEFLATED),
    ],
)
def test_what_skops_does_not_trust(change, path):
    def edit(node, arrays):
        (name,) = arrays
        content = change(arrays[name].tobytes())
        arrays[name] = np.frombuffer(content, np.uint8)

    forge(path, GridSearchCV(LogisticRegression(), {}), edit)
    with pytest.raises(FileFormatError, match=r"by skops|no estimator of"):
        load_model(path)
