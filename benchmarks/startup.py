"""What comes before the first result: imports, and the first small fit.

    python benchmarks/startup.py [--repeats 5]

Each line is a fresh process. The rivals are the imports that no user of scikit-learn
and torch can do without.
"""

import argparse
import statistics
import subprocess
import sys

TIMED = """
import time
started = time.perf_counter()
{code}
print(time.perf_counter() - started)
"""

FIT = """
import time, numpy
from sklearn_seqattn import AttentionLSTMClassifier
import sklearn_seqattn.classifier
rng = numpy.random.RandomState(0)
X = [rng.standard_normal((n, 3)) for n in rng.randint(5, 30, size=50)]
y = numpy.arange(50) % 2
started = time.perf_counter()
AttentionLSTMClassifier(max_epochs={epochs}, random_state=0).fit(X, y)
print(time.perf_counter() - started)
"""

LINES = {
    "import sklearn, import torch": TIMED.format(code="import sklearn.base, torch"),
    "import sklearn, torch, skorch": TIMED.format(
        code="import sklearn.base, torch, skorch"
    ),
    "import sklearn_seqattn": TIMED.format(code="import sklearn_seqattn"),
    "from sklearn_seqattn import AttentionLSTMClassifier": TIMED.format(
        code="from sklearn_seqattn import AttentionLSTMClassifier"
    ),
    "first fit of 50 short sequences, 1 epoch": FIT.format(epochs=1),
    "first fit of 50 short sequences, 10 epochs": FIT.format(epochs=10),
}


def main():
    """Print the median of each line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5)
    args = parser.parse_args()
    seconds = {label: [] for label in LINES}
    for _ in range(args.repeats):
        for label, code in LINES.items():
            found = subprocess.run(
                [sys.executable, "-c", code], capture_output=True, text=True, check=True
            )
            seconds[label].append(float(found.stdout))
    for label, found in seconds.items():
        print(f"{statistics.median(found):6.2f} s  {label}")


if __name__ == "__main__":
    main()
