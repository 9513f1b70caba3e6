"""Killed processes, full disks, folders without permission, no memory.

Forks, other processes and threads are in test_faults_processes.py, fits that fail in
test_failed_fits.py, interrupts in training/test_interrupts.py.
"""

import os
import random
import re
import resource
import signal
import time
from pathlib import Path

import numpy as np
import pytest
from model_zoo import UP_OR_DOWN, WALKS, fitted
from processes import SMALL, ended, fork, kill, run_python
from sequence_data import walks
from sklearn.base import clone
from skorch.callbacks import Callback

from sklearn_seqattn import (
    AttentionLSTMClassifier,
    SequencePadder,
    load_model,
    save_model,
)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="needs POSIX"),
]

X, Y = walks(40)


class Tell(Callback):
    """Write a byte to a pipe after every batch."""

    def __init__(self, pipe):
        self.pipe = pipe

    def on_batch_end(self, net, training=False, **kwargs):
        os.write(self.pipe, b".")


class TestKilledFit:
    def test_the_same_fit_goes_on_wherever_it_was_killed(self, tmp_path):
        straight = AttentionLSTMClassifier(**SMALL).fit(X, Y)
        rng = random.Random(0)
        n_kills = 0
        for n_batches in (0, 3, 5, 12, 14, 22, 29):
            folder = tmp_path / str(n_batches)
            out, into = os.pipe()
            model = AttentionLSTMClassifier(**SMALL, checkpoint=folder)
            child = fork(
                lambda m=model, i=into: m.set_params(callbacks=[Tell(i)]).fit(X, Y)
            )
            for _ in range(n_batches):
                os.read(out, 1)
            time.sleep(rng.random() / 100)
            n_kills += kill(child) == -signal.SIGKILL
            model.fit(X, Y)
            np.testing.assert_array_equal(
                model.predict_proba(X), straight.predict_proba(X)
            )
            losses = (m.history_["train_loss"].tolist() for m in (model, straight))
            assert next(losses) == next(losses)
            assert os.listdir(folder) == []
            os.close(out)
            os.close(into)
        assert n_kills >= 5


class TestKilledSave:
    def test_the_file_is_the_old_one_or_the_new_one(self, tmp_path):
        path = tmp_path / "model.seqattn"
        models = [fitted("classifier"), fitted("kernel classes")]
        contents = []
        for model in models:
            save_model(model, path)
            contents.append(path.read_bytes())

        def save_for_ever():
            while True:
                for model in models:
                    save_model(model, path)

        rng = random.Random(0)
        for _ in range(10):
            child = fork(save_for_ever)
            time.sleep(0.05 + rng.random() / 10)
            assert kill(child) == -signal.SIGKILL
            assert path.read_bytes() in contents
        rubbish = set(os.listdir(tmp_path)) - {path.name}
        assert len(rubbish) <= 1  # killed between two system calls, at the worst


def limited(n_bytes, work):
    """Run a function in a child that can write no file longer than this."""

    def work_on_a_full_disk():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, n_bytes))
        try:
            work()
        except OSError:
            return
        raise AssertionError("the disk was not full")

    return ended(fork(work_on_a_full_disk))


class TestFullDisk:
    def test_saving_keeps_the_old_file(self, tmp_path):
        path = tmp_path / "model.seqattn"
        save_model(fitted("scaler"), path)
        before = path.read_bytes()
        assert limited(5000, lambda: save_model(fitted("classifier"), path)) == 0
        assert path.read_bytes() == before
        assert os.listdir(tmp_path) == [path.name]

    def test_saving_where_there_was_no_file_leaves_none(self, tmp_path):
        path = tmp_path / "model.seqattn"
        assert limited(5000, lambda: save_model(fitted("classifier"), path)) == 0
        assert os.listdir(tmp_path) == []

    def test_a_checkpoint_fails_the_fit_and_the_old_fit_stays(self, tmp_path):
        model = AttentionLSTMClassifier(**SMALL).fit(X, Y)
        before = model.predict_proba(X)
        model.set_params(checkpoint=tmp_path, max_epochs=2)

        def fit():
            try:
                model.fit(X, Y)
            finally:
                np.testing.assert_array_equal(model.predict_proba(X), before)

        assert limited(5000, fit) == 0
        assert os.listdir(tmp_path) == []
        model.fit(X, Y)


def as_nobody(work):
    """Run a function in a child that is not root and so needs permissions."""

    def work_as_nobody():
        if os.geteuid() == 0:
            os.setgroups([])
            os.setuid(65534)
        work()

    return ended(fork(work_as_nobody))


class TestNoPermission:
    @pytest.fixture
    def folder(self, tmp_path):
        """Return a folder that everybody may enter."""
        folder = tmp_path / "folder"
        folder.mkdir()
        for parent in (folder, *folder.parents):
            if not parent.stat().st_mode & 0o001:
                parent.chmod(0o711)
        yield folder
        folder.chmod(0o700)

    def test_saving_changes_nothing(self, folder):
        path, other = folder / "model.seqattn", fitted("classifier")
        save_model(fitted("scaler"), path)
        before = path.read_bytes()
        folder.chmod(0o555)

        def save():
            with pytest.raises(PermissionError):
                save_model(other, path)

        assert as_nobody(save) == 0
        assert path.read_bytes() == before
        assert os.listdir(folder) == [path.name]

    def test_a_checkpoint_fails_the_fit_and_the_old_fit_stays(self, folder):
        model = AttentionLSTMClassifier(**SMALL).fit(X, Y)
        before = model.predict_proba(X)
        model.set_params(checkpoint=folder)
        folder.chmod(0o555)

        def fit():
            with pytest.raises(PermissionError):
                model.fit(X, Y)
            np.testing.assert_array_equal(model.predict_proba(X), before)

        assert as_nobody(fit) == 0
        assert os.listdir(folder) == []


def resident():
    """Return the resident memory of this process in bytes."""
    pages = Path("/proc/self/statm").read_text().split()[1]
    return int(pages) * resource.getpagesize()


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs /proc")
def test_memory_is_flat(tmp_path):
    path = tmp_path / "model.seqattn"
    model = clone(fitted("classifier")).set_params(max_epochs=1, batch_size=24)

    def cycles(n):
        for _ in range(n):
            model.fit(WALKS, UP_OR_DOWN).predict(WALKS)
            save_model(model, path)
            load_model(path)
        return resident()

    before = cycles(10)
    assert cycles(40) - before < 40 * 250_000  # a coarse bound; a copy is more


OUT_OF_MEMORY = """
import resource, sys
import numpy as np
from pathlib import Path
from model_zoo import fitted

name, method, n_steps = sys.argv[1], sys.argv[2], int(sys.argv[3])
model, X = fitted(name), [np.zeros((n_steps, 2)), np.ones((3, 2))]
size = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
room = size + 400 * 2**20
resource.setrlimit(resource.RLIMIT_AS, (room, room))
try:
    getattr(model, method)(*(X, [0, 1])[: 1 + (method == "fit")])
except MemoryError as error:
    print(error)
"""


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs /proc")
class TestOutOfMemory:
    @pytest.mark.parametrize("method", ["fit", "predict_proba"])
    def test_a_batch_is_named(self, method):
        found = run_python(OUT_OF_MEMORY, "classifier", method, 2_000_000)
        wanted = (
            r"Out of memory on a batch of [12] sequences, the longest of 2000000 st"
        )
        assert re.match(wanted, found), found

    def test_a_padded_array_is_named(self):
        X = [np.zeros(2), np.zeros(3)]
        padder = SequencePadder(max_len=2**40).fit(X)
        message = "2 sequences, 1099511627776 steps .* longest sequence has 3 steps"
        with pytest.raises(MemoryError, match=message):
            padder.transform(X)
