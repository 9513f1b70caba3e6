"""AttentionLSTMClassifier."""

import pickle
from unittest import mock

import numpy as np
import pandas as pd
import pytest
from sequence_data import sentences, walks
from sklearn.datasets import make_multilabel_classification
from torch import nn

from sklearn_seqattn import AttentionLSTMClassifier, Tokens
from sklearn_seqattn.blocks import Conv
from sklearn_seqattn.training import train

SMALL = {"front_end": None, "hidden_size": 8, "num_layers": 1, "head_units": (8,)}


@pytest.fixture(scope="module")
def fitted():
    X, y = walks()
    return AttentionLSTMClassifier(max_epochs=15, random_state=0).fit(X, y)


def test_learns_and_generalises(fitted):
    X_new, y_new = walks(seed=1)
    assert fitted.score(X_new, y_new) > 0.8
    assert fitted.classes_.tolist() == ["down", "up"]
    assert set(fitted.predict(X_new)) == {"down", "up"}


def test_outputs_agree_with_each_other(fitted):
    X, _ = walks()
    probabilities = fitted.predict_proba(X)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-6)
    np.testing.assert_allclose(
        np.exp(fitted.predict_log_proba(X)), probabilities, rtol=1e-5
    )
    scores = fitted.decision_function(X)
    assert scores.shape == (60,)
    odds = probabilities[:, 1].astype(float) / probabilities[:, 0]
    np.testing.assert_allclose(scores, np.log(odds), atol=1e-4)
    predicted = fitted.classes_[probabilities.argmax(axis=1)]
    np.testing.assert_array_equal(fitted.predict(X), predicted)
    np.testing.assert_array_equal(predicted == "up", scores > 0)


def test_log_probabilities_are_finite_where_probabilities_vanish():
    X, y = walks()
    classifier = AttentionLSTMClassifier(max_epochs=1, random_state=0, **SMALL)
    classifier.fit(X, y)
    head = classifier.network_.head[-1]
    head.bias.data[:] = head.bias.data.new_tensor([0.0, 1e4])
    assert classifier.predict_proba(X)[:, 0].max() == 0
    assert np.isfinite(classifier.predict_log_proba(X)).all()


def test_several_classes():
    X, y = walks(90)
    y = np.where(np.arange(90) < 30, "other", y)
    classifier = AttentionLSTMClassifier(max_epochs=2, random_state=0, **SMALL)
    classifier.fit(X, y)
    assert classifier.classes_.tolist() == ["down", "other", "up"]
    assert classifier.decision_function(X).shape == (90, 3)
    assert classifier.predict_proba(X).shape == (90, 3)


def test_several_labels():
    table, Y = make_multilabel_classification(80, 12, n_classes=3, random_state=0)
    X = list(table.reshape(80, 4, 3))
    classifier = AttentionLSTMClassifier(max_epochs=40, random_state=0).fit(X, Y)
    assert classifier.classes_.tolist() == [0, 1, 2]
    predicted, probabilities = classifier.predict(X), classifier.predict_proba(X)
    np.testing.assert_array_equal(predicted, probabilities > 0.5)
    np.testing.assert_allclose(
        np.exp(classifier.predict_log_proba(X)), probabilities, rtol=1e-5
    )
    assert classifier.decision_function(X).shape == (80, 3)
    assert (predicted == Y).mean() > 0.85


def test_tokens_and_unknown_ones():
    X, y = sentences()
    classifier = AttentionLSTMClassifier(max_epochs=20, random_state=0).fit(X, y)
    X_new, y_new = sentences(seed=1)
    assert classifier.score(X_new, y_new) > 0.9
    joined = [" ".join(sentence) for sentence in X_new]
    np.testing.assert_array_equal(
        classifier.predict_proba(joined), classifier.predict_proba(X_new)
    )
    np.testing.assert_array_equal(
        classifier.predict_proba([["ba", "never"]]),
        classifier.predict_proba([["ba", "seen"]]),
    )


def test_integer_tokens_need_an_embedding_by_name():
    words, y = sentences()
    X = [[len(word) + ord(word[0]) for word in sentence] for sentence in words]
    classifier = AttentionLSTMClassifier(
        front_end=("embedding", "dropout"), max_epochs=1, random_state=0
    ).fit(X, y)
    assert classifier.network_.front_end.blocks[0].table.num_embeddings > 2
    with pytest.warns(UserWarning, match="3 tokens are unknown .*: 1000, -3, 5"):
        assert classifier.predict([[1000], [-3, 5]]).shape == (2,)
    numbers = AttentionLSTMClassifier(max_epochs=1, random_state=0).fit(X, y)
    assert numbers.input_size_ == 1


def test_initial_vectors_are_where_training_starts():
    X, y = sentences()
    vectors = np.arange(10.0, dtype=np.float32).reshape(5, 2)
    classifier = AttentionLSTMClassifier(
        tokens=Tokens(vocabulary=["yes", "ba", "bu", "di", "do"], vectors=vectors),
        lr=1e-12,
        max_epochs=1,
    ).fit(X, y)
    table = classifier.network_.front_end.blocks[0].table.weight.detach().numpy()
    np.testing.assert_allclose(table[2:], vectors, atol=1e-6)
    np.testing.assert_allclose(table[1], vectors.mean(axis=0), atol=1e-6)
    np.testing.assert_array_equal(table[0], 0)


def test_events_with_categories():
    X, y = sentences()
    rng = np.random.default_rng(0)
    frames = [pd.DataFrame({"word": x, "at": rng.normal(size=len(x))}) for x in X]
    classifier = AttentionLSTMClassifier(max_epochs=20, random_state=0).fit(frames, y)
    assert classifier.score(frames, y) > 0.9
    unseen = [pd.DataFrame({"word": ["new", "ba"], "at": [0.0, 1.0]})]
    assert classifier.predict(unseen).shape == (1,)


def test_events_pass_any_front_end():
    X, y = sentences(20)
    frames = [pd.DataFrame({"word": x, "place": range(len(x))}) for x in X]
    for front_end in (None, "conv", ("dense", "batch_norm")):
        classifier = AttentionLSTMClassifier(front_end=front_end, max_epochs=1)
        assert classifier.fit(frames, y).predict(frames).shape == (20,)


def test_channels_first():
    X, y = walks()
    plain = AttentionLSTMClassifier(max_epochs=2, random_state=0, **SMALL).fit(X, y)
    turned = AttentionLSTMClassifier(
        max_epochs=2, random_state=0, channels_first=True, **SMALL
    ).fit([x.T for x in X], y)
    np.testing.assert_array_equal(
        plain.predict_proba(X), turned.predict_proba([x.T for x in X])
    )


def test_balanced_class_weights_raise_the_rare_class():
    X, y = walks(80)
    rows = np.r_[np.flatnonzero(y == "down"), np.flatnonzero(y == "up")[:4]]
    X, y, X_new = [X[i] for i in rows], y[rows], walks(seed=1)[0]
    shares = {}
    for class_weight in (None, "balanced", {"down": 1.0, "up": 10.0}):
        classifier = AttentionLSTMClassifier(
            blend=None,
            class_weight=class_weight,
            max_epochs=40,
            random_state=0,
            **SMALL,
        ).fit(X, y)
        ups = classifier.predict_proba(X_new)[:, 1]
        shares[str(class_weight)] = ups.mean()
    assert shares["balanced"] > shares["None"] + 0.03
    np.testing.assert_allclose(list(shares.values())[2], shares["balanced"], atol=1e-5)


@pytest.mark.parametrize("n", [24, 40, 120])
def test_a_class_of_weight_0_counts_nowhere(n):
    X, y = walks(n)
    y = np.where(np.arange(n) % 3 == 0, "none", y)
    weights = {"down": 1.0, "up": 1.0, "none": 0.0}
    classifier = AttentionLSTMClassifier(
        max_epochs=3, class_weight=weights, random_state=0, **SMALL
    ).fit(X, y)
    probabilities = classifier.predict_proba(X)
    assert (probabilities[:, list(classifier.classes_).index("none")] < 0.2).all()
    counts = y != "none"
    assert classifier.score([X[i] for i in np.flatnonzero(counts)], y[counts]) > 0.6


def test_balanced_weights_count_sample_weights():
    X, y = walks(40)
    weights = np.where(y == "up", 3, 1)
    repeated = [x for x, k in zip(X, weights, strict=True) for _ in range(k)]
    settings = {"class_weight": "balanced", "max_epochs": 2, "random_state": 0, **SMALL}
    weighted = AttentionLSTMClassifier(**settings).fit(X, y, sample_weight=weights)
    copied = AttentionLSTMClassifier(**settings).fit(repeated, np.repeat(y, weights))
    np.testing.assert_array_equal(weighted.predict_proba(X), copied.predict_proba(X))


def test_label_smoothing_keeps_probabilities_moderate():
    X, y = walks()
    certainty = []
    for smoothing in (0.0, 0.4):
        loss = nn.CrossEntropyLoss(label_smoothing=smoothing)
        classifier = AttentionLSTMClassifier(
            blend=None,
            net_params={"criterion": loss},
            max_epochs=40,
            random_state=0,
        ).fit(X, y)
        certainty.append(classifier.predict_proba(X).max(axis=1).mean())
    # The best answer to targets of 0.8 and 0.2 is 0.8.
    assert certainty[0] > 0.9
    assert certainty[1] == pytest.approx(0.8, abs=0.07)


def test_pace_changes_numbers_but_no_tokens():
    X, y = walks(20)
    fits = [
        AttentionLSTMClassifier(
            time_warp=most, max_epochs=2, random_state=0, **SMALL
        ).fit(X, y)
        for most in (0.0, 0.25)
    ]
    assert [fit.network_.config.time_warp for fit in fits] == [0.0, 0.25]
    losses = [fit.history_["train_loss"].iloc[0] for fit in fits]
    assert losses[0] != losses[1]
    words = AttentionLSTMClassifier(max_epochs=1, random_state=0, hidden_size=4)
    assert words.fit(["a b", "b a"] * 4, [0, 1] * 4).network_.config.time_warp == 0.0


def test_same_seed_same_bits():
    X, y = walks()
    make = lambda seed: AttentionLSTMClassifier(max_epochs=3, random_state=seed)  # noqa: E731
    first, second, other = (make(seed).fit(X, y) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first.predict_proba(X), second.predict_proba(X))
    assert not np.array_equal(first.predict_proba(X), other.predict_proba(X))
    from_state = make(np.random.RandomState(3)).fit(X, y)
    np.testing.assert_array_equal(first.predict_proba(X), from_state.predict_proba(X))


def test_row_order_does_not_matter():
    X, y = walks()
    rows = np.random.default_rng(1).permutation(len(X))
    settings = {"max_epochs": 2, "random_state": 0, **SMALL}
    first = AttentionLSTMClassifier(**settings).fit(X, y)
    second = AttentionLSTMClassifier(**settings).fit([X[i] for i in rows], y[rows])
    np.testing.assert_array_equal(first.predict_proba(X), second.predict_proba(X))


def test_warm_start_goes_on():
    X, y = walks()
    classifier = AttentionLSTMClassifier(
        max_epochs=3, warm_start=True, random_state=0, **SMALL
    ).fit(X, y)
    before = classifier.history_["train_loss"].iloc[0]
    classifier.fit(X, y)
    assert classifier.n_iter_ == 6
    assert classifier.history_["epoch"].tolist() == [1, 2, 3, 4, 5, 6]
    assert classifier.history_["train_loss"].iloc[3] < before


def test_partial_fit_learns_batch_by_batch():
    classifier = AttentionLSTMClassifier(random_state=0, **SMALL)
    X, y = walks(200)
    one_class = y == "down"
    first = [x for x, down in zip(X[:20], one_class[:20], strict=True) if down]
    classifier.partial_fit(first, ["down"] * len(first), classes=["down", "up"])
    for _ in range(8):
        for start in range(0, 200, 50):
            rows = slice(start, start + 50)
            classifier.partial_fit(X[rows], y[rows])
    assert classifier.n_iter_ == 33
    assert classifier.score(*walks(seed=1)) > 0.8
    with pytest.raises(ValueError, match=r"classes=\['down'\] is not the same as on"):
        classifier.partial_fit(X, y, classes=["down"])
    classifier.partial_fit(X[:9], y[:9], classes=["up", "down"])
    with pytest.raises(ValueError, match="'sideways'"):
        classifier.partial_fit(X[:2], ["sideways", "up"])


def test_explicit_validation_data_stop_and_restore():
    X, y = walks()
    X_val, y_val = walks(seed=1)
    classifier = AttentionLSTMClassifier(
        max_epochs=60, n_iter_no_change=3, lr=0.02, random_state=0, **SMALL
    ).fit(X, y, validation_data=(X_val, y_val))
    history = classifier.history_
    best = history["valid_loss"].idxmin()
    assert len(history) == best + 1 + 3
    again = AttentionLSTMClassifier(
        max_epochs=60, n_iter_no_change=3, lr=0.02, random_state=0, **SMALL
    ).fit(X, y, X_val=X_val, y_val=y_val)
    np.testing.assert_array_equal(again.predict_proba(X), classifier.predict_proba(X))


def test_validation_is_only_watched_without_early_stopping():
    X, y = walks()
    classifier = AttentionLSTMClassifier(
        max_epochs=4, early_stopping=False, random_state=0, **SMALL
    )
    watched = classifier.fit(X, y, validation_data=walks(seed=1)).predict_proba(X)
    assert len(classifier.history_) == 4
    assert classifier.history_["valid_loss"].notna().all()
    np.testing.assert_array_equal(watched, classifier.fit(X, y).predict_proba(X))


def test_held_out_rows_are_not_trained_on():
    X, y = walks()
    classifier = AttentionLSTMClassifier(
        max_epochs=2, early_stopping=True, validation_fraction=0.25, random_state=0
    ).fit(X, y)
    assert "valid_loss" in classifier.history_
    scale = classifier.input_encoder_.steps_[0].scale_
    assert not np.allclose(scale, np.concatenate(X).std(axis=0), rtol=1e-6)


@pytest.mark.parametrize("container", ["list", "array", "padded"])
def test_the_network_reads_the_arrays_of_the_user(container):
    rng = np.random.RandomState(0)
    X = rng.standard_normal((9, 7, 2)).astype(np.float32)
    if container == "padded":
        X[::2, 5:] = np.nan
    given = list(X) if container == "list" else X
    model = AttentionLSTMClassifier(max_epochs=1, random_state=0)
    with mock.patch("sklearn_seqattn.training.fit.train", wraps=train) as training:
        model.fit(given, np.arange(9) % 2)
    for dataset in (training.call_args.args[2], model._read_dataset(given)):
        for start, stop in zip(dataset.starts, dataset.stops, strict=True):
            assert np.shares_memory(dataset.values[start:stop], X)


def test_a_failed_refit_loses_nothing(fitted):
    classifier = pickle.loads(pickle.dumps(fitted))
    X, y = walks()
    before = classifier.predict_proba(X)
    with pytest.raises(ValueError, match="has 1 channel"):
        classifier.fit([*X, np.ones(3)], [*y, "up"])
    with pytest.raises(FloatingPointError, match="Try a smaller lr"):
        classifier.set_params(
            lr=1e30, net_params={"callbacks__gradient_clip": None}
        ).fit(X, y)
    np.testing.assert_array_equal(classifier.predict_proba(X), before)


def test_pickle_is_small_and_equal(fitted):
    X, _ = walks()
    data = pickle.dumps(fitted)
    weights = sum(p.numel() for p in fitted.network_.state_dict().values())
    assert len(data) < 4 * weights + 100_000
    np.testing.assert_array_equal(
        pickle.loads(data).predict_proba(X), fitted.predict_proba(X)
    )


def test_attention_weights_have_no_padding(fitted):
    X, _ = walks()
    weights = fitted.attention_weights(X)
    assert [w.shape for w in weights] == [(4, len(x), len(x)) for x in X]
    for w in weights:
        np.testing.assert_allclose(w.sum(axis=-1), 1, rtol=1e-5)


def test_attention_weights_are_over_strided_steps():
    X, y = walks()
    classifier = AttentionLSTMClassifier(
        front_end=Conv(stride=3), attention="dot", max_epochs=1
    ).fit(X, y)
    for x, w in zip(X, classifier.attention_weights(X), strict=True):
        assert w.shape == (1, -(-len(x) // 3), -(-len(x) // 3))


def test_silent_by_default_and_a_bar_on_request(capsys):
    X, y = walks(20)
    AttentionLSTMClassifier(max_epochs=2, **SMALL).fit(X, y)
    captured = capsys.readouterr()
    assert captured.out + captured.err == ""
    AttentionLSTMClassifier(max_epochs=2, verbose=1, **SMALL).fit(X, y)
    captured = capsys.readouterr()
    assert "2/2" in captured.err
    assert "train_loss" in captured.err


def test_japanese_vowels(shared_data):
    stored = np.load(shared_data / "classification" / "JapaneseVowels.npz")
    X = np.split(stored["values"], np.cumsum(stored["lengths"])[:-1])
    y, n_train = stored["targets"], int(stored["n_train"])
    classifier = AttentionLSTMClassifier(random_state=0)
    classifier.fit(X[:n_train], y[:n_train])
    assert classifier.score(X[n_train:], y[n_train:]) >= 0.97
