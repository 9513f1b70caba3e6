"""Memory over many fits and loads, and searches in two processes.

Run: ``python benchmarks/trust.py``. Prints the slope of the resident memory over
300 cycles, after 50 to warm up, and the time of a search with ``n_jobs=2`` over that
with ``n_jobs=1`` at equal totals of threads.
"""

import resource
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from sklearn.model_selection import GridSearchCV

from sklearn_seqattn import AttentionLSTMClassifier, load_model, save_model

N_CYCLES, N_WARM = 300, 50


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


def measure_search():
    X, y = make_data(512, 100)
    grid = {"lr": [1e-3, 2e-3, 4e-3, 8e-3]}
    estimator = AttentionLSTMClassifier(max_epochs=5, random_state=0)
    seconds = {}
    torch.set_num_threads(2)
    for n_jobs in (2, 1):
        search = GridSearchCV(estimator, grid, cv=2, n_jobs=n_jobs, refit=False)
        start = time.perf_counter()
        search.fit(X, y)
        seconds[n_jobs] = time.perf_counter() - start
    ratio = seconds[2] / seconds[1]
    print(f"n_jobs=2 / n_jobs=1: {seconds[2]:.1f} s / {seconds[1]:.1f} s = {ratio:.2f}")


if __name__ == "__main__":
    torch.set_num_threads(1)
    measure_memory()
    measure_search()
