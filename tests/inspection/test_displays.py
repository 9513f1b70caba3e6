"""What the displays show: their data, labels and axes, never pixels."""

import sys

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from model_zoo import EVENTS, SENTENCES, STATE_EVENTS, WALKS, fitted

from sklearn_seqattn import AttentionLSTMClassifier, NextStateMarkov
from sklearn_seqattn.inspection import (
    AttentionDisplay,
    ImportanceDisplay,
    NextStateDisplay,
    PrefixDisplay,
    TrainingHistoryDisplay,
    TransitionDisplay,
    integrated_gradients,
    occlusion_importance,
)
from sklearn_seqattn.inspection.figures import shorten, strongest


@pytest.fixture(autouse=True)
def _figures():
    mpl.use("Agg")
    import matplotlib.pyplot as plt

    yield
    plt.close("all")


def texts(axis):
    return [label.get_text() for label in axis.get_ticklabels()]


class TestAttention:
    def test_one_heat_map_a_head(self):
        model = fitted("classifier")
        display = AttentionDisplay.from_estimator(model, WALKS, index=3)
        (weights,) = model.attention_weights(WALKS[3:4])
        assert len(display.ax_) == len(weights) == 2
        for panel, head in zip(display.ax_, weights, strict=True):
            np.testing.assert_array_equal(panel.images[0].get_array(), head)
            assert panel.images[0].norm.vmin == 0

    def test_axes_count_steps_of_the_input(self):
        display = AttentionDisplay.from_predictions(np.full((1, 4, 4), 0.25), stride=10)
        assert [*display.ax_[0].images[0].get_extent()] == [-5, 35, 35, -5]

    def test_tokens_are_the_labels(self):
        display = AttentionDisplay.from_estimator(fitted("tokens"), SENTENCES, index=1)
        assert texts(display.ax_[0].xaxis) == SENTENCES[1]
        assert texts(display.ax_[0].yaxis) == SENTENCES[1]

    @pytest.mark.parametrize(("name", "X"), [("next event", STATE_EVENTS)])
    def test_the_start_symbol_has_a_name(self, name, X):
        display = AttentionDisplay.from_estimator(fitted(name), X)
        assert texts(display.ax_[0].xaxis) == ["(start)", *X[0]["act"]]

    def test_long_labels_are_cut_and_many_are_thinned_out(self):
        labels = [f"state {i} of a process that is long" for i in range(100)]
        display = AttentionDisplay.from_predictions(
            np.full((1, 100, 100), 0.01), labels=labels
        )
        found = texts(display.ax_[0].xaxis)
        assert len(found) == 34
        assert max(map(len, found)) == 24

    def test_axes_of_the_user_are_divided(self):
        import matplotlib.pyplot as plt

        figure, axes = plt.subplots(1, 2)
        display = AttentionDisplay(np.full((3, 2, 2), 0.5)).plot(ax=axes[1])
        assert display.figure_ is figure
        assert len(display.ax_) == 3
        assert set(display.ax_) <= set(axes[1].child_axes)
        single = AttentionDisplay(np.full((1, 2, 2), 0.5)).plot(ax=axes[0])
        assert single.ax_ == [axes[0]]


class TestImportance:
    def test_curves_of_channels(self):
        model = fitted("classifier")
        display = ImportanceDisplay.from_estimator(model, WALKS, index=2)
        (expected,) = occlusion_importance(model, WALKS[2:3])
        np.testing.assert_allclose(display.importance, expected)
        for k, panel in enumerate(display.ax_):
            np.testing.assert_array_equal(panel.lines[0].get_ydata(), WALKS[2][:, k])
            np.testing.assert_allclose(panel.images[0].get_array()[0], expected)

    def test_integrated_gradients_color_each_channel(self):
        model = fitted("classifier")
        display = ImportanceDisplay.from_estimator(
            model, WALKS, method="integrated_gradients", target="up", n_steps=5
        )
        (expected,) = integrated_gradients(model, WALKS[:1], target="up", n_steps=5)
        for k, panel in enumerate(display.ax_):
            np.testing.assert_allclose(panel.images[0].get_array()[0], expected[:, k])

    def test_words_are_shaded(self):
        display = ImportanceDisplay.from_predictions(
            np.array(["so", "good", "film"], object), [0.0, 2.0, -1.0]
        )
        found = display.ax_[0].texts
        assert [text.get_text() for text in found] == ["so", "good", "film"]
        clear, red, blue = (text.get_bbox_patch().get_facecolor() for text in found)
        assert clear[3] < 0.02
        assert red[0] > red[2]
        assert blue[2] > blue[0]
        assert red[3] > blue[3] > 0.3

    def test_no_word_overlaps_another(self):
        words = np.array([f"word{'s' * (i % 9)}" for i in range(120)], object)
        display = ImportanceDisplay.from_predictions(words, np.zeros(120))
        places = [text.get_position() for text in display.ax_[0].texts]
        for (x, y), word, (next_x, next_y) in zip(
            places[:-1], words[:-1], places[1:], strict=True
        ):
            assert next_y < y or next_x >= x + len(word) / 72

    @pytest.mark.parametrize(("n_channels", "n_panels"), [(1, 1), (8, 8), (60, 1)])
    def test_many_channels_are_a_heat_map(self, n_channels, n_panels):
        importance = np.arange(5.0 * n_channels).reshape(5, n_channels)
        x = np.random.default_rng(0).normal(size=(5, n_channels))
        display = ImportanceDisplay.from_predictions(x, importance)
        assert len(display.ax_) == n_panels
        if n_panels < n_channels:
            shown = display.ax_[0].images[0].get_array()
            np.testing.assert_array_equal(shown, importance.T)

    def test_columns_of_events_are_rows(self):
        display = ImportanceDisplay.from_estimator(
            fitted("event classes"), EVENTS, index=2, by_channel=True
        )
        assert texts(display.ax_[0].yaxis) == ["act", "h"]
        assert display.ax_[0].images[0].get_array().shape == (2, 3)

    def test_many_words_are_a_strip(self):
        display = ImportanceDisplay.from_predictions(
            np.array(["a"] * 3000, object), np.arange(3000.0)
        )
        (image,) = display.ax_[0].images
        assert image.get_array().shape == (1, 400)
        assert image.get_extent()[:2] == [-0.5, 2999.5]

    def test_refused(self):
        with pytest.raises(ValueError, match="method='shap' must be one of"):
            ImportanceDisplay.from_estimator(fitted("tokens"), SENTENCES, method="shap")
        with pytest.raises(ValueError, match="has 2 steps, but the sequence has 3"):
            ImportanceDisplay.from_predictions(np.zeros(3), [1.0, 2.0])
        with pytest.raises(IndexError, match="index=24 is no sequence of X"):
            ImportanceDisplay.from_estimator(fitted("tokens"), SENTENCES, index=24)


class TestHistory:
    HISTORY = pd.DataFrame(
        {
            "epoch": [1, 2, 3],
            "train_loss": [3.0, 2.0, 1.0],
            "valid_loss": [3.0, 2.0, 2.5],
            "seconds": [1.0, 1.0, 1.0],
            "accuracy": [0.5, 0.6, 0.7],
        }
    )

    def test_losses_scores_and_the_best_epoch(self):
        display = TrainingHistoryDisplay.from_predictions(self.HISTORY)
        train, valid, best = display.ax_.lines
        np.testing.assert_array_equal(train.get_ydata(), [3, 2, 1])
        np.testing.assert_array_equal(valid.get_ydata(), [3, 2, 2.5])
        assert list(best.get_xdata()) == [2, 2]
        assert display.best_epoch_ == 2
        (score,) = display.score_ax_.lines
        np.testing.assert_array_equal(score.get_ydata(), [0.5, 0.6, 0.7])
        names = [text.get_text() for text in display.ax_.get_legend().get_texts()]
        assert names == ["train loss", "valid loss", "accuracy", "best epoch (2)"]

    def test_a_fitted_estimator_without_validation(self):
        display = TrainingHistoryDisplay.from_estimator(fitted("pipeline"))
        assert display.best_epoch_ is None
        assert display.score_ax_ is None
        assert len(display.ax_.lines) == 1

    def test_refused(self):
        with pytest.raises(TypeError, match="NextStateMarkov is not trained in epochs"):
            TrainingHistoryDisplay.from_estimator(fitted("markov"))


class TestNextState:
    @pytest.mark.parametrize("name", ["next state", "markov"])
    def test_bars_are_the_most_probable_states(self, name):
        model = fitted(name)
        display = NextStateDisplay.from_estimator(model, SENTENCES, index=2, k=3)
        states, probabilities = model.predict_topk(SENTENCES[2:3], k=3)
        assert texts(display.ax_.yaxis) == states[0].tolist()
        widths = [bar.get_width() for bar in display.ax_.patches]
        np.testing.assert_allclose(widths, probabilities[0])
        assert " ".join(SENTENCES[2][-3:]) in display.ax_.get_title()

    def test_events(self):
        display = NextStateDisplay.from_estimator(fitted("next event"), STATE_EVENTS)
        assert display.prefix == STATE_EVENTS[0]["act"].tolist()

    def test_counted_and_learned_transitions(self):
        X = [["a", "b", "a", "c"], ["a", "b"]]
        model = NextStateMarkov(order=1, end_state=True).fit(X)
        display = TransitionDisplay.from_estimator(model, X)
        assert display.states.tolist() == ["a", "b", "c"]
        expected = [[0, 2 / 3, 1 / 3], [1, 0, 0], [0, 0, 0]]
        np.testing.assert_allclose(display.counted, expected)
        after_a = model.predict_proba([["a"]])[0][:3]
        np.testing.assert_allclose(display.learned[0], after_a)
        for panel, matrix in zip(
            display.ax_, (display.counted, display.learned), strict=True
        ):
            np.testing.assert_array_equal(panel.images[0].get_array(), matrix)

    def test_the_most_frequent_states(self):
        X = [list("aabbbccccd")]
        display = TransitionDisplay.from_estimator(
            NextStateMarkov().fit(X), X, n_states=2
        )
        assert display.states.tolist() == ["b", "c"]
        assert display.counted.shape == (2, 2)

    def test_refused(self):
        for display in (NextStateDisplay, TransitionDisplay):
            with pytest.raises(TypeError, match="does not predict next states"):
                display.from_estimator(fitted("tokens"), SENTENCES)


class TestPrefixes:
    @pytest.mark.parametrize(
        ("name", "X", "method"),
        [
            ("classifier", WALKS, "predict_proba_prefixes"),
            ("tokens", SENTENCES, "predict_proba_prefixes"),
            ("event classes", EVENTS, "predict_proba_prefixes"),
            ("kernel numbers", WALKS, "predict_prefixes"),
            ("regressor", WALKS, "predict_prefixes"),
            ("next state", SENTENCES, "predict_positions"),
            ("markov", SENTENCES, "predict_positions"),
            ("next event", STATE_EVENTS, "predict_positions"),
        ],
    )
    def test_a_line_for_each_output(self, name, X, method):
        model = fitted(name)
        display = PrefixDisplay.from_estimator(model, X, index=2)
        (expected,) = getattr(model, method)(X[2:3])
        expected = expected.reshape(len(expected), -1)
        assert len(display.ax_.lines) == expected.shape[1]
        for line, values in zip(display.ax_.lines, expected.T, strict=True):
            np.testing.assert_allclose(line.get_ydata(), values)
        if hasattr(model, "classes_"):
            legend = display.ax_.get_legend().get_texts()
            assert [x.get_text() for x in legend] == list(map(str, model.classes_))
        else:
            assert display.ax_.get_ylabel() == "prediction"

    def test_steps_are_counted_or_named(self):
        display = PrefixDisplay.from_estimator(fitted("classifier"), WALKS)
        assert display.ax_.lines[0].get_xdata()[0] == 1
        display = PrefixDisplay.from_estimator(fitted("tokens"), SENTENCES, index=1)
        assert texts(display.ax_.xaxis) == SENTENCES[1]
        display = PrefixDisplay.from_estimator(fitted("next event"), STATE_EVENTS)
        assert texts(display.ax_.xaxis) == STATE_EVENTS[0]["act"].tolist()

    def test_a_pipeline_transforms_the_sequence(self):
        model = fitted("pipeline")
        display = PrefixDisplay.from_estimator(model, WALKS, index=1)
        last = display.values[-1]
        np.testing.assert_allclose(last, model.predict_proba(WALKS[1:2])[0], rtol=1e-5)

    def test_of_many_classes_the_most_probable_have_colors(self):
        proba = np.random.default_rng(0).dirichlet(np.ones(12), size=5)
        classes = [f"a class with a long name {k}" for k in range(12)]
        display = PrefixDisplay.from_predictions(proba, classes=classes)
        gray = [line for line in display.ax_.lines if line.get_color() == "0.5"]
        colored = [line for line in display.ax_.lines if line not in gray]
        assert (len(gray), len(colored)) == (4, 8)
        largest = max(line.get_ydata().max() for line in gray)
        assert all(line.get_ydata().max() >= largest for line in colored)
        legend = display.ax_.get_legend()
        assert legend.get_title().get_text().startswith("8 of 12 classes")
        assert max(len(x.get_text()) for x in legend.get_texts()) == 24

    def test_axes_of_the_user(self):
        import matplotlib.pyplot as plt

        figure, ax = plt.subplots()
        display = PrefixDisplay(np.ones((3, 1))).plot(ax=ax)
        assert (display.figure_, display.ax_) == (figure, ax)

    def test_refused(self):
        with pytest.raises(ValueError, match=r"labels has 2 .* need 3"):
            PrefixDisplay.from_predictions(np.ones(3), labels=["a", "b"])
        with pytest.raises(ValueError, match=r"classes has 2 .* need 1"):
            PrefixDisplay.from_predictions(np.ones(3), classes=["a", "b"])
        with pytest.raises(IndexError, match="index=24 is no sequence of X"):
            PrefixDisplay.from_estimator(fitted("tokens"), SENTENCES, index=24)


def test_without_matplotlib_the_error_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(ImportError, match=r"AttentionDisplay .*sklearn_seqattn\[plot"):
        AttentionDisplay.from_predictions(np.full((1, 2, 2), 0.5))


@pytest.mark.parametrize("n", [1, 399, 400, 401, 3000])
@pytest.mark.parametrize("axis", [0, 1])
def test_the_strongest_of_neighbors_is_shown(n, axis):
    rng = np.random.default_rng(n)
    values = rng.normal(size=(3, n) if axis else (n, 3))
    values[(1, n // 2) if axis else (n // 2, 1)] = -99.0  # a single step
    found = strongest(values, axis)
    assert found.shape[axis] == min(n, 400)
    assert found.min() == -99.0
    assert np.isin(found, values).all()
    if n <= 400:
        np.testing.assert_array_equal(found, values)


@given(st.text(max_size=60))
def test_long_labels_keep_both_ends(text):
    short = shorten(text)
    assert len(short) <= 24
    assert (short[:12], short[-11:]) == (text[:12], text[-11:]) or short == text


class TestHistoryOfScores:
    history = pd.DataFrame(
        {
            "epoch": [1, 2, 3],
            "train_loss": [3.0, 2.0, 1.0],
            "valid_loss": [3.0, 1.0, 2.0],
            "valid_accuracy": [0.1, 0.2, np.nan],
            "lr": [0.1, 0.2, 0.0],
            "batches": [5, 5, 2],
            "seconds": [1.0, 1.0, 0.5],
        }
    )

    def test_the_first_score_tells_the_best_epoch(self):
        frame = self.history.assign(valid_accuracy=[0.3, 0.2, np.nan])
        display = TrainingHistoryDisplay.from_predictions(frame)
        assert display.best_epoch_ == 2
        display = TrainingHistoryDisplay(frame, monitor="valid_accuracy").plot()
        assert display.best_epoch_ == 1

    def test_scores_and_rate_are_shown(self):
        display = TrainingHistoryDisplay.from_predictions(self.history)
        assert [len(ax.lines) for ax in (display.ax_, display.score_ax_)] == [3, 1]
        texts = [text.get_text() for text in display.ax_.get_legend().get_texts()]
        assert "lr (up to 0.2)" in texts
        assert "valid accuracy" in texts
        assert not {"batches", "seconds"} & set(texts)

    def test_the_estimator_tells_what_stopped_it(self):
        X = [np.full(4, i % 2) + 0.1 * i for i in range(20)]
        model = AttentionLSTMClassifier(
            scoring=["accuracy", "loss"], early_stopping=True, max_epochs=3
        )
        model.fit(X, np.arange(20) % 2)
        display = TrainingHistoryDisplay.from_estimator(model)
        assert display.monitor == "valid_accuracy"
        assert display.best_epoch_ == model.history_["valid_accuracy"].argmax() + 1
