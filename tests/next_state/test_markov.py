"""NextStateMarkov, and with it the methods of all next-state estimators."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, cross_val_score

from sklearn_seqattn import NextStateMarkov
from sklearn_seqattn.readers import read_state_lines

X = [["a", "b", "a", "b", "c"], ["a", "b", "c"], ["b", "a", "b", "a"]] * 3


@pytest.fixture(scope="module")
def model():
    return NextStateMarkov(order=2).fit(X)


def test_probabilities_by_hand():
    # a b 1, b a 1, a b 1, b c 1 with alpha 1 over the classes a, b, c
    model = NextStateMarkov(order=1, smoothing="additive", alpha=1.0)
    proba = model.fit([["a", "b", "a", "b", "c"]]).predict_proba([["a"], ["c", "b"]])
    np.testing.assert_allclose(proba, [[1 / 5, 3 / 5, 1 / 5], [2 / 5, 1 / 5, 2 / 5]])


def test_predict_is_the_arg_max(model):
    proba = model.predict_proba(X)
    np.testing.assert_allclose(proba.sum(axis=1), 1.0)
    np.testing.assert_array_equal(model.predict(X), model.classes_[proba.argmax(1)])
    states, top = model.predict_topk(X, 2)
    np.testing.assert_array_equal(states[:, 0], model.predict(X))
    np.testing.assert_allclose(top, -np.sort(-proba, axis=1)[:, :2])


def test_positions_agree_with_prefixes(model):
    for sequence, proba in zip(X, model.predict_positions(X), strict=True):
        prefixes = [sequence[: t + 1] for t in range(len(sequence))]
        np.testing.assert_allclose(proba, model.predict_proba(prefixes))


def test_scores_are_those_of_the_positions(model):
    log_likelihood, hits, count = [], 0, 0
    for sequence, proba in zip(X, model.predict_positions(X), strict=True):
        column = np.searchsorted(model.classes_, sequence[1:])
        log_likelihood.append(np.log(proba[np.arange(len(column)), column]).sum())
        hits += (proba[:-1].argmax(axis=1) == column).sum()
        count += len(column)
    np.testing.assert_allclose(model.score_samples(X), log_likelihood)
    assert model.score(X) == pytest.approx(hits / count)
    expected = np.exp(-np.sum(log_likelihood) / count)
    assert model.perplexity(X) == pytest.approx(expected)


def test_an_unseen_target_costs_the_unknown_mass(model):
    with pytest.warns(UserWarning, match="1 state is unknown to the model"):
        found = model.score_samples([["a", "z"]])
    np.testing.assert_allclose(found, np.log(model.unknown_mass_))
    with pytest.warns(UserWarning, match="unknown"):
        assert model.score([["a", "z"], ["a", "b"]]) == 0.5


def test_an_unseen_state_in_the_context_backs_off(model):
    with pytest.warns(UserWarning, match="unknown"):
        found = model.predict_proba([["z", "a"]])
    with pytest.warns(UserWarning, match="unknown"):
        expected = model.predict_proba([["y", "a"]])
    np.testing.assert_allclose(found, expected)


def test_no_warning_where_all_is_known(model):
    model.predict(X)  # warnings are errors here


def test_y_is_the_state_that_follows():
    prefixes, following = [s[:-1] for s in X], [s[-1] for s in X]
    with_y = NextStateMarkov().fit(prefixes, following)
    without = NextStateMarkov().fit(X)
    np.testing.assert_allclose(
        with_y.predict_proba(prefixes), without.predict_proba(prefixes)
    )
    right = np.mean(with_y.predict(prefixes) == np.array(following))
    assert with_y.score(prefixes, following) == right


def test_y_may_bring_states_not_in_x():
    model = NextStateMarkov().fit([["a"], ["a"], ["b"]], ["z", "z", "a"])
    assert model.predict([["a"]]) == ["z"]


def test_an_empty_prefix(model):
    np.testing.assert_allclose(
        model.predict_proba([[], ["a"]])[1], model.predict_proba([["a"]])[0]
    )
    assert model.predict([[]]) == ["a"]
    assert model.predict_positions([[]])[0].shape == (0, 3)
    no_start = NextStateMarkov(start_state=False).fit(X)
    with pytest.raises(ValueError, match=r"X\[1\] is empty; without a start symbol"):
        no_start.predict([["a"], []])


def test_end_state():
    model = NextStateMarkov(end_state=True).fit(X)
    assert model.classes_.tolist() == ["a", "b", "c", "<end>"]
    assert model.predict([["a", "b", "c"]]) == ["<end>"]
    integers = NextStateMarkov(end_state=True).fit([[1, 2], [1, 2, 3]])
    assert integers.classes_.tolist() == [1, 2, 3, -1]
    assert integers.predict([[1, 2, 3]]) == [-1]
    with pytest.raises(ValueError, match="names the end -1, but X holds such a state"):
        NextStateMarkov(end_state=True).fit([[-1, 2], [1, 2]])


def test_y_may_be_the_end():
    model = NextStateMarkov(end_state=True).fit([["a"], ["a", "b"]], ["b", "<end>"])
    assert model.classes_.tolist() == ["a", "b", "<end>"]
    assert model.predict([["a", "b"]]) == ["<end>"]


@pytest.mark.parametrize("end_state", [False, True])
def test_partial_fit_is_one_fit(end_state):
    params = {"order": 2, "end_state": end_state}
    new = [["c", "a0", "b"], ["a", "d"]]
    parts = NextStateMarkov(**params).partial_fit(X).partial_fit(new)
    whole = NextStateMarkov(**params).fit(X + new)
    np.testing.assert_array_equal(parts.classes_, whole.classes_)
    np.testing.assert_allclose(
        parts.predict_proba(X + new), whole.predict_proba(X + new)
    )
    assert parts.unknown_mass_ == whole.unknown_mass_


def test_weights_are_copies():
    weights = np.array([2, 0, 1, 1, 3, 1, 1, 0, 1])
    copies = [X[i] for i in np.repeat(np.arange(9), weights)]
    one = NextStateMarkov(end_state=True).fit(X, sample_weight=weights)
    other = NextStateMarkov(end_state=True).fit(copies)
    np.testing.assert_allclose(one.predict_proba(X), other.predict_proba(X))
    assert one.perplexity(X, sample_weight=weights) == pytest.approx(
        one.perplexity(copies)
    )


def test_min_count_makes_the_unknown_state_meaningful():
    sequences = [["a", "rare1", "b"], ["a", "rare2", "b"], ["a", "a"], ["b", "a"]]
    model = NextStateMarkov(min_count=2, order=1).fit(sequences)
    assert model.classes_.tolist() == ["a", "b"]
    with pytest.warns(UserWarning, match="unknown"):
        assert model.predict([["never seen"]]) == ["b"]


def test_a_context_can_be_longer_than_every_sequence():
    model = NextStateMarkov(order=40).fit(X)
    np.testing.assert_allclose(model.predict_proba(X).sum(axis=1), 1)


def test_order_zero_ignores_the_context():
    model = NextStateMarkov(order=0).fit(X)
    proba = model.predict_proba([["a"], ["c"]])
    np.testing.assert_allclose(proba[0], proba[1])


def test_samples(model):
    drawn = model.sample(50, ["a"], max_length=6, random_state=0)
    assert len(drawn) == 50
    assert all(len(s) == 6 and s[0] == "a" for s in drawn)
    assert drawn == model.sample(50, "a", max_length=6, random_state=0)
    certain = model.sample(3, top_k=1, max_length=4, random_state=0)
    greedy = model.rollout([[]], 4)[0]
    assert certain == [greedy[0].tolist()] * 3
    ended = NextStateMarkov(end_state=True).fit(X).sample(20, random_state=0)
    assert len({len(s) for s in ended}) > 1
    assert all("<end>" not in s for s in ended)
    assert max(map(len, ended)) <= 5  # the longest sequence at fit


def test_rollout_probabilities_multiply_to_the_likelihood(model):
    states, proba = model.rollout([["a"]], 4, strategy="beam", beam_width=3)
    found = model.score_samples([["a", *states[0]]])
    np.testing.assert_allclose(np.log(proba).sum(axis=1), found)


def test_containers_agree(model):
    expected = model.predict_proba(X)
    strings = [" ".join(s) for s in X]
    for other in (strings, pd.Series(X), tuple(map(tuple, X)), list(map(np.array, X))):
        np.testing.assert_array_equal(model.predict_proba(other), expected)


def test_search_with_and_without_y():
    grid = {"order": [1, 2], "smoothing": ["kneser_ney", "additive"]}
    search = GridSearchCV(NextStateMarkov(), grid, cv=3).fit(X)
    assert 0 < search.best_score_ <= 1
    prefixes, following = [s[:-1] for s in X], [s[-1] for s in X]
    search = GridSearchCV(NextStateMarkov(), grid, cv=3, scoring="accuracy")
    assert search.fit(prefixes, following).best_score_ > 0.3
    assert len(cross_val_score(NextStateMarkov(), X, cv=3)) == 3


def test_a_real_log(shared_data):
    path = shared_data / "states" / "helpdesk.txt"
    cases = [x for x in read_state_lines(path) if len(x) > 1]
    order = np.random.RandomState(0).permutation(len(cases))
    test, train = np.split(order, [len(cases) // 5])
    model = NextStateMarkov().fit([cases[i] for i in train])
    cases = [cases[i] for i in test]
    assert model.score(cases) > 0.76
    assert model.perplexity(cases) < 1.93


def test_clone_and_pickle(model):
    assert clone(model).get_params() == model.get_params()
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict_proba(X), model.predict_proba(X))


@pytest.mark.parametrize(
    ("fit_args", "message"),
    [
        (([["a"], ["b"]], ["a"]), "inconsistent numbers of samples"),
        (([["a"], ["b"]], [1, 2]), r"y\[0\] is 1, but the states of X are of the kind"),
        (([[1, 2], [3]], [1, None]), r"y\[1\] is None, but the states"),
        (([["a", "b"]], None, [0.0]), "sample_weight must not be negative|non-zero"),
        (([["a", "b"]], None, [-1.0]), "sample_weight must not be negative"),
    ],
)
def test_bad_input_at_fit(fit_args, message):
    with pytest.raises(ValueError, match=message):
        NextStateMarkov().fit(*fit_args)


def test_nothing_to_learn():
    with pytest.raises(ValueError, match="X has nothing to learn from"):
        NextStateMarkov(start_state=False).fit([["a"], ["b"]])


def test_bad_input_at_prediction(model):
    with pytest.raises(ValueError, match="k=4 must be an integer from 1 to 3"):
        model.predict_topk(X, 4)
    with pytest.raises(ValueError, match="X has no state to score"):
        model.perplexity([["a"]])
    with pytest.raises(ValueError, match="fitted on strings"):
        model.predict([[1, 2]])


def test_counts_of_another_order_are_refused():
    model = NextStateMarkov(order=2).fit([["a", "b", "a"]])
    with pytest.raises(ValueError, match="order is now 1, but the counts so far are"):
        model.set_params(order=1).partial_fit([["a", "b"]])
    assert model.fit([["a", "b"]]).model_.order == 1


@pytest.mark.parametrize("as_y", [list, np.array, lambda y: np.array(y, object)])
def test_integer_states_are_scored(as_y):
    model = NextStateMarkov().fit([[0, 1, 2], [1, 2, 0]])
    X = [[0, 1], [1, 2]]
    assert model.score(X, as_y([2, 0])) == 1.0
    assert model.score(X, as_y([2, 1])) == 0.5
    assert model.score(X, as_y([2, 1]), sample_weight=[3, 1]) == 0.75
    with pytest.raises(TypeError, match=r"y\[1\] is 'a', but the states are integers"):
        model.score(X, np.array([2, "a"], dtype=object))
    with pytest.raises(ValueError, match="inconsistent"):
        model.score(X, as_y([2]))


def test_a_sample_without_a_start_needs_a_prefix():
    model = NextStateMarkov(start_state=False).fit([[0, 1, 2], [1, 2, 0]])
    with pytest.raises(ValueError, match="sample needs a prefix"):
        model.sample(2)
    assert model.sample(2, prefix=[0])[0][0] == 0
