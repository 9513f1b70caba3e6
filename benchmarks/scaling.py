"""One fit by one process and by several, which share its batches.

    python benchmarks/scaling.py [--processes 1 2] [--hidden 32 128] [--n 2048]
                                 [--epochs 3] [--max_steps 4096] [--repeats 3]

Two LSTM layers and the mean over the steps, 12 channels, batches of 64. Lengths are
100, or log-normal with mean 80 and at most 500. Each process computes with one thread
and is started by torchrun, a single one too. The seconds are those of the epochs after
the first, whose batches find memory and connections as they are later; "loss" is that
of the last epoch, the same for any number of processes. "cpu" is the CPU seconds of the
first process in the whole fit, without waiting: on a busy machine their ratio says what
idle cores could gain at most. "us a step" is for a true step, "peak" the largest
resident memory of the first process in MB, "sent" the MB that a process gives to the
sum of the gradients at each step of the optimizer.

`scale.py` measures how the cost of a step and the memory grow with the data.
"""

import json
import os
import subprocess
import sys
import time

from contenders import make_data, ours, resident
from measuring import arguments, describe, save, show

TORCHRUN = ["-m", "torch.distributed.run", "--standalone"]


def fit(spec):
    """Fit in one of the processes; the first gives what it has measured."""
    X, y = make_data(spec)
    model = ours(spec)
    model.net_params |= {"distributed": True, "max_steps": spec["max_steps"]}
    began = time.process_time()
    history = model.set_params(max_epochs=spec["epochs"]).fit(X, y).history_
    cpu = time.process_time() - began
    seconds = history["seconds"].iloc[1:].sum()
    n_steps = sum(map(len, X)) * (len(history) - 1)
    n_weights = sum(p.numel() for p in model.network_.parameters())
    return {
        "seconds": seconds,
        "cpu": cpu,
        "us a step": 1e6 * seconds / n_steps,
        "loss": history["train_loss"].iloc[-1],
        "peak": resident(),
        "sent": 4e-6 * n_weights,
    }


def run(n_processes, spec):
    """Fit with a number of processes: what the first printed."""
    command = [sys.executable, *TORCHRUN, f"--nproc_per_node={n_processes}", __file__]
    done = subprocess.run(
        [*command, json.dumps(spec)],
        env={**os.environ, "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise RuntimeError(f"{n_processes} processes failed:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def main():
    """Print a table for each hidden size and kind of lengths."""
    numbers = {"n": 2048, "epochs": 3, "max_steps": 4096}
    args = arguments(__doc__, processes=[1, 2], hidden=[32, 128], **numbers)
    describe()
    columns, all_results = ("cpu", "us a step", "loss", "peak", "sent"), {}
    for hidden in args.hidden:
        for kind, length in (("100 steps each", 100), ("log-normal lengths", None)):
            spec = {"hidden": hidden, **{name: getattr(args, name) for name in numbers}}
            results = {f"processes: {n}": [] for n in args.processes}
            for _ in range(args.repeats):
                for n in args.processes:
                    found = run(n, {**spec, "length": length})
                    results[f"processes: {n}"].append(found)
            title = f"Hidden {hidden}, {kind}"
            show(title, results, columns)
            all_results[title] = results
    save(args.json, all_results)


if __name__ == "__main__" and "RANK" in os.environ:
    found = fit(json.loads(sys.argv[1]))
    if os.environ["RANK"] == "0":
        print(json.dumps(found))
elif __name__ == "__main__":
    main()
