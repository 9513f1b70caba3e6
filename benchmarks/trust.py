"""Memory over many fits and loads, and searches in two processes.

Run: ``python benchmarks/trust.py``, or with ``memory`` or ``search`` one part of it.
Prints the slope of the resident memory over 300 cycles, after 50 to warm up; and the
time of a search with ``n_jobs=2`` and one thread a process over that with ``n_jobs=1``
and two threads, medians of five in fresh processes with warm workers.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from sklearn.model_selection import GridSearchCV

from sklearn_seqattn import AttentionLSTMClassifier, load_model, save_model

N_CYCLES, N_WARM = 300, 50
N_SEARCHES, N_EPOCHS = 5, 5


def make_data(n, n_steps, seed=0):
    rng = np.random.default_rng(seed)
    X = [rng.normal(size=(rng.integers(5, n_steps), 3)) for _ in range(n)]
    return X, np.arange(n) % 2


def resident():
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()


def slope(work):
    """Give the growth of the resident memory in kB a cycle, by least squares."""
    found = []
    for _ in range(N_WARM + N_CYCLES):
        work()
        found.append(resident() / 1000)
    return np.polyfit(np.arange(N_CYCLES), found[N_WARM:], 1)[0]


def measure_memory():
    X, y = make_data(64, 20)
    model = AttentionLSTMClassifier(max_epochs=1, random_state=0).fit(X, y)

    def fit_and_predict():
        model.fit(X, y).predict(X)

    print(f"fit and predict: {slope(fit_and_predict):.1f} kB a cycle")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.seqattn"
        save_model(model, path)
        print(f"load: {slope(lambda: load_model(path)):.1f} kB a cycle")
        start = time.perf_counter()
        for _ in range(20):
            save_model(model, path)
        print(f"save: {(time.perf_counter() - start) / 20 * 1e3:.1f} ms")


def make_search(n_jobs, max_epochs):
    """Make the search that is timed: 4 candidates, 2 folds."""
    estimator = AttentionLSTMClassifier(max_epochs=max_epochs, random_state=0)
    grid = {"lr": [1e-3, 2e-3, 4e-3, 8e-3]}
    return GridSearchCV(estimator, grid, cv=2, n_jobs=n_jobs, refit=False)


def time_search(n_jobs, n_threads):
    """Time a search in this process; warm it up before, and its workers."""
    X, y = make_data(512, 100)
    torch.set_num_threads(n_threads)  # of this process; loky sets those of its workers
    make_search(n_jobs, 1).fit(X[:64], y[:64])
    start = time.perf_counter()
    search = make_search(n_jobs, N_EPOCHS).fit(X, y)
    seconds = time.perf_counter() - start
    return seconds, search.cv_results_["mean_test_score"].tolist()


def time_searches(n_jobs, n_threads):
    """Give the median time of searches in fresh processes, and what each found."""
    code = f"from trust import time_search; print(*time_search({n_jobs}, {n_threads}))"
    runs = [
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=Path(__file__).parent,
            env={**os.environ, "OMP_NUM_THREADS": str(n_threads)},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        ).stdout.split(maxsplit=1)
        for _ in range(N_SEARCHES)
    ]
    return np.median([float(seconds) for seconds, _ in runs]), {run[1] for run in runs}


def measure_search():
    seconds, found = {}, {}
    for way in ((2, 1), (1, 2), (1, 1)):
        seconds[way], found[way] = time_searches(*way)
        print(f"n_jobs={way[0]}, {way[1]} thread(s) each: {seconds[way]:.2f} s")
    print(f"ratio at two threads in all: {seconds[2, 1] / seconds[1, 2]:.2f}")
    print(f"ratio to one thread in all: {seconds[2, 1] / seconds[1, 1]:.2f}")
    same = found[2, 1] == found[1, 1] and len(found[1, 1]) == 1
    print(f"n_jobs=2 finds what n_jobs=1 does: {same}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", nargs="?", choices=["memory", "search"])
    part = parser.parse_args().part
    torch.set_num_threads(1)
    if part != "search":
        measure_memory()
    if part != "memory":
        measure_search()
