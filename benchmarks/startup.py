"""What comes before the first result: imports, and the first small fit.

    python benchmarks/startup.py [--threads 1 2] [--repeats 5]

Each line is a fresh process. The first two are imports that no user of scikit-learn
and torch can do without.
"""

import time

from measuring import arguments, child, compare, describe, save, show

IMPORTS = (
    "import sklearn.base, torch",
    "import sklearn.base, torch, skorch",
    "import sklearn_seqattn",
    "from sklearn_seqattn import AttentionLSTMClassifier",
)


def run_import(statement):
    """Time an import."""
    started = time.perf_counter()
    exec(statement, {})
    return {"seconds": time.perf_counter() - started}


def first_fit(n_epochs):
    """Time the first fit of 50 short sequences, imports left out."""
    import numpy as np

    from sklearn_seqattn import AttentionLSTMClassifier

    rng = np.random.RandomState(0)
    X = [rng.standard_normal((n, 3)) for n in rng.randint(5, 30, size=50)]
    model = AttentionLSTMClassifier(max_epochs=n_epochs, random_state=0)
    started = time.perf_counter()
    model.fit(X, np.arange(50) % 2)
    return {"seconds": time.perf_counter() - started}


def main():
    """Print a line for each import and each fit."""
    args = arguments(__doc__)
    describe()
    listed = {f"`{code}`": ("run_import", code) for code in IMPORTS}
    for n_epochs in (1, 10):
        label = f"first fit of 50 short sequences, {n_epochs} epoch(s)"
        listed[label] = ("first_fit", n_epochs)
    all_results = {}
    for n_threads in args.threads:
        results = compare(listed, n_threads, args.repeats, "startup.py")
        show(f"{n_threads} thread(s)", results, ())
        all_results[str(n_threads)] = results
    save(args.json, all_results)


if __name__ == "__main__" and not child(
    {"run_import": run_import, "first_fit": first_fit}
):
    main()
