"""NextStateLSTM: training, mixture, events, and its agreement with itself."""

import copy
import pickle

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from sklearn_seqattn import Counts, NextStateLSTM, Tokens
from sklearn_seqattn.metrics import NextStateScorer

TINY = {
    "tokens": Tokens(8, dropout=0.05),
    "hidden_size": 8,
    "num_layers": 1,
    "num_heads": 2,
    "max_epochs": 2,
    "random_state": 0,
}


def cycles(n, seed=0):
    """Draw cycles a b c d a ..., from any state, of 3 to 8 states."""
    generator = np.random.RandomState(seed)
    lengths, firsts = generator.randint(3, 9, n), generator.randint(0, 4, n)
    return [
        ["abcd"[(first + t) % 4] for t in range(length)]
        for first, length in zip(firsts, lengths, strict=True)
    ]


X = cycles(40)


@pytest.fixture(scope="module")
def model():
    return NextStateLSTM(**TINY, end_state=True).fit(X)


@pytest.fixture(scope="module")
def learned():
    params = {**TINY, "max_epochs": 40, "lr": 0.02, "blend": None}
    return NextStateLSTM(**params).fit(cycles(200))


def test_the_network_learns_a_cycle(learned):
    assert learned.score(cycles(50, seed=1)) == 1
    assert learned.perplexity(cycles(50, seed=1)) < 1.1
    states, proba = learned.rollout([["c"]], 5)
    assert states[0].tolist() == ["d", "a", "b", "c", "d"]
    assert proba.min() > 0.8


def test_predictions_agree(model):
    proba = model.predict_proba(X)
    np.testing.assert_allclose(proba.sum(axis=1), 1, rtol=1e-12)
    np.testing.assert_array_equal(model.predict(X), model.classes_[proba.argmax(1)])
    np.testing.assert_allclose(model.predict_log_proba(X), np.log(proba))
    states, top = model.predict_topk(X, 3)
    np.testing.assert_array_equal(states[:, 0], model.predict(X))
    np.testing.assert_allclose(top, -np.sort(-proba, axis=1)[:, :3])
    for one, last in zip(model.predict_positions(X), proba, strict=True):
        np.testing.assert_allclose(one[-1], last, rtol=1e-5)


def test_positions_agree_with_prefixes(model):
    sequence = X[0]
    prefixes = [sequence[: t + 1] for t in range(len(sequence))]
    found = model.predict_positions([sequence])[0]
    np.testing.assert_allclose(found, model.predict_proba(prefixes), rtol=1e-5)


def test_scores_are_those_of_the_positions(model):
    log_likelihood, hits, count = [], 0, 0
    for sequence, proba in zip(X, model.predict_positions(X), strict=True):
        column = np.searchsorted(model.classes_[:-1], sequence[1:])
        log_likelihood.append(np.log(proba[np.arange(len(column)), column]).sum())
        hits += (proba[:-1].argmax(axis=1) == column).sum()
        count += len(column)
    np.testing.assert_allclose(model.score_samples(X), log_likelihood, rtol=1e-6)
    assert model.score(X) == pytest.approx(hits / count)
    expected = np.exp(-np.sum(log_likelihood) / count)
    assert model.perplexity(X) == pytest.approx(expected)


@pytest.mark.parametrize("encoder", ["lstm", "gru", "transformer"])
@pytest.mark.parametrize("attention", ["dot", "general", "additive", "multihead", None])
def test_a_later_state_changes_no_earlier_output(encoder, attention):
    model = NextStateLSTM(**{**TINY, "max_epochs": 1}, encoder=encoder)
    model.set_params(attention=attention).fit(X)
    before = model.predict_positions([list("abcdab")])[0]
    after = model.predict_positions([list("abcaab")])[0]
    np.testing.assert_allclose(after[:3], before[:3], rtol=1e-5)
    assert not np.allclose(after[3:], before[3:])


def test_batch_mates_and_order_change_nothing(model):
    expected = model.predict_proba(X)
    np.testing.assert_allclose(model.predict_proba(X[5:6])[0], expected[5], rtol=1e-5)
    np.testing.assert_allclose(model.predict_proba(X[::-1])[::-1], expected, rtol=1e-5)


def test_the_seed_decides(model):
    again = NextStateLSTM(**TINY, end_state=True).fit(X)
    np.testing.assert_array_equal(again.predict_proba(X), model.predict_proba(X))
    other = NextStateLSTM(**{**TINY, "random_state": 1}, end_state=True).fit(X)
    assert not np.allclose(other.predict_proba(X), model.predict_proba(X))


def test_global_generators_stay_where_they_are():
    states = np.random.get_state()[1].copy(), torch.get_rng_state()
    NextStateLSTM(**{**TINY, "random_state": None}).fit(X).sample(2)
    np.testing.assert_array_equal(np.random.get_state()[1], states[0])
    assert torch.equal(torch.get_rng_state(), states[1])


def test_the_mixture_is_geometric():
    params = {**TINY, "end_state": True, "blend": Counts(cache=False)}
    model = NextStateLSTM(**params).fit(X)
    streams = model._encode(X)
    ((rows, mixed),) = model._log_proba_batches(streams, last=True)
    alone = NextStateLSTM(**{**params, "blend": None}).fit(X)
    ((_, network),) = alone._log_proba_batches(streams, last=True)
    counted = model.counts_.follow(streams.take(rows), last=True)
    weight = model.network_weight_
    expected = np.exp(network) ** weight * np.exp(counted) ** (1 - weight)
    expected /= expected.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(np.exp(mixed), expected, rtol=1e-6)


def test_the_mixture_is_no_worse_on_held_out_data():
    train, test = cycles(150), cycles(50, seed=1)
    alone = NextStateLSTM(**TINY, blend=None).fit(train)
    mixed = NextStateLSTM(**TINY).fit(train)
    assert mixed.perplexity(test) < alone.perplexity(test)
    assert mixed.network_weight_ < 0.5  # two epochs are not enough for the network


def test_calibration_divides_the_logits():
    calibrated = NextStateLSTM(**TINY, blend=None).fit(X)
    plain = copy.deepcopy(calibrated)
    plain.temperature_ = 1.0
    assert calibrated.temperature_ != 1
    scaled = plain.predict_log_proba(X) / calibrated.temperature_
    scaled -= np.log(np.exp(scaled).sum(axis=1, keepdims=True))
    np.testing.assert_allclose(calibrated.predict_log_proba(X), scaled, rtol=1e-6)


def test_few_sequences_are_all_trained_on():
    model = NextStateLSTM(**TINY).fit(X[:5])
    assert "valid_loss" not in model.history_
    assert (model.temperature_, model.network_weight_) == (1, 0.5)
    np.testing.assert_allclose(model.predict_proba(X[:5]).sum(axis=1), 1)


def test_early_stopping_keeps_the_best_weights():
    params = {**TINY, "max_epochs": 50, "lr": 0.3, "blend": None}
    model = NextStateLSTM(**params, n_iter_no_change=2).fit(X)
    assert model.n_iter_ < 50
    assert model.history_.valid_loss.idxmin() == model.n_iter_ - 3


def test_y_is_the_state_that_follows():
    prefixes, following = [x[:-1] for x in X], [x[-1] for x in X]
    params = {
        **TINY,
        "dropout": 0.0,
        "tokens": Tokens(8, dropout=0.0),
    }  # no noise to differ in
    with_y = NextStateLSTM(**params).fit(prefixes, following)
    without = NextStateLSTM(**params).fit(X)
    # The same targets and batches: the last state is never read otherwise
    np.testing.assert_allclose(
        with_y.predict_proba(prefixes), without.predict_proba(prefixes), rtol=1e-3
    )
    expected = np.mean(with_y.predict(prefixes) == np.array(following))
    assert with_y.score(prefixes, following) == expected


def test_only_the_last_target():
    sequences = [[*x, "end"] for x in X]
    params = {**TINY, "max_epochs": 20, "lr": 0.02, "blend": None}
    model = NextStateLSTM(**params, targets="last").fit(sequences)
    assert (model.predict(X) == "end").all()
    assert model.predict([["a"]]) == ["end"]  # it never learned anything else


def test_an_unknown_state_is_read_as_trained():
    tokens = Tokens(8, dropout=0.05, min_count=3)
    model = NextStateLSTM(**{**TINY, "tokens": tokens})
    model.fit([*X, ["rare", "a", "b"]])
    assert "rare" not in model.classes_
    with pytest.warns(UserWarning, match="^2 states are unknown .*'new', 'rare'"):
        proba = model.predict_proba([["new", "a"], ["rare", "a"]])
    np.testing.assert_allclose(proba[0], proba[1], rtol=1e-5)


def test_partial_fit_learns_new_states():
    model = NextStateLSTM(**TINY).partial_fit(X)
    assert model.n_iter_ == 1
    before = model.predict_proba(X)
    new = [["a", "a2", "b"], ["a2", "b", "c"]] * 10
    model.partial_fit(new)
    assert model.classes_.tolist() == ["a", "a2", "b", "c", "d"]
    assert model.n_iter_ == len(model.history_) == 2
    after = model.predict_proba(X)
    assert after.shape == (len(X), 5)
    assert np.abs(after[:, [0, 2, 3, 4]] - before).max() < 0.5  # not from scratch
    for _ in range(20):
        model.partial_fit(new)
    assert model.predict([["a", "a2"]]) == ["b"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"hidden_size": 16}, "hidden_size is now 16"),
        ({"num_layers": 3}, "num_layers is now 3"),
        ({"encoder": "transformer"}, "encoder is now Transformer"),
        ({"net_params": {"module__tie_weights": False}}, "tie_weights is now False"),
        ({"tokens__size": 6}, "embedding_size is now 6"),
        ({"blend": Counts(1)}, "blend counts with order=1, but the fitted counts have"),
        ({"end_state": True}, "end_state is now True, but the fitted model has None"),
    ],
)
def test_partial_fit_refuses_another_model(change, message):
    model = NextStateLSTM(**TINY).partial_fit(X).set_params(**change)
    with pytest.raises(ValueError, match=message):
        model.partial_fit(X)


def test_a_failed_fit_leaves_the_old_one(model):
    copy = pickle.loads(pickle.dumps(model))
    with pytest.raises(ValueError, match="nothing to learn"):
        copy.set_params(start_state=False, end_state=False).fit([["a"], ["b"]])
    copy.set_params(start_state=True, end_state=True)
    np.testing.assert_array_equal(copy.predict_proba(X), model.predict_proba(X))


def test_weights_matter():
    sequences = [["a", "b"]] * 30 + [["a", "c"]] * 30
    for heavy in "bc":
        weights = [1.0 if x[1] == heavy else 1e-3 for x in sequences]
        model = NextStateLSTM(**{**TINY, "max_epochs": 10, "lr": 0.02})
        model.fit(sequences, sample_weight=weights)
        assert model.predict([["a"]]) == [heavy]


def test_weights_of_held_out_sequences_reach_the_mixture():
    sequences, weights = cycles(12), np.ones(12)
    params = {**TINY, "validation_fraction": 0.25, "early_stopping": False}
    params |= {"max_epochs": 30, "lr": 0.02}
    even = NextStateLSTM(**params).fit(sequences)
    n_held_out = 0
    for i in range(12):
        weights[i] = 50.0
        model = NextStateLSTM(**params).fit(sequences, sample_weight=weights)
        weights[i] = 1.0
        parameters = zip(
            model.net_.module_.parameters(), even.net_.module_.parameters(), strict=True
        )
        if all(torch.equal(one, other) for one, other in parameters):  # not trained on
            n_held_out += 1
            assert model.temperature_ != pytest.approx(even.temperature_, rel=1e-3)
    assert n_held_out == 3


def test_states_that_only_held_out_sequences_have_decide_nothing():
    # Every sequence ends in a state of its own: no held-out end can be predicted.
    sequences = [["a", "b", "a", f"end {i}"] for i in range(30)]
    params = {**TINY, "max_epochs": 20, "lr": 0.02}
    model = NextStateLSTM(**params).fit(sequences)
    alone = NextStateLSTM(**params, targets="last").fit(sequences)
    assert model.temperature_ < 2  # 4, the limit, with targets that are not trained
    assert (alone.temperature_, alone.network_weight_) == (1, 0.5)
    assert alone.n_iter_ == 20  # nothing to stop by


@pytest.mark.parametrize("y", [None, "rare"])
def test_only_the_last_target_where_it_is_rare(y):
    rare = [["a", "b", "a", f"r{i}"] for i in range(12)]
    sequences = [["a", "b", "a", "b"]] * 12 + rare
    params = {**TINY, "max_epochs": 20, "lr": 0.05, "blend": None}
    params["tokens"] = Tokens(8, min_count=2)
    model = NextStateLSTM(**params, targets="last")
    if y is None:
        model.fit(sequences)
    else:
        model.fit([x[:-1] for x in sequences], [x[-1] for x in sequences])
    assert model.predict([["a", "b", "a"]]) == ["b"]
    # "a" is the last but one state of the others, and never a target
    assert model.predict_proba([["a", "b"]])[0, 0] < 0.2
    with pytest.raises(ValueError, match="X has nothing to learn from"):
        model.fit(rare)


def test_outputs_that_are_not_finite_are_errors():
    model = NextStateLSTM(**TINY).fit(X)
    with torch.no_grad():
        model.net_.module_.head.bias[0] = np.nan
    calls = (model.predict, model.score, model.predict_positions)
    for call in (*calls, lambda X: model.rollout(X, 2)):
        with pytest.raises(ValueError, match="no finite output for sequence 0"):
            call(X[:1])
    with pytest.raises(ValueError, match="no finite output"):
        model.sample(2)


def test_attention_weights(model):
    weights = model.attention_weights(X[:3])
    for one, sequence in zip(weights, X, strict=False):
        assert one.shape == (2, len(sequence) + 1, len(sequence) + 1)
        np.testing.assert_allclose(one.sum(axis=2), 1, rtol=1e-5)
        assert (np.triu(one, 1) == 0).all()
    with pytest.raises(ValueError, match="was fitted with attention=None"):
        NextStateLSTM(**TINY, attention=None).fit(X).attention_weights(X)


def test_samples_and_empty_prefix(model):
    drawn = model.sample(5, max_length=6, random_state=0)
    assert drawn == model.sample(5, max_length=6, random_state=0)
    assert all(len(s) <= 6 and "<end>" not in s for s in drawn)
    assert model.predict_proba([[]]).shape == (1, 5)
    states, proba = model.rollout([[], ["a", "b"]], 3, strategy="beam", beam_width=2)
    assert states.shape == proba.shape == (2, 3)


def test_search_with_and_without_y():
    grid = {"hidden_size": [4, 8]}
    params = {**TINY, "max_epochs": 1}
    search = GridSearchCV(NextStateLSTM(**params), grid, cv=2).fit(X)
    assert 0 <= search.best_score_ <= 1
    prefixes, following = [x[:-1] for x in X], [x[-1] for x in X]
    for scoring in ("accuracy", NextStateScorer("neg_perplexity", "last")):
        search = GridSearchCV(NextStateLSTM(**params), grid, scoring=scoring, cv=2)
        search.fit(prefixes, following)
        assert np.isfinite(search.best_score_)


def test_pipeline_and_pickle(model):
    upper = FunctionTransformer(lambda X: [[s.upper() for s in x] for x in X])
    pipeline = make_pipeline(upper, NextStateLSTM(**TINY)).fit(X)
    assert set(pipeline.predict(X)) <= set("ABCD")
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict_proba(X), model.predict_proba(X))
    np.testing.assert_array_equal(again.predict_proba(X), model.predict_proba(X))


def events(n, seed=0):
    """Draw events whose resource decides the next task, after times of its own."""
    generator = np.random.RandomState(seed)
    frames = []
    for _ in range(n):
        length = generator.randint(3, 8)
        who = generator.randint(0, 2, length)
        task = [0, *who[:-1]]
        frames.append(
            pd.DataFrame(
                {
                    "task": [f"t{i}" for i in task],
                    "who": [f"w{i}" for i in who],
                    "cost": generator.normal(size=length),
                    "time": pd.Timestamp("2024-01-01")
                    + pd.to_timedelta(
                        np.cumsum(generator.exponential(size=length)), "h"
                    ),
                }
            )
        )
    return frames


EVENTS = {**TINY, "target": "task", "timestamp": "time", "max_epochs": 15, "lr": 0.02}


@pytest.fixture(scope="module")
def of_events():
    return NextStateLSTM(**EVENTS).fit(events(200))


def test_other_features_help(of_events):
    test = events(50, seed=1)
    assert of_events.score(test) > 0.95  # 0.5 from the tasks alone
    assert of_events.classes_.tolist() == ["t0", "t1"]
    assert of_events.predict([test[0]]) == ["t" + test[0]["who"].iloc[-1][1]]


def test_events_continue_with_unknown_features(of_events):
    test = events(2, seed=1)
    states, proba = of_events.rollout(test, 3)
    assert states.shape == (2, 3)
    np.testing.assert_allclose(proba[:, 0], of_events.predict_proba(test).max(axis=1))
    drawn = of_events.sample(2, test[0], max_length=20, random_state=0)
    assert drawn[0][: len(test[0])] == test[0]["task"].tolist()
    assert of_events.predict([[]]) in [["t0"], ["t1"]]


def test_tuples_are_events():
    X = [
        list(frame.drop(columns="time").itertuples(index=False)) for frame in events(20)
    ]
    plain = [[tuple(event) for event in x] for x in X]
    params = {**TINY, "target": "task"}
    named = NextStateLSTM(**params).fit(X)
    given = NextStateLSTM(**params, columns=["task", "who", "cost"]).fit(plain)
    np.testing.assert_array_equal(named.predict_proba(X), given.predict_proba(plain))


def test_a_table_of_one_column_is_its_states():
    frames = [pd.DataFrame({"task": x}) for x in X]
    of_frames = NextStateLSTM(**TINY, target="task").fit(frames)
    plain = NextStateLSTM(**TINY).fit(X)
    np.testing.assert_array_equal(
        of_frames.predict_proba(frames), plain.predict_proba(X)
    )


def test_half_the_epochs_where_sequences_repeat():
    fits = {}
    for name, X in {
        "distinct": [list(f"{i:07b}") for i in range(100)],
        "repeated": [["a", "b"], ["b"]] * 50,
    }.items():
        model = NextStateLSTM(
            hidden_size=2, num_layers=1, early_stopping=False, random_state=0
        )
        fits[name] = model.fit(X).n_iter_
    assert fits == {"distinct": 60, "repeated": 30}
