"""Contenders in interleaved processes, medians, ratios, a table.

Each measurement is a fresh process, and the contenders take turns, so that whatever
else the machine does meets all of them alike.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

HERE = Path(__file__).parent


def arguments(description, **numbers):
    """Read the command line: how often, how many threads, and a script's numbers."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--threads", type=int, nargs="*", default=[1, 2])
    parser.add_argument("--json", type=Path, help="write all measurements here")
    for name, value in numbers.items():
        if isinstance(value, list):
            parser.add_argument(
                f"--{name}", type=type(value[0]), nargs="*", default=value
            )
        else:
            parser.add_argument(f"--{name}", type=type(value), default=value)
    return parser.parse_args()


def run(name, spec, n_threads, env=None):
    """Run a contender in a process of its own and give what it printed."""
    settings = {"OMP_NUM_THREADS": str(n_threads), "MKL_NUM_THREADS": str(n_threads)}
    found = subprocess.run(
        [sys.executable, str(HERE / "contenders.py"), name, json.dumps(spec)],
        env={**os.environ, **settings, **(env or {})},
        capture_output=True,
        text=True,
    )
    if found.returncode:
        raise RuntimeError(f"{name} failed:\n{found.stderr[-2000:]}")
    return json.loads(found.stdout.splitlines()[-1])


def compare(contenders, n_threads, repeats):
    """Measure contenders in turns.

    Parameters
    ----------
    contenders : dict
        From a label to (name, spec) or (name, spec, environment).
    n_threads, repeats : int
        Threads of each, and how often each runs.

    Returns
    -------
    results : dict
        From a label to a list of what each run printed.
    """
    results = {label: [] for label in contenders}
    for _ in range(repeats):
        for label, (name, spec, *env) in contenders.items():
            results[label].append(run(name, spec, n_threads, *env))
    return results


def median(runs, key="seconds"):
    """Give the median of a measurement."""
    return statistics.median(run[key] for run in runs)


def show(title, results, columns=("loss",)):
    """Print a table: the first contender is ours, ratios are to it."""
    first = median(next(iter(results.values())))
    print(f"\n{title}\n")
    print(
        "| | seconds (median, least, most) | ratio to ours |", *columns, "", sep=" | "
    )
    print("|---|---|---|" + "---|" * len(columns))
    for label, runs in results.items():
        seconds = sorted(run["seconds"] for run in runs)
        cells = [
            label,
            f"{median(runs):.3g} ({seconds[0]:.3g}, {seconds[-1]:.3g})",
            f"{median(runs) / first:.2f}",
            *(f"{median(runs, key):.3g}" if key in runs[0] else "" for key in columns),
        ]
        print("| " + " | ".join(cells) + " |", flush=True)


def has(*packages):
    """Tell whether all packages of an optional contender are installed."""
    try:
        return bool([version(package) for package in packages])
    except PackageNotFoundError:
        return False


def describe():
    """Print the machine and the versions."""
    names = ("torch", "skorch", "scikit-learn", "numpy", "keras", "tensorflow-cpu")
    found = [f"{n} {version(n)}" for n in names if has(n)]
    print(platform.platform(), f"{os.cpu_count()} cores", *found, sep="; ")


def save(path, results):
    """Write all measurements as JSON, where a path is given."""
    if path is not None:
        path.write_text(json.dumps(results, indent=1))
