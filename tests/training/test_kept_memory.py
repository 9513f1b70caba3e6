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


DROPPED = (SWITCH, *module._TUNED_BY)
KEEPING = [(-3, 32), (-3, 1024), (-1, 256)]
AFTERWARDS = [(-3, 32), (-1, 64), "trim"]


@pytest.fixture
def library(monkeypatch):
    library = RecordingLibrary()
    monkeypatch.setattr(module, "_LIBC", library)
    monkeypatch.setattr(module, "_KEEPERS", {})
    for name in DROPPED:
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


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_child_returns_its_memory_itself():
    code = """
import os, warnings
from sklearn_seqattn.training import memory
warnings.simplefilter("ignore", DeprecationWarning)  # newer Pythons: threads

class Library:
    calls = []
    def mallopt(self, option, value): self.calls.append(option)
    def malloc_trim(self, pad): self.calls.append("trim")

memory._LIBC = Library()
with memory.kept_memory():
    child = os.fork()
    if child == 0:
        Library.calls.clear()
        with memory.kept_memory():
            pass
        os._exit(0 if Library.calls == [-3, -3, -1, -3, -1, "trim"] else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
"""
    environment = {k: v for k, v in os.environ.items() if k not in DROPPED}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)


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


def test_a_fit_sets_no_environment_variable():
    before = dict(os.environ)
    train_line(plan=make_plan(max_epochs=1))
    assert dict(os.environ) == before
