"""The fits of tests/training/test_distributed.py: run plainly, or by torchrun.

    python distributed_fits.py FOLDER [what]

Every process writes what it has found to a file of its own in the folder.
"""

import json
import os
import signal
import sys
from pathlib import Path

import numpy as np
from skorch.callbacks import Callback

from sklearn_seqattn import (
    AttentionLSTMClassifier,
    AttentionLSTMRegressor,
    AttentionLSTMTagger,
    Checkpoint,
    NextStateLSTM,
    RandomKernels,
    Tokens,
    save_model,
)

RANK = int(os.environ.get("RANK", 0))
N_UNEVEN = 33  # the last batch has one sequence
SMALL = {
    "hidden_size": 8,
    "batch_size": 8,
    "max_epochs": 5,
    "random_state": 0,
    "device": "cpu",
}


def numbers(n, *, ragged=True):
    """Make sequences of two channels."""
    rng = np.random.default_rng(0)
    lengths = rng.integers(2, 30, n) if ragged else np.full(n, 12)
    return [rng.normal(size=(length, 2)) for length in lengths]


def tokens(n):
    """Make sequences of states, some of them equal."""
    rng = np.random.default_rng(0)
    rows = [rng.integers(0, 5, size).astype(str) for size in rng.integers(2, 9, n)]
    return [*rows[: n - 6], *rows[:6]]


def rising(X):
    """Give a class to each sequence."""
    return np.array([x[-1, 0] > x[0, 0] for x in X]).astype(int)


def build(estimator, **params):
    """Build a small estimator that shares its fits."""
    net_params = {"distributed": True, **params.pop("net_params", {})}
    return estimator(**SMALL | params, net_params=net_params)


def in_double():
    """Train in double precision from now on, where rounding hides no difference."""
    from sklearn_seqattn.training import net
    from sklearn_seqattn.training.processes import Processes

    share, move = Processes.share_state, net.move

    def doubled(tensors):
        if isinstance(tensors, dict):
            return {name: doubled(tensor) for name, tensor in tensors.items()}
        if isinstance(tensors, tuple):
            return tuple(map(doubled, tensors))
        return tensors.double() if tensors.is_floating_point() else tensors

    Processes.share_state = lambda self, module: share(self, module.double())
    net.move = lambda tensors, device: doubled(move(tensors, device))


def fits():
    """Give estimators and their data by name, one by one."""
    X, even = numbers(N_UNEVEN), numbers(32, ragged=False)
    alone = {"blend": None, "early_stopping": True}
    classifier = build(AttentionLSTMClassifier, **alone)
    yield "even", classifier, even, rising(even)
    stopping = {"n_iter_no_change": 1, "max_epochs": 30}
    yield "uneven", classifier.set_params(**stopping), X, rising(X)
    in_double()
    blended = build(AttentionLSTMClassifier, max_epochs=2, scoring="accuracy")
    yield "kernels", blended.set_params(early_stopping=True), X, rising(X)
    parts = build(AttentionLSTMClassifier, **alone, net_params={"max_steps": 40})
    yield "parts", parts, numbers(N_UNEVEN), rising(X)
    regressor = build(AttentionLSTMRegressor, early_stopping=True)
    yield "regressor", regressor, X, np.array([x.sum() for x in X])
    labels = [(x[:, 0] > 0).astype(int) for x in X]
    yield "tagger", build(AttentionLSTMTagger, early_stopping=True), X, labels
    yield "next state", build(NextStateLSTM), tokens(N_UNEVEN), None
    words = build(AttentionLSTMClassifier, **alone, tokens=Tokens(dropout=0.2))
    yield "tokens", words, tokens(N_UNEVEN), np.arange(N_UNEVEN) % 2
    prefixes = build(AttentionLSTMClassifier, **alone, random_prefixes=True)
    yield "prefixes", prefixes, X, rising(X)


def found_by(model, X):
    """Give the losses, the epochs and the outputs of a fitted estimator."""
    history = model.history_.drop(columns="seconds")
    predict = getattr(model, "predict_proba", model.predict)
    outputs = predict(X)
    if isinstance(outputs, list):
        outputs = np.concatenate(outputs)
    return {
        "history": {name: history[name].tolist() for name in history},
        "seconds": model.history_["seconds"].sum(),
        "outputs": np.ravel(outputs).tolist(),
    }


def fit_all(folder):
    """Fit all estimators, save one of them, stop one, and let one go on."""
    found = {}
    for name, model, X, y in fits():
        found[name] = found_by(model.fit(X, y), X)
    save_model(model, folder / "model.seqattn")  # each process does
    X = numbers(N_UNEVEN)
    model.partial_fit(X, rising(X))
    found["partial_fit"] = found_by(model, X)
    found["interrupted"] = interrupt()
    found["resumed"] = resume(folder)
    return found


class Press(Callback):
    """Press Ctrl-C in the last process, in the second epoch."""

    def on_batch_begin(self, net, training=False, **kwargs):
        is_last = int(os.environ.get("WORLD_SIZE", 1)) == RANK + 1
        if is_last and training and len(net.history) == 2:
            os.kill(os.getpid(), signal.SIGINT)


def interrupt():
    """Fit an estimator until Ctrl-C."""
    X = numbers(N_UNEVEN)
    model = build(AttentionLSTMClassifier, blend=None, callbacks=[Press()])
    try:
        model.fit(X, rising(X))
    except KeyboardInterrupt:
        return found_by(model, X)
    raise AssertionError("not interrupted")


def resume(folder):
    """Go on from a checkpoint, with progress."""
    X = numbers(N_UNEVEN)
    checkpoint = Checkpoint(folder / "checkpoint", keep=True)
    model = build(AttentionLSTMClassifier, blend=None, checkpoint=checkpoint, verbose=1)
    for max_epochs in (2, 4):
        model.set_params(max_epochs=max_epochs).fit(X, rising(X))
    return found_by(model, X)


def fit_partners(folder):
    """Fit a partner of each kind, with a line of progress at each part of its work."""
    from sklearn_seqattn.training import progress

    progress._SECONDS_A_LINE = 0.0
    X, words = numbers(N_UNEVEN), tokens(N_UNEVEN)
    steps = [row.tolist() for row in words]
    kernels = {"blend": RandomKernels(84)}
    for estimator, params, *data in (
        (AttentionLSTMClassifier, kernels, X, rising(X)),
        (AttentionLSTMRegressor, kernels, X, rising(X)),
        (AttentionLSTMClassifier, {}, words, np.arange(N_UNEVEN) % 2),
        (AttentionLSTMTagger, {}, steps, steps),
        (NextStateLSTM, {}, words),
    ):
        print(f"a partner of {estimator.__name__}", file=sys.stderr, flush=True)
        build(estimator, **params, max_epochs=1, verbose=1).fit(*data)


def fit_other_data(folder):
    """Fit other data in the last process."""
    X = numbers(N_UNEVEN)
    X[0][0, 0] += RANK
    build(AttentionLSTMClassifier).fit(X, rising(X))


def fit_other_parameters(folder):
    """Fit with other parameters in the last process."""
    X = numbers(N_UNEVEN)
    build(AttentionLSTMClassifier, max_epochs=2 + RANK).fit(X, rising(X))


class End(Callback):
    """End or stop the last process in the second epoch."""

    def __init__(self, number):
        self.number = number

    def on_epoch_end(self, net, **kwargs):
        print("epoch", len(net.history), flush=True)
        if RANK == 1 and len(net.history) == 2:
            os.kill(os.getpid(), self.number)


def fit_killed(folder, number=signal.SIGKILL):
    """Kill the last process in a fit that would last for days."""
    X = numbers(N_UNEVEN)
    ends = [End(number)]
    model = build(AttentionLSTMClassifier, callbacks=ends, blend=None)
    model.set_params(max_epochs=10**6).fit(X, rising(X))


def fit_stopped(folder):
    """Stop the last process, in a group of the user that does not wait for long."""
    from datetime import timedelta

    from torch import distributed

    distributed.init_process_group("gloo", timeout=timedelta(seconds=5))
    fit_killed(folder, signal.SIGSTOP)


if __name__ == "__main__":
    folder, what = Path(sys.argv[1]), (sys.argv[2:] or ["fit_all"])[0]
    found = globals()[what](folder)
    (folder / f"{RANK}.json").write_text(json.dumps(found))
