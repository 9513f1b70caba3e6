"""Start other processes for the tests of faults, and end them."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path

import joblib
import torch
from sklearn.base import clone
from skorch.callbacks import Callback

from sklearn_seqattn.blocks import Dense

ROOT = Path(__file__).resolve().parents[1]

# An estimator that is fitted in a moment, and has dropout to draw.
SMALL = {
    "front_end": (Dense(3), "dropout"),
    "hidden_size": 4,
    "num_layers": 1,
    "num_heads": 2,
    "head_units": (3,),
    "max_epochs": 6,
    "batch_size": 8,
    "random_state": 0,
    "device": "cpu",
}


def fork(work):
    """Run a function in a forked child, which ends with 0 if it returns."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # newer Pythons: threads
        child = os.fork()
    if child == 0:
        code = 1
        try:
            work()
            code = 0
        finally:
            os._exit(code)
    return child


def ended(child, timeout=60):
    """Wait for a child; kill one that hangs, and return None for it."""
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        found, status = os.waitpid(child, os.WNOHANG)
        if found:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.005)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return None


def kill(child):
    """Kill a child."""
    os.kill(child, signal.SIGKILL)
    return ended(child)


def group_ended(group, timeout=20):
    """Wait for all processes of a group; return whether they have ended."""
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    os.killpg(group, signal.SIGKILL)
    return False


def start_python(code, *arguments, **environment):
    """Start a new interpreter that runs code, see `start_interpreter`."""
    return start_interpreter("-c", code, *arguments, **environment)


def start_interpreter(*arguments, **environment):
    """Start a new interpreter in a process group of its own, as a terminal does."""
    path = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
    merged = {**os.environ, "PYTHONPATH": path, **environment}
    return subprocess.Popen(
        [sys.executable, *map(str, arguments)],
        env={name: value for name, value in merged.items() if value is not None},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # a run in the background may ignore Ctrl-C, and its children with it
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )


def run_python(code, *arguments, timeout=120, **environment):
    """Run code in a new interpreter; return what it prints."""
    process = start_python(code, *arguments, **environment)
    try:
        out, errors = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        raise
    assert process.returncode == 0, errors
    return out


def refit(model, X, y):
    """Predict, fit a clone anew and predict with it; return both as bytes."""
    found = model.predict_proba(X), clone(model).fit(X, y).predict_proba(X)
    return [array.tobytes() for array in found]


def refit_in_child(method, *arguments):
    """Do the same in a child made by a method of multiprocessing, or by loky."""
    if method == "loky":
        jobs = joblib.Parallel(n_jobs=2)(
            joblib.delayed(refit)(*arguments) for _ in "ab"
        )
        assert jobs[0] == jobs[1]
        return jobs[0]
    with multiprocessing.get_context(method).Pool(1) as pool:
        return pool.apply(refit, arguments)


class NoteThreads(Callback):
    """Note with how many threads torch computes in a fit."""

    found = set()  # of the process

    def on_batch_end(self, net, **kwargs):
        self.found.add(torch.get_num_threads())


def noted_threads(estimator, X, y):
    """Return, as a score, the largest number that was noted in this process."""
    return max(NoteThreads.found)
