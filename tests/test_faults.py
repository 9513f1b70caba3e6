"""Bad days: killed processes, full disks, forks, many threads, other processes.

Processes are killed for real; each fault is one test. Interrupts are in
training/test_interrupts.py, losses that are not finite in training/test_callbacks.py.
"""

import importlib
import os
import pickle
import random
import resource
import signal
import subprocess
import sys
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch
from model_zoo import LENGTHS, MODELS, STATES, UP_OR_DOWN, WALKS, fitted, outputs
from sequence_data import sentences, walks
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from skorch.callbacks import Callback

from sklearn_seqattn import (
    AttentionLSTMClassifier,
    NextStateLSTM,
    load_model,
    save_model,
)

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs POSIX")

ROOT = Path(__file__).resolve().parents[1]
X, Y = walks(40)
SMALL = {
    "front_end": ("dense", "dropout"),
    "dense_units": 3,
    "hidden_size": 4,
    "num_layers": 1,
    "num_heads": 2,
    "head_units": (3,),
    "max_epochs": 6,
    "batch_size": 8,
    "random_state": 0,
    "device": "cpu",
}


def fork(work):
    """Run a function in a forked child, which ends with 0 if it returns."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # newer Pythons: threads
        child = os.fork()
    if child == 0:
        code = 1
        try:
            work()
            code = 0
        finally:
            os._exit(code)
    return child


def ended(child, timeout=60):
    """Wait for a child; kill one that hangs, and give None for it."""
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        found, status = os.waitpid(child, os.WNOHANG)
        if found:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.005)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return None


def kill(child):
    """Kill a child as a power cut would."""
    os.kill(child, signal.SIGKILL)
    return ended(child)


def run_python(code, *arguments, **environment):
    """Run code in a new interpreter; give what it prints."""
    path = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": path, **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


class Tell(Callback):
    """Write a byte to a pipe after every batch."""

    def __init__(self, pipe):
        self.pipe = pipe

    def on_batch_end(self, net, training=False, **kwargs):
        os.write(self.pipe, b".")


class TestKilledFit:
    def test_the_same_fit_goes_on_wherever_it_was_killed(self, tmp_path):
        straight = AttentionLSTMClassifier(**SMALL).fit(X, Y)
        rng = random.Random(0)
        n_kills = 0
        for n_batches in (0, 3, 5, 12, 14, 22, 29):
            folder = tmp_path / str(n_batches)
            out, into = os.pipe()
            model = AttentionLSTMClassifier(**SMALL, checkpoint_dir=folder)
            child = fork(
                lambda m=model, i=into: m.set_params(callbacks=[Tell(i)]).fit(X, Y)
            )
            for _ in range(n_batches):
                os.read(out, 1)
            time.sleep(rng.random() / 100)
            n_kills += kill(child) == -signal.SIGKILL
            model.fit(X, Y)
            np.testing.assert_array_equal(
                model.predict_proba(X), straight.predict_proba(X)
            )
            losses = (m.history_["train_loss"].tolist() for m in (model, straight))
            assert next(losses) == next(losses)
            assert os.listdir(folder) == []
            os.close(out)
            os.close(into)
        assert n_kills >= 5


class TestKilledSave:
    def test_the_file_is_the_old_one_or_the_new_one(self, tmp_path):
        path = tmp_path / "model.seqattn"
        models = [fitted("classifier"), fitted("kernel classes")]
        contents = []
        for model in models:
            save_model(model, path)
            contents.append(path.read_bytes())

        def save_for_ever():
            while True:
                for model in models:
                    save_model(model, path)

        rng = random.Random(0)
        for _ in range(10):
            child = fork(save_for_ever)
            time.sleep(0.05 + rng.random() / 10)
            assert kill(child) == -signal.SIGKILL
            assert path.read_bytes() in contents
        rubbish = set(os.listdir(tmp_path)) - {path.name}
        assert len(rubbish) <= 1  # killed between two system calls, at the worst


def limited(n_bytes, work):
    """Run a function in a child that can write no file longer than this."""

    def work_on_a_full_disk():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, n_bytes))
        try:
            work()
        except OSError:
            return
        raise AssertionError("the disk was not full")

    return ended(fork(work_on_a_full_disk))


class TestFullDisk:
    def test_saving_keeps_the_old_file(self, tmp_path):
        path = tmp_path / "model.seqattn"
        save_model(fitted("scaler"), path)
        before = path.read_bytes()
        assert limited(5000, lambda: save_model(fitted("classifier"), path)) == 0
        assert path.read_bytes() == before
        assert os.listdir(tmp_path) == [path.name]

    def test_saving_where_there_was_no_file_leaves_none(self, tmp_path):
        path = tmp_path / "model.seqattn"
        assert limited(5000, lambda: save_model(fitted("classifier"), path)) == 0
        assert os.listdir(tmp_path) == []

    def test_a_checkpoint_fails_the_fit_and_the_old_fit_stays(self, tmp_path):
        model = AttentionLSTMClassifier(**SMALL).fit(X, Y)
        before = model.predict_proba(X)
        model.set_params(checkpoint_dir=tmp_path, max_epochs=2)

        def fit():
            try:
                model.fit(X, Y)
            finally:
                np.testing.assert_array_equal(model.predict_proba(X), before)

        assert limited(5000, fit) == 0
        assert os.listdir(tmp_path) == []
        model.fit(X, Y)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_saving_without_permission_changes_nothing(tmp_path):
    path = tmp_path / "model.seqattn"
    save_model(fitted("scaler"), path)
    before = path.read_bytes()
    tmp_path.chmod(0o500)
    with pytest.raises(PermissionError):
        save_model(fitted("classifier"), path)
    tmp_path.chmod(0o700)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == [path.name]


FORKED = """
import os, numpy as np, torch
torch.set_num_threads(2)
from test_faults import AttentionLSTMClassifier, SMALL, ended, fork
from sequence_data import walks
from sklearn_seqattn import RandomKernelFeatures
X, y = walks(64)
model = AttentionLSTMClassifier(**{**SMALL, "hidden_size": 64, "max_epochs": 1})
model.fit(X, y)
kernels = RandomKernelFeatures(n_features=840, random_state=0).fit(X)
before, features = model.predict_proba(X), kernels.transform(X)
def work():
    assert torch.get_num_threads() == 1
    np.testing.assert_allclose(model.predict_proba(X), before, atol=1e-6)
    np.testing.assert_array_equal(kernels.transform(X), features)
    model.fit(X, y)
assert ended(fork(work)) == 0
assert torch.get_num_threads() == 2
print("done")
"""


class TestFork:
    def test_after_a_fit_with_two_threads(self):
        threads = {"OMP_NUM_THREADS": "2", "OMP_WAIT_POLICY": "passive"}
        assert run_python(FORKED, **threads) == "done\n"

    def test_while_another_thread_is_fitting(self):
        model, other = (clone(fitted("classifier")) for _ in range(2))
        model.fit(WALKS, UP_OR_DOWN)
        other.set_params(max_epochs=30)
        with ThreadPoolExecutor(1) as pool:
            fitting = pool.submit(other.fit, WALKS, UP_OR_DOWN)
            time.sleep(0.05)
            child = fork(lambda: model.fit(WALKS, UP_OR_DOWN).predict(WALKS))
            assert ended(child) == 0
            fitting.result()


class TestThreads:
    @pytest.mark.parametrize("name", ["classifier", "next state", "kernel numbers"])
    def test_eight_threads_predict_what_one_does(self, name):
        model = fitted(name)
        expected = outputs(name, model)
        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(lambda _: outputs(name, model), range(32)))
        assert all(one == expected for one in found)

    def test_eight_threads_load_what_was_saved(self, tmp_path):
        path = tmp_path / "model.seqattn"
        save_model(fitted("classifier"), path)
        expected = outputs("classifier", fitted("classifier"))
        before = torch.random.get_rng_state()
        with ThreadPoolExecutor(8) as pool:
            models = list(pool.map(lambda _: load_model(path), range(16)))
        assert all(outputs("classifier", model) == expected for model in models)
        assert torch.equal(torch.random.get_rng_state(), before)


def test_a_search_in_two_processes_finds_what_one_does():
    grid = {"hidden_size": [3, 4], "num_heads": [1]}
    estimator = AttentionLSTMClassifier(**{**SMALL, "max_epochs": 2})
    found = [
        GridSearchCV(estimator, grid, cv=2, n_jobs=n_jobs).fit(X, Y)
        for n_jobs in (1, 2)
    ]
    scores = [search.cv_results_["split1_test_score"].tolist() for search in found]
    assert scores[0] == scores[1]
    probabilities = [search.predict_proba(X) for search in found]
    np.testing.assert_array_equal(*probabilities)


OTHER_PROCESS = """
import pickle, sys
from test_faults import AttentionLSTMClassifier, SMALL, X, Y
model = AttentionLSTMClassifier(**SMALL).fit(X, Y)
with open(sys.argv[1], "rb") as file:
    loaded = pickle.load(file)
print(model.predict_proba(X).tobytes().hex())
print(loaded.predict_proba(X).tobytes().hex())
"""


def test_the_same_seed_gives_the_same_bits_in_another_process(tmp_path):
    path = tmp_path / "model.pickle"
    model = AttentionLSTMClassifier(**SMALL).fit(X, Y)
    path.write_bytes(pickle.dumps(model))
    bits = model.predict_proba(X).tobytes().hex()
    assert run_python(OTHER_PROCESS, path).split() == [bits, bits]


def test_the_number_of_threads_changes_next_to_nothing():
    n_threads = torch.get_num_threads()
    found = []
    try:
        for n in (1, 2):
            torch.set_num_threads(n)
            model = AttentionLSTMClassifier(**{**SMALL, "max_epochs": 1}).fit(X, Y)
            found.append(model.predict_proba(X))
    finally:
        torch.set_num_threads(n_threads)
    np.testing.assert_allclose(*found, atol=1e-6)


class TestPickles:
    @pytest.mark.parametrize("module", ["pickle", "joblib", "cloudpickle"])
    @pytest.mark.parametrize("name", ["classifier", "next event", "markov", "pipeline"])
    def test_round_trip(self, module, name, tmp_path):
        library = importlib.import_module(module)
        path = tmp_path / "model"
        with path.open("wb") as file:
            library.dump(fitted(name), file)
        with path.open("rb") as file:
            copy = library.load(file)
        assert outputs(name, copy) == outputs(name, fitted(name))


def resident():
    """Give the memory of this process in bytes."""
    pages = Path("/proc/self/statm").read_text().split()[1]
    return int(pages) * resource.getpagesize()


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs /proc")
def test_memory_is_flat(tmp_path):
    path = tmp_path / "model.seqattn"
    model = clone(fitted("classifier")).set_params(max_epochs=1, batch_size=24)

    def cycles(n):
        for _ in range(n):
            model.fit(WALKS, UP_OR_DOWN).predict(WALKS)
            save_model(model, path)
            load_model(path)
        return resident()

    before = cycles(10)
    assert cycles(40) - before < 40 * 250_000  # a coarse bound; a copy is more


def test_a_refit_that_fails_leaves_the_old_fit():
    states = sentences(20)[0]
    models = [
        (clone(fitted("classifier")), WALKS, UP_OR_DOWN, "predict_proba"),
        (clone(fitted("regressor")), WALKS, LENGTHS, "predict"),
        (NextStateLSTM(**STATES), states, None, "predict_proba"),
    ]
    for model, X, y, method in models:
        before = getattr(model.fit(X, y), method)(X)
        with pytest.raises((ValueError, TypeError)):
            model.fit([[]], y)
        np.testing.assert_array_equal(getattr(model, method)(X), before)


def test_every_model_is_here():
    assert set(MODELS) >= {"classifier", "next event", "markov", "pipeline"}
