"""A fit to a store that is larger than the memory that the process may have.

    python benchmarks/larger_than_memory.py [--gigabytes 0.02] [--limit 1.5]
                              [--steps 2000] [--channels 32] [--features 84]
                              [--folder FOLDER]

A store of so many GB (1e9 bytes) of float32 is written by a generator. A process reads
it, fits an `AttentionLSTMClassifier` for one epoch, beside so many random kernels (0
leaves them out), and predicts all of it. Another process fits the same to a list of
arrays in memory. Printed are the seconds and the peak memory of each, and whether both
are the same model: the bytes of all weights, and of all probabilities.

The peak is `VmHWM` of the kernel, the most that was ever resident in the process. It
counts everything: the libraries, the mapped parts of files, and freed memory that was
not returned. The cache of files that the kernel keeps outside of processes, and gives
back when memory is short, is not counted. The benchmark fails if the peak of the first
process is above `--limit` GB, or the models differ.
"""

import argparse
import json
import subprocess
import sys
import time
from hashlib import blake2b
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

GB = 1e9


def draw_pairs(spec):
    """Draw noise with a wave of one of two frequencies, (T, D) float32, and which."""
    rng = np.random.default_rng(0)
    for i in range(n_sequences(spec)):
        n_steps = int(rng.integers(spec["steps"] // 2, spec["steps"] * 3 // 2))
        label = i % 2
        wave = np.sin(np.arange(n_steps) * (0.1 + 0.05 * label), dtype=np.float32)
        noise = rng.standard_normal((n_steps, spec["channels"]), dtype=np.float32)
        yield noise + 0.3 * wave[:, None], label


def n_sequences(spec):
    """Return how many sequences have so many bytes, about."""
    n_bytes = 4 * spec["channels"] * spec["steps"]
    return max(12, round(spec["gigabytes"] * GB / n_bytes))


def write(spec):
    """Write the store."""
    from sklearn_seqattn import SequenceStore

    SequenceStore.from_generator(draw_pairs(spec), spec["folder"], labeled=True)
    return {}


def fit_stored(spec):
    """Fit to the store."""
    from sklearn_seqattn import SequenceStore

    store = SequenceStore.open(spec["folder"])
    return fit(spec, store, store.labels)


def fit_listed(spec):
    """Fit to a list of arrays in memory."""
    folder = Path(spec["folder"])
    values, offsets = (
        np.load(folder / f"{name}.npy") for name in ("values", "offsets")
    )
    return fit(spec, np.split(values, offsets[1:-1]), np.load(folder / "labels.npy"))


def fit(spec, X, y):
    """Fit, predict, and describe what was learned by digests."""
    from sklearn_seqattn import AttentionLSTMClassifier, RandomKernels

    model = AttentionLSTMClassifier(
        blend=RandomKernels(spec["features"]) if spec["features"] else None,
        max_epochs=1,
        random_state=0,
        device="cpu",
    )
    started = time.perf_counter()
    model.fit(X, y)
    fitted = time.perf_counter()
    proba = model.predict_proba(X)
    weights = model.network_.state_dict().values()
    return {
        "fit": fitted - started,
        "predict": time.perf_counter() - fitted,
        "accuracy": float((proba.argmax(1) == y).mean()),
        "weights": digest(*[weight.numpy() for weight in weights]),
        "probabilities": digest(proba),
    }


def digest(*arrays):
    """Return a short text for the bytes of arrays."""
    state = blake2b(digest_size=8)
    for array in arrays:
        state.update(np.ascontiguousarray(array))
    return state.hexdigest()


def peak():
    """Return the most GB that this process has had in memory."""
    lines = Path("/proc/self/status").read_text().splitlines()
    (line,) = [line for line in lines if line.startswith("VmHWM")]
    return int(line.split()[1]) * 1024 / GB


def run(name, spec):
    """Run a step in a process of its own; return what it found."""
    command = [sys.executable, __file__, "--step", name, "--spec", json.dumps(spec)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{name} failed:\n{done.stderr[-2000:]}")
    found = json.loads(done.stdout.splitlines()[-1])
    times = ", ".join(f"{k} {found[k]:.0f} s" for k in ("fit", "predict") if k in found)
    print(f"{name:11} peak {found['peak']:.2f} GB  {times}", flush=True)
    return found


def compare(spec):
    """Write a store, and fit to it and to a list of the same."""
    run("write", spec)
    size = (Path(spec["folder"]) / "values.npy").stat().st_size / GB
    print(f"{size:.2f} GB in {n_sequences(spec)} sequences; limit {spec['limit']} GB")
    stored, listed = run("fit_stored", spec), run("fit_listed", spec)
    same = all(stored[key] == listed[key] for key in ("weights", "probabilities"))
    print(f"accuracy {stored['accuracy']:.3f}, the same model to the bit: {same}")
    if not same or stored["peak"] > spec["limit"]:
        raise SystemExit("The models differ, or the peak is above the limit.")


def main():
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--gigabytes", type=float, default=0.02)
    parser.add_argument("--limit", type=float, default=1.5)
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--channels", type=int, default=32)
    parser.add_argument("--features", type=int, default=84)
    parser.add_argument("--folder", help="where the store is written, and removed")
    parser.add_argument("--step", help=argparse.SUPPRESS)
    parser.add_argument("--spec", type=json.loads, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.step:
        found = {"write": write, "fit_stored": fit_stored, "fit_listed": fit_listed}
        result = found[options.step](options.spec)
        print(json.dumps(result | {"peak": peak()}))
        return
    spec = {k: v for k, v in vars(options).items() if k not in ("step", "spec")}
    with TemporaryDirectory(dir=options.folder) as folder:
        compare(spec | {"folder": str(Path(folder) / "store")})


if __name__ == "__main__":
    main()
