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


def run(script, name, spec, n_threads, env=None):
    """Run a contender of a script in a process of its own: what `child` printed."""
    settings = {"OMP_NUM_THREADS": str(n_threads), "MKL_NUM_THREADS": str(n_threads)}
    found = subprocess.run(
        [sys.executable, str(HERE / script), name, json.dumps(spec)],
        env={**os.environ, **settings, **(env or {})},
        capture_output=True,
        text=True,
    )
    if found.returncode:
        raise RuntimeError(f"{name} failed:\n{found.stderr[-2000:]}")
    return json.loads(found.stdout.splitlines()[-1])


def child(functions):
    """Run what `run` asks of a script, print its result as JSON, and say so."""
    if len(sys.argv) != 3 or sys.argv[1] not in functions:
        return False
    result = functions[sys.argv[1]](json.loads(sys.argv[2]))
    print(json.dumps(result))
    return True


def compare(contenders, n_threads, repeats, script="contenders.py"):
    """Measure contenders in turns.

    Parameters
    ----------
    contenders : dict
        From a label to (name, spec) or (name, spec, environment).
    n_threads, repeats : int
        Threads of each, and how often each runs.
    script : str, default="contenders.py"
        The file that has them.

    Returns
    -------
    results : dict
        From a label to a list of what each run printed.
    """
    results = {label: [] for label in contenders}
    for _ in range(repeats):
        for label, (name, spec, *env) in contenders.items():
            results[label].append(run(script, name, spec, n_threads, *env))
    return results


def median(runs, key="seconds"):
    """Give the median of a measurement."""
    return statistics.median(run[key] for run in runs)


def show(title, results, columns=("loss",), what="seconds"):
    """Print a table: ratios are those of medians to the first contender."""
    first = median(next(iter(results.values())), what)
    print(f"\n{title}\n")
    head = ["", f"{what} (median, least, most)", "ratio to the first", *columns]
    print("| " + " | ".join(head) + " |")
    print("|---|---|---|" + "---|" * len(columns))
    for label, runs in results.items():
        found, middle = sorted(run[what] for run in runs), median(runs, what)
        cells = [
            label,
            f"{middle:.3g} ({found[0]:.3g}, {found[-1]:.3g})",
            f"{middle / first:.2f}",
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
