"""N-grams as operators count what the partner counts, also of unknown tokens."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from model_zoo import SENTENCES, YES
from onnx_sessions import feed, metadata, open_session, run
from small_graphs import open_graph

from sklearn_seqattn import AttentionLSTMClassifier, NGrams, Tokens
from sklearn_seqattn.export import to_onnx
from sklearn_seqattn.export.ngrams import add_ngrams, words_of_ngrams
from sklearn_seqattn.ngrams.features import NGramFeatures
from sklearn_seqattn.ngrams.model import LinearNGrams
from sklearn_seqattn.sequences import check_sequences

SMALL = {"hidden_size": 4, "num_layers": 1, "max_epochs": 1, "random_state": 0}
SMALL |= {"device": "cpu"}
WORDS = ["a", "ab", "ba", "abba", "é", "\U0001d538b", "x-1", "aaaa"]
ODD_WORDS = [*WORDS, "b", "\u3000", "a\tb", "a  b", "aab"]
RANGES = st.tuples(st.integers(1, 3), st.integers(0, 2)).map(lambda r: (r[0], sum(r)))


def lists(words):
    return st.lists(st.lists(st.sampled_from(words), min_size=1), min_size=2)


@settings(max_examples=40, deadline=None)
@given(lists(WORDS), lists(ODD_WORDS), RANGES, RANGES)
@example([["a", "ab"], ["a", "ab"]], [["a\tb", "a"], ["aab"]], (1, 1), (1, 5))
@example([["a", "ab"], ["a", "ab"]], [["a", "b", "ab"], ["a"]], (1, 2), (4, 5))
def test_outputs_are_those_of_the_partner(train, seen, ngrams, characters):
    train = [*train, ["abba"] * ngrams[1]]
    features = NGramFeatures(ngrams, characters)
    found = features.fit_transform(
        check_sequences(train, tokens=True), np.ones(len(train))
    )
    coef = np.random.default_rng(0).normal(size=(2, found.shape[1]))
    partner = LinearNGrams(features, coef, np.array([0.5, 0.0]))
    vocabulary = np.array(["ab", "abba"], dtype=object)
    tokens = [*vocabulary, *words_of_ngrams(partner, vocabulary)]
    ids = {token: k for k, token in enumerate(tokens, 2)}

    def build(graph):
        return add_ngrams(partner, graph, "ids", ids, "characters", None)

    session = open_graph(build, ids=(np.int64, "bt"), characters=(np.int64, "bc"))
    seen = [*seen, []]
    longest = max(map(len, seen))
    texts = [" ".join(x) for x in seen]
    inputs = {
        "ids": [[ids.get(t, 1) for t in x] + [-1] * (longest - len(x)) for x in seen],
        "characters": [[*map(ord, x.ljust(max(map(len, texts))))] for x in texts],
    }
    (got,) = session.run(None, {name: np.array(x) for name, x in inputs.items()})
    wanted = partner.outputs(check_sequences(seen, tokens=True, allow_empty=True))
    np.testing.assert_allclose(got, wanted, atol=1e-12)


@pytest.mark.filterwarnings("ignore:.*unknown to the model:UserWarning")
def test_words_that_the_network_does_not_know(tmp_path):
    tokens = Tokens(vocabulary=["ba", "yes"])
    estimator = AttentionLSTMClassifier(**SMALL, tokens=tokens).fit(SENTENCES, YES)
    session = open_session(estimator, tmp_path / "model.onnx")
    assert metadata(session)["vocabulary"] == ["ba", "yes", "bu", "di", "do"]
    X = [x.split() if isinstance(x, str) else list(x) for x in SENTENCES]
    found = run(session, feed(session, X))["probabilities"]
    np.testing.assert_allclose(found, estimator.predict_proba(X), atol=1e-5)


def test_without_characters_ids_are_enough(tmp_path):
    blend = NGrams(char_ngram_range=None)
    estimator = AttentionLSTMClassifier(**SMALL, blend=blend).fit(SENTENCES, YES)
    session = open_session(estimator, tmp_path / "model.onnx")
    assert [one.name for one in session.get_inputs()] == ["values", "lengths"]


@pytest.mark.filterwarnings("ignore:.*unknown to the model:UserWarning")
def test_unknown_tokens_count_by_their_characters(tmp_path):
    X = [["good"], ["goods"], ["badly"], ["bad"]] * 6
    estimator = AttentionLSTMClassifier(**SMALL).fit(X, [1, 1, 0, 0] * 6)
    session = open_session(estimator, tmp_path / "model.onnx")
    X = [["goody"], ["baddy"]]
    found = run(session, feed(session, X))["probabilities"]
    np.testing.assert_allclose(found, estimator.predict_proba(X), atol=1e-5)
    assert found[0, 1] > found[1, 1] + 0.2


def test_tokens_with_spaces(tmp_path):
    X = [["New York", "is"], ["York", "is New"], ["New", "York"]] * 8
    path = tmp_path / "model.onnx"
    estimator = AttentionLSTMClassifier(**SMALL).fit(X, [0, 1, 2] * 8)
    with pytest.raises(ValueError, match=r"'New York' holds a space.*\(1, 1\)"):
        to_onnx(estimator, path)
    assert not path.exists()
    estimator.set_params(blend=NGrams((1, 1))).fit(X, [0, 1, 2] * 8)
    found = run(session := open_session(estimator, path), feed(session, X))
    wanted = estimator.predict_proba(X)
    np.testing.assert_allclose(found["probabilities"], wanted, atol=1e-5)
