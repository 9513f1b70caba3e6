"""Peak memory of a log in which one state is far longer than all others.

States are objects, so that a long one costs its own length. NumPy's strings of fixed
width would make every other state as wide: the ratio compares the peak of fit and all
predictions with one such array of the classes.

    python benchmarks/long_states.py
"""

import argparse
import tracemalloc

from sklearn_seqattn import NextStateLSTM, NextStateMarkov

ESTIMATORS = {
    "NextStateMarkov": NextStateMarkov(order=1),
    "NextStateLSTM": NextStateLSTM(
        hidden_size=8, num_layers=1, num_heads=2, max_epochs=1, random_state=0
    ),
}


def peak_of(work):
    """Run a function; return its peak of memory in MB, as Python counts it."""
    tracemalloc.start()
    work()
    peak = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    return peak


def use(estimator, log):
    """Fit and predict in all ways, on few sequences where the answer is wide."""
    estimator.fit(log)
    estimator.predict(log[:100])
    estimator.predict_topk(log[:100], 3)
    estimator.score(log[:100], [x[0] for x in log[:100]])
    estimator.rollout(log[:20], 3)
    estimator.sample(20, max_length=5, random_state=0)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--states", type=int, default=3000)
    parser.add_argument("--length", type=int, default=20_000)
    arguments = parser.parse_args()
    short = [[str(i), str(i + 1)] for i in range(arguments.states)]
    log = [["x" * arguments.length, "open"], *short]
    fixed = 4 * arguments.length * (arguments.states + 3) / 1e6
    print(f"classes of fixed width  {fixed:8.1f} MB")
    for name, estimator in ESTIMATORS.items():
        use(estimator, short)  # imports and caches
        usual = peak_of(lambda e=estimator: use(e, [["open", "open"], *short]))
        peak = peak_of(lambda e=estimator: use(e, log))
        print(
            f"{name:22}  {peak:8.1f} MB ({usual:.1f} MB without the long state), "
            f"{peak / fixed:.3f} of the fixed width"
        )


if __name__ == "__main__":
    main()
