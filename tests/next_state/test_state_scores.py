"""`scoring` of NextStateLSTM: scores of the held-out sequences of each epoch."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.metrics import accuracy_score, get_scorer, make_scorer

from sklearn_seqattn import NextStateLSTM, Tokens, load_model, save_model
from sklearn_seqattn.metrics import NextStateScorer

TINY = {
    "tokens": Tokens(8, dropout=0.05),
    "hidden_size": 8,
    "num_layers": 1,
    "max_epochs": 3,
    "random_state": 0,
}
#: Steps so small that the weights stay as they are: all epochs have one score.
STILL = {**TINY, "lr": 1e-30, "early_stopping": False, "validation_fraction": 0.5}


def draw(n, seed=0, letters="abcd"):
    generator = np.random.RandomState(seed)
    return [
        generator.choice(list(letters), size=length).tolist()
        for length in generator.randint(1, 9, n)
    ]


STATES = draw(30)
NUMBERS = [["abcd".index(state) for state in one] for one in STATES]
EVENTS = [pd.DataFrame({"s": one, "cost": np.arange(len(one))}) for one in STATES]
TUPLES = [list(zip(one, range(len(one)), strict=True)) for one in STATES]
CONTAINERS = {
    "lists": (STATES, {}),
    "texts": ([" ".join(one) for one in STATES], {}),
    "integers": (NUMBERS, {}),
    "a column": (pd.Series(STATES, index=range(5, 35)), {}),
    "frames": (EVENTS, {"target": "s"}),
    "tuples": (TUPLES, {"target": "s", "columns": ["s", "cost"]}),
}
FOLLOWING = ["abcd"[i % 4] for i in range(30)]
SCORING = {
    "last": "accuracy",
    "all": NextStateScorer(),
    "likely": NextStateScorer("neg_perplexity"),
    "balanced": NextStateScorer("balanced_accuracy", positions="last"),
}


def held_out(model, X):
    """Return which sequences a fit has held out."""
    seen = []

    def look(model, X, y):
        seen.append(([len(x) for x in X], y.tolist()))
        return 1.0

    clone(model).set_params(scoring=look, max_epochs=1).fit(X)
    return seen[0]


@pytest.mark.parametrize("name", CONTAINERS)
def test_every_container_has_the_same_scores(name):
    X, options = CONTAINERS[name]
    model = NextStateLSTM(**STILL, **options, scoring=SCORING).fit(X)
    history = model.history_
    assert len(history) == 3
    for scorer in SCORING:
        assert history[f"valid_{scorer}"].nunique() == 1
    if not options:
        other = NextStateLSTM(**STILL, scoring=SCORING).fit(STATES).history_
        names = [f"valid_{scorer}" for scorer in SCORING]
        np.testing.assert_allclose(history[names], other[names])


@pytest.mark.parametrize("has_y", [False, True])
def test_the_score_is_that_of_the_network_alone(has_y):
    """The last states of the sequences, or y, are what scorers compare with."""
    seen = []

    def look(model, X, y):
        seen.append((X, y))
        return 1.0

    y = FOLLOWING if has_y else None
    model = NextStateLSTM(**STILL, scoring={"look": look, **SCORING}).fit(STATES, y)
    X_valid, y_valid = seen[0]
    for x, state in zip(X_valid, y_valid, strict=True):
        assert ([*x], state) in (
            list(zip(STATES, FOLLOWING, strict=True))
            if has_y
            else [(one[:-1], one[-1]) for one in STATES]
        )
    model.temperature_, model.network_weight_, model.cache_weights_ = 1.0, 1.0, None
    for name, scorer in SCORING.items():
        scorer = get_scorer(scorer) if isinstance(scorer, str) else scorer
        found = model.history_[f"valid_{name}"].iloc[-1]
        assert found == pytest.approx(scorer(model, X_valid, y_valid), rel=1e-5)


def test_a_scorer_may_predict_anything():
    def other(model, X, y):
        assert model.predict(STATES).shape == (30,)
        assert len(model.score_samples(X)) == len(X)
        return accuracy_score(y, model.predict([list(x) for x in X]))

    both = {"other": other, "score": lambda model, X, y: model.score(X, y)}
    model = NextStateLSTM(**TINY, scoring=both).fit(STATES)
    history = model.history_
    assert history["valid_other"].tolist() == history["valid_score"].tolist()


def test_the_first_score_stops_the_training():
    falling = iter(range(99, 0, -1))
    scoring = {"falling": lambda model, X, y: next(falling), "rising": "accuracy"}
    options = {**TINY, "max_epochs": 20, "n_iter_no_change": 2}
    assert NextStateLSTM(**options, scoring=scoring).fit(STATES).n_iter_ == 3
    watched = NextStateLSTM(**options, scoring=["loss", "accuracy"]).fit(STATES)
    alone = NextStateLSTM(**options).fit(STATES)
    assert watched.n_iter_ == alone.n_iter_
    np.testing.assert_array_equal(
        watched.predict_proba(STATES), alone.predict_proba(STATES)
    )


def test_weights_count_as_copies():
    weights = np.array([0, 1, 2] * 10)
    whole = NextStateLSTM(**STILL, scoring=SCORING).fit(
        STATES, sample_weight=weights * 1.0
    )
    shares = clone(whole).fit(STATES, sample_weight=weights / 8)
    names = [f"valid_{name}" for name in SCORING]
    np.testing.assert_allclose(whole.history_[names], shares.history_[names])


def test_rare_states_and_ends():
    """A rare state is no class, and wrong; the end is a class that y may have."""
    X = [*STATES[:-1], ["a", "rare", "a"]]
    tokens = {"tokens": Tokens(8, min_count=2)}
    model = NextStateLSTM(**{**STILL, **tokens}, scoring=SCORING, end_state=True)
    model.fit(X)
    assert model.history_["valid_likely"].between(-20, -1).all()
    lengths, last = held_out(model, X)
    assert "<end>" not in last
    assert min(lengths) == 0  # the rest of a sequence of one state
    lengths, last = held_out(model.set_params(start_state=False), X)
    assert min(lengths) == 1
    y = ["<end>", "a"] * 15
    model.fit(STATES, y)
    assert model.history_["valid_last"].nunique() == 1


class TestRefused:
    @pytest.mark.parametrize(
        ("scoring", "error", "match"),
        [
            ("precise", ValueError, "'precise'"),
            ([], ValueError, "is empty"),
            ({"loss": "accuracy"}, ValueError, "name of the validation loss"),
        ],
    )
    def test_before_any_work(self, scoring, error, match):
        with pytest.raises(error, match=match):
            NextStateLSTM(scoring=scoring).fit([object()])

    def test_nothing_held_out(self):
        model = NextStateLSTM(**TINY, scoring="accuracy")
        with pytest.raises(ValueError, match="10 sequences or more"):
            model.fit(STATES[:9])

    def test_nothing_to_score(self):
        model = NextStateLSTM(**TINY, scoring="accuracy", start_state=False)
        X = [["a"]] * 200 + [["a", "b"]]
        with pytest.raises(ValueError, match="nothing to score"):
            model.fit(X)


def test_partial_fit_scores_nothing():
    model = NextStateLSTM(**TINY, scoring="accuracy").partial_fit(STATES)
    assert "valid_accuracy" not in model.history_


def test_in_a_file(tmp_path):
    model = NextStateLSTM(**TINY, scoring={"all": NextStateScorer()}).fit(STATES)
    save_model(model, tmp_path / "model")
    copy = load_model(tmp_path / "model")
    assert copy.history_.equals(model.history_)
    assert copy.scoring == model.scoring
    score = make_scorer(accuracy_score)
    assert score(copy, STATES, FOLLOWING) == score(model, STATES, FOLLOWING)
