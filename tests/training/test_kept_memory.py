import os
import subprocess
import sys
import threading

import numpy as np
import pytest
from small_trainings import line_data, make_plan, train_line

from sklearn_seqattn import AttentionLSTMClassifier
from sklearn_seqattn.training import forward
from sklearn_seqattn.training import memory as module
from sklearn_seqattn.training.memory import SWITCH, kept_memory


class RecordingLibrary:
    """Stands for the C library, and writes down what it is told."""

    def __init__(self):
        self.calls = []

    def mallopt(self, option, value):
        self.calls.append((option, value >> 20))

    def malloc_trim(self, pad):
        self.calls.append("trim")


KEEPING = [(-3, 32), (-3, 1024), (-1, 256)]
AFTERWARDS = [(-3, 32), (-1, 64), "trim"]


@pytest.fixture
def library(monkeypatch):
    library = RecordingLibrary()
    monkeypatch.setattr(module, "_LIBC", library)
    monkeypatch.setattr(module, "_KEEPER", module._Keeper(library))
    for name in (SWITCH, *module._TUNED_BY):
        monkeypatch.delenv(name, raising=False)
    return library


def test_memory_is_kept_inside_and_returned_behind(library):
    with kept_memory():
        assert library.calls == KEEPING
    assert library.calls == KEEPING + AFTERWARDS


def test_it_is_returned_behind_an_error_too(library):
    with pytest.raises(RuntimeError), kept_memory():
        raise RuntimeError
    assert library.calls == KEEPING + AFTERWARDS


def test_the_last_of_several_users_returns_it(library):
    inside, done = threading.Event(), threading.Event()

    def use():
        with kept_memory():
            inside.set()
            done.wait()

    thread = threading.Thread(target=use)
    with kept_memory():
        thread.start()
        inside.wait()
        with kept_memory():
            pass
    assert library.calls == KEEPING
    done.set()
    thread.join()
    assert library.calls == KEEPING + AFTERWARDS


@pytest.mark.parametrize(
    ("name", "value"),
    [(SWITCH, "0"), ("MALLOC_TRIM_THRESHOLD_", "1"), ("GLIBC_TUNABLES", "a=b")],
)
def test_the_switch_and_the_users_own_thresholds_leave_all_as_it_is(
    library, monkeypatch, name, value
):
    monkeypatch.setenv(name, value)
    with kept_memory():
        pass
    assert library.calls == []


def test_other_libraries_are_left_alone(library, monkeypatch):
    monkeypatch.setattr(module, "_LIBC", None)
    with kept_memory():
        pass
    assert library.calls == []


@pytest.mark.parametrize("error", [OSError, TypeError])
def test_a_system_without_glibc_is_recognised(monkeypatch, error):
    def fail(name):
        raise error

    monkeypatch.setattr(module.ctypes, "CDLL", fail)
    assert module._find_libc() is None


def test_a_forked_child_counts_anew(library):
    with kept_memory():
        parents = module._KEEPER
        module._renew_keeper()
        assert module._KEEPER is not parents
        assert module._KEEPER.n_users == 0


def test_every_training_and_every_long_prediction_keeps_memory(library):
    net, _ = train_line(plan=make_plan(max_epochs=1))
    assert library.calls == KEEPING + AFTERWARDS
    library.calls.clear()
    forward(net, line_data(64))
    assert library.calls == []
    forward(net, line_data(65))
    assert library.calls == KEEPING + AFTERWARDS


def test_results_are_the_same_bits_without_it(monkeypatch):
    rng = np.random.RandomState(0)
    X = [rng.standard_normal((length, 2)) for length in rng.randint(1, 90, size=70)]
    y = np.arange(70) % 2
    model = AttentionLSTMClassifier(max_epochs=2, random_state=0)
    kept = model.fit(X, y).predict_proba(X)
    monkeypatch.setenv(SWITCH, "0")
    assert (model.fit(X, y).predict_proba(X) == kept).all()


def test_the_number_of_compiled_shapes_is_bounded_unless_the_user_says():
    code = (
        "import os; from sklearn_seqattn.training.memory import kept_memory\n"
        "with kept_memory(): print(os.environ['ONEDNN_PRIMITIVE_CACHE_CAPACITY'])"
    )
    for said, expected in ((None, "256"), ("7", "7")):
        env = {"ONEDNN_PRIMITIVE_CACHE_CAPACITY": said} if said else {}
        found = subprocess.run(
            [sys.executable, "-c", code],
            env={**clean_environment(), **env},
            capture_output=True,
            text=True,
            check=True,
        )
        assert found.stdout.strip() == expected


def clean_environment():
    dropped = (SWITCH, "ONEDNN_PRIMITIVE_CACHE_CAPACITY", *module._TUNED_BY)
    return {name: value for name, value in os.environ.items() if name not in dropped}
