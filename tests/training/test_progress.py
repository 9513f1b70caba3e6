"""What a fit and a prediction show of themselves."""

import io
import re
import sys
import time
from contextlib import contextmanager
from types import SimpleNamespace

import numpy as np
import pytest
from small_trainings import SMALL, X, Y, line_data, make_plan, train_line

from sklearn_seqattn import (
    AttentionLSTMClassifier,
    AttentionLSTMRegressor,
    AttentionLSTMTagger,
    NextStateLSTM,
    RandomKernels,
)
from sklearn_seqattn.training import progress
from sklearn_seqattn.training.progress import LogBar, is_interactive, open_bar

STATES = [["a", "b", "c"], ["b", "c", "a", "b"]] * 10


class Terminal(io.StringIO):
    """A terminal that remembers what it was sent."""

    def isatty(self):
        return True


@pytest.fixture
def terminal(monkeypatch):
    """Draw again at every update, in a terminal that is known."""
    terminal = Terminal()
    known = SimpleNamespace(stderr=terminal, modules={})
    monkeypatch.setattr(progress, "sys", known)
    monkeypatch.setattr(progress, "_SECONDS_A_BAR", 0.0)
    return terminal


def fit(kind, **options):
    params = {k: v for k, v in SMALL.items() if k in kind().get_params()}
    data = (STATES,) if kind is NextStateLSTM else (X, Y)
    return kind(**{**params, **options}).fit(*data), data[0]


KINDS = [AttentionLSTMClassifier, AttentionLSTMRegressor, NextStateLSTM]


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_shown_by_default(kind, capfd):
    model, X = fit(kind)
    model.predict(X)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("kind", KINDS)
def test_a_terminal_gets_a_bar_by_batch(kind, terminal):
    fit(kind, verbose=1)
    drawn = terminal.getvalue().split("\r")
    bars = [text for text in drawn if "epoch 1/3" in text and "train_loss" in text]
    assert len(bars) >= 2  # more than one an epoch
    assert "sequences/s" in bars[-1]
    assert "<00:" in bars[-1]  # the time that is left
    assert any("reading X" in text for text in drawn)
    assert any(
        "epoch 3/3: : 100%" in text or "epoch 3/3: 100%" in text for text in drawn
    )


@pytest.mark.parametrize("kind", KINDS)
def test_a_log_gets_a_line_an_epoch(kind, capfd):
    fit(kind, verbose=1)
    out, err = capfd.readouterr()
    assert out == ""
    assert "\r" not in err
    lines = [line for line in err.splitlines() if line.startswith("epoch")]
    assert [line.split(":")[0] for line in lines] == [f"epoch {i}/3" for i in (1, 2, 3)]
    assert all("train_loss=" in line and "sequences/s" in line for line in lines)
    assert "100%" in lines[-1]


def test_both_losses_are_shown(capfd):
    _, history = train_line(plan=make_plan(verbose=1), valid_set=line_data(seed=1))
    last = capfd.readouterr().err.splitlines()[-1]
    row = history.iloc[-1]
    for name in ("train_loss", "valid_loss"):
        assert f"{name}={row[name]:.4f}" in last


def test_a_log_gets_a_line_a_minute(monkeypatch, capfd):
    now = [0.0]
    monkeypatch.setattr(progress, "monotonic", lambda: now[0])
    bar = LogBar(1000, initial=500, desc="epoch 2/2: ")
    for _ in range(10):
        bar.update(10)
        now[0] += 15
    lines = capfd.readouterr().err.splitlines()
    assert len(lines) == 2  # after 60 and 120 of 150 seconds
    assert lines[0].startswith("epoch 2/2:  55% [01:00<")


def test_a_fit_that_goes_on_begins_its_bar_there(tmp_path, terminal):
    options = {"checkpoint": tmp_path, "max_time": 1e-9}
    fit(AttentionLSTMClassifier, **options)
    fit(AttentionLSTMClassifier, verbose=1, checkpoint=tmp_path)
    counts = re.findall(r"epoch 1/3: .*? (\d+)/42 ", terminal.getvalue())
    assert int(counts[0]) == 0
    later = [int(count) for count in counts if count != "0"]
    assert (min(later), max(later)) == (8, 14)  # 4 of 14 were done before


@pytest.mark.parametrize("kind", KINDS)
def test_a_long_prediction_has_a_bar(kind, terminal, monkeypatch):
    monkeypatch.setattr(progress, "_SILENT_SECONDS", 0.0)
    model, X = fit(kind)
    model.set_params(verbose=1).predict(X)
    text = terminal.getvalue()
    assert f"{len(X)}/{len(X)}" in text
    assert "predict" in text


@pytest.mark.parametrize("kind", KINDS)
def test_a_short_prediction_shows_nothing(kind, terminal):
    model, X = fit(kind)
    model.set_params(verbose=1).predict(X)
    assert terminal.getvalue() == ""


def test_a_fit_that_fails_clears_its_line(terminal):
    with pytest.raises(ValueError, match="y"):
        AttentionLSTMClassifier(verbose=1).fit(X, Y[:3])
    text = terminal.getvalue()
    assert "reading X" in text
    assert text.split("\r")[-2].strip() == ""


class TestWhere:
    def test_in_a_file(self, monkeypatch):
        monkeypatch.setattr(sys, "stderr", io.StringIO())
        assert not is_interactive()
        assert isinstance(open_bar(3), LogBar)

    def test_without_any_standard_error(self, monkeypatch):
        monkeypatch.setattr(sys, "stderr", None)
        assert not is_interactive()
        fit(AttentionLSTMClassifier, verbose=1)

    def test_in_a_notebook(self, monkeypatch):
        monkeypatch.setattr(sys, "stderr", io.StringIO())
        shell = SimpleNamespace(kernel=object(), config={})
        ipython = SimpleNamespace(get_ipython=lambda: shell)
        monkeypatch.setitem(sys.modules, "IPython", ipython)
        assert is_interactive()
        with open_bar(3) as bar:
            bar.update(3)
        assert "3/3" in sys.stderr.getvalue()

    def test_in_the_prompt_of_ipython(self, monkeypatch):
        monkeypatch.setattr(sys, "stderr", io.StringIO())
        ipython = SimpleNamespace(get_ipython=lambda: SimpleNamespace(config={}))
        monkeypatch.setitem(sys.modules, "IPython", ipython)
        assert not is_interactive()


def test_what_is_shown_changes_nothing(terminal):
    shown, _ = fit(AttentionLSTMClassifier, verbose=1)
    silent, _ = fit(AttentionLSTMClassifier)
    np.testing.assert_array_equal(shown.predict_proba(X), silent.predict_proba(X))


WORDS = [["good", "so"], ["bad", "no", "no"]] * 10
TAGS = [["G", "S"], ["B", "N", "N"]] * 10
SMALLEST = {"max_epochs": 1, "hidden_size": 4, "num_layers": 1, "random_state": 0}
PARTNERS = {
    "kernels": (AttentionLSTMClassifier, {"blend": RandomKernels(84)}, (X, Y)),
    "kernels and validation": (
        AttentionLSTMClassifier,
        {
            "blend": RandomKernels(84),
            "early_stopping": True,
            "validation_fraction": 0.5,
        },
        (X, Y),
    ),
    "last steps": (AttentionLSTMRegressor, {"blend": RandomKernels(84)}, (X, Y)),
    "ngrams": (AttentionLSTMClassifier, {}, (WORDS, [1, 0] * 10)),
    "windows": (AttentionLSTMTagger, {}, (WORDS, TAGS)),
    "counts": (NextStateLSTM, {}, (STATES,)),
}


@pytest.mark.parametrize("name", PARTNERS)
def test_the_partner_has_a_bar(name, terminal, monkeypatch):
    """Its rows are counted up to the last one."""
    monkeypatch.setattr(progress, "_SILENT_SECONDS", 0.0)
    kind, options, data = PARTNERS[name]
    kind(**SMALLEST, **options, verbose=1).fit(*data)
    found = re.findall(r"partner: .*?(\d+)/(\d+) ", terminal.getvalue())
    totals = {int(total) for _, total in found}
    assert len(totals) == 1
    counts = [int(count) for count, _ in found]
    assert counts == sorted(counts)
    assert len(set(counts)) > 2
    assert counts[-1] == totals.pop()


@pytest.mark.parametrize("kind", [AttentionLSTMClassifier, AttentionLSTMRegressor])
@pytest.mark.parametrize("is_held_out", [False, True])
def test_all_rows_of_the_kernels_are_counted(kind, is_held_out, monkeypatch):
    advanced, totals = [], []

    @contextmanager
    def bar(total, verbose):
        totals.append(total)
        yield advanced.append

    monkeypatch.setattr(f"{kind.__module__}.partner_bar", bar)
    options = {"early_stopping": is_held_out, "validation_fraction": 0.5}
    kind(**SMALLEST, **options, blend=RandomKernels(84)).fit(X, Y)
    assert sum(advanced) == totals[0] > 0


def test_a_bar_moves_while_a_library_works(terminal, monkeypatch):
    monkeypatch.setattr(progress, "_SILENT_SECONDS", 0.0)
    monkeypatch.setattr(progress, "_SECONDS_A_SIGN", 0.01)
    with progress.partner_bar(10, verbose=1):
        while terminal.getvalue().count("0/10") < 3:
            time.sleep(0.01)  # a long step that tells nothing
    assert "10/10" in terminal.getvalue()


def test_a_log_gets_a_line_a_minute_of_the_partner(monkeypatch, capfd):
    now = [0.0]
    monkeypatch.setattr(progress, "monotonic", lambda: now[0])
    with progress.partner_bar(10_000, verbose=1) as advance:
        for _ in range(10):
            advance(100)
            now[0] += 15
    lines = capfd.readouterr().err.splitlines()
    assert lines[0].startswith("partner:   5% [01:00<")
    assert "rows/s" in lines[0]


@pytest.mark.parametrize("name", PARTNERS)
def test_an_interrupt_of_the_partner_leaves_the_estimator(name, monkeypatch):
    def press(*args, **kwargs):
        raise KeyboardInterrupt  # as the handler of SIGINT does

    kind, options, data = PARTNERS[name]
    model = kind(**SMALLEST, **options)
    is_inside = isinstance(model.blend, RandomKernels)
    step = "building the network and its partner" if is_inside else "calibrating"
    for fitted in (False, True):
        before = dict(vars(model))
        with monkeypatch.context() as patch:
            patch.setattr("sklearn_seqattn.kernels.fitting._fit_rounds", press)
            patch.setattr("sklearn_seqattn.ngrams.model.choose_strength", press)
            patch.setattr("sklearn_seqattn.windows.model.choose_strength", press)
            patch.setattr("sklearn_seqattn.next_state.ngrams.NgramModel.learn", press)
            with pytest.raises(KeyboardInterrupt, match=f"{step}; .* as it was"):
                model.fit(*data)
        assert vars(model) == before
        if not fitted:
            model.fit(*data)


@pytest.mark.parametrize("name", ["ngrams", "windows"])
def test_a_prediction_of_the_partner_has_a_bar(name, terminal, monkeypatch):
    kind, options, data = PARTNERS[name]
    model = kind(**SMALLEST, **options).fit(*data).set_params(verbose=1)
    monkeypatch.setattr(progress, "_SILENT_SECONDS", 0.0)
    model.predict(data[0])
    drawn = terminal.getvalue()
    assert "predict: 100%" in drawn
    shown = "n-grams" if name == "ngrams" else name
    assert f"predict, {shown}: 100%" in drawn
