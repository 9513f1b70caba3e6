"""Forks, other processes, threads and searches: what docs/trust.md promises."""

import os
import pickle
import signal
import time
from concurrent.futures import ThreadPoolExecutor

import joblib
import numpy as np
import pytest
import torch
from model_zoo import UP_OR_DOWN, WALKS, fitted, outputs
from processes import SMALL, ended, fork, group_ended, run_python, start_python
from sequence_data import walks
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

from sklearn_seqattn import (
    AttentionLSTMClassifier,
    AttentionLSTMRegressor,
    load_model,
    save_model,
)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="needs POSIX"),
]

X, Y = walks(40)
LENGTHS = np.array([len(x) for x in X])
TWO_THREADS = {"OMP_NUM_THREADS": "2", "OMP_WAIT_POLICY": "passive"}


FORKED = """
import os, numpy as np, torch
torch.set_num_threads(2)
from processes import ended, fork
from test_faults_processes import AttentionLSTMClassifier, SMALL
from sequence_data import walks
from sklearn_seqattn import RandomKernelFeatures
X, y = walks(64)
model = AttentionLSTMClassifier(**{**SMALL, "hidden_size": 64, "max_epochs": 1})
model.fit(X, y)
kernels = RandomKernelFeatures(n_features=840, random_state=0).fit(X)
before, features = model.predict_proba(X), kernels.transform(X)
def work():
    np.testing.assert_allclose(model.predict_proba(X), before, atol=1e-6)
    assert torch.get_num_threads() == 1
    np.testing.assert_array_equal(kernels.transform(X), features)
    model.fit(X, y)
assert ended(fork(work)) == 0
assert torch.get_num_threads() == 2
print("done")
"""


class TestFork:
    def test_after_a_fit_with_two_threads(self):
        assert run_python(FORKED, **TWO_THREADS) == "done\n"

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


CHILDREN = """
import sys, numpy as np, torch
from model_zoo import SENTENCES
from processes import refit, refit_in_child
from sequence_data import walks
from sklearn_seqattn import AttentionLSTMClassifier, NextStateLSTM
from test_faults_processes import SMALL

method = sys.argv[1]
torch.set_num_threads(2)
X, y = walks(64)
large = {**SMALL, "hidden_size": 64, "max_epochs": 1, "batch_size": 32}
model = AttentionLSTMClassifier(**large).fit(X, y)  # starts the second thread
states = NextStateLSTM(hidden_size=8, max_epochs=1, random_state=0).fit(SENTENCES)
for arguments in ((model, X, y), (states, SENTENCES, None)):
    here, there = refit(*arguments), refit_in_child(method, *arguments)
    if method == "loky":  # whose children compute with fewer threads
        here, there = ([np.frombuffer(b) for b in part] for part in (here, there))
        np.testing.assert_allclose(there, here, atol=1e-6)
    else:
        assert here == there
print("done")
"""


@pytest.mark.parametrize("method", ["spawn", "forkserver", "loky"])
def test_children_after_a_fit_with_two_threads(method):
    assert run_python(CHILDREN, method, **TWO_THREADS) == "done\n"


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

    def test_fits_in_threads_give_what_each_gives_alone(self):
        seeds = range(4)

        def fit(seed):
            model = AttentionLSTMClassifier(**{**SMALL, "random_state": seed})
            return model.fit(X, Y).predict_proba(X).tobytes()

        before = torch.random.get_rng_state(), str(np.random.get_state())
        alone = [fit(seed) for seed in seeds]
        with ThreadPoolExecutor(4) as pool:
            assert list(pool.map(fit, seeds)) == alone
        assert torch.equal(torch.random.get_rng_state(), before[0])
        assert str(np.random.get_state()) == before[1]


class TestSearch:
    @pytest.mark.parametrize(
        ("estimator", "y", "scoring"),
        [
            (AttentionLSTMClassifier(**{**SMALL, "max_epochs": 2}), Y, "neg_log_loss"),
            (AttentionLSTMRegressor(**{**SMALL, "max_epochs": 2}), LENGTHS, "r2"),
        ],
    )
    def test_two_processes_find_what_one_does(self, estimator, y, scoring):
        grid = {"hidden_size": [3, 4], "num_heads": [1]}
        one, two = (
            GridSearchCV(estimator, grid, cv=2, n_jobs=n_jobs, scoring=scoring).fit(
                X, y
            )
            for n_jobs in (1, 2)
        )
        for name, column in one.cv_results_.items():
            if "time" not in name:
                assert list(two.cv_results_[name]) == list(column)
        weights = [s.best_estimator_.net_.module_.state_dict() for s in (one, two)]
        assert all(torch.equal(w, weights[1][name]) for name, w in weights[0].items())

    def test_each_process_computes_with_its_share_of_the_threads(self):
        share = max(1, joblib.cpu_count() // 2)
        found = run_python(SEARCH, OMP_NUM_THREADS=None, MKL_NUM_THREADS=None)
        assert found.split() == [str(share)] * 4

    def test_ctrl_c_in_a_terminal_ends_all_processes(self):
        search = start_python(INTERRUPTED)
        assert search.stdout.readline() == "fitting\n"
        time.sleep(0.2)
        os.killpg(search.pid, signal.SIGINT)  # the terminal sends it to all of them
        _, errors = search.communicate(timeout=60)
        assert search.returncode != 0
        assert "KeyboardInterrupt" in errors
        assert group_ended(search.pid)


SEARCH = """
from processes import NoteThreads, noted_threads
from sklearn.model_selection import GridSearchCV
from test_faults_processes import AttentionLSTMClassifier, SMALL, X, Y
model = AttentionLSTMClassifier(**{**SMALL, "max_epochs": 1}, callbacks=[NoteThreads()])
grid = {"lr": [1e-3, 1e-2]}
search = GridSearchCV(model, grid, cv=2, n_jobs=2, scoring=noted_threads, refit=False)
search.fit(X, Y)
for i in range(2):
    print(*search.cv_results_[f"split{i}_test_score"].astype(int))
"""

INTERRUPTED = """
import sys, time
from joblib import Parallel, delayed
from sklearn.model_selection import GridSearchCV
from test_faults_processes import AttentionLSTMClassifier, SMALL, X, Y
Parallel(n_jobs=2)(delayed(time.sleep)(0.1) for _ in range(4))  # workers are there
model = AttentionLSTMClassifier(**{**SMALL, "max_epochs": 10**5})
print("fitting", flush=True)
GridSearchCV(model, {"lr": [1e-3, 1e-2]}, cv=2, n_jobs=2).fit(X, Y)
print("went on")
"""


OTHER_PROCESS = """
import pickle, sys
from test_faults_processes import AttentionLSTMClassifier, SMALL, X, Y
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
