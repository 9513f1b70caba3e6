"""Data-parallel fits: real processes, started by torchrun and by hand."""

import json
import os
import re
import signal
import socket
import subprocess
from datetime import timedelta

import numpy as np
import pytest
from distributed_fits import N_UNEVEN, SMALL, numbers, rising
from processes import ROOT, group_ended, start_interpreter
from torch import distributed as dist

from sklearn_seqattn import (
    AttentionLSTMClassifier,
    AttentionLSTMRegressor,
    AttentionLSTMTagger,
    NextStateLSTM,
    load_model,
)
from sklearn_seqattn.training import distributed

SCRIPT = ROOT / "tests" / "distributed_fits.py"
TORCHRUN = ("-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2")
ONE_THREAD = {"OMP_NUM_THREADS": "1"}
X = numbers(N_UNEVEN)
ESTIMATORS = [
    AttentionLSTMClassifier,
    AttentionLSTMRegressor,
    AttentionLSTMTagger,
    NextStateLSTM,
]


def finish(process, timeout=240):
    """Wait for a process; return its code and what it wrote to standard error."""
    try:
        _, errors = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        raise
    return process.returncode, errors


def free_port():
    """Return a port that nobody listens at."""
    with socket.socket() as found:
        found.bind(("localhost", 0))
        return found.getsockname()[1]


def start_two(*arguments):
    """Start two processes by hand, with what torchrun would set."""
    common = {**ONE_THREAD, "MASTER_ADDR": "localhost", "WORLD_SIZE": "2"}
    common["MASTER_PORT"] = str(free_port())
    return [
        start_interpreter(SCRIPT, *arguments, RANK=str(rank), **common)
        for rank in range(2)
    ]


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Run the same script plainly and by torchrun; what each process has found."""
    folders = [tmp_path_factory.mktemp(name) for name in ("plain", "torchrun")]
    errors = []
    for folder, launcher in zip(folders, [("-W", "error"), TORCHRUN], strict=True):
        process = start_interpreter(*launcher, SCRIPT, folder, **ONE_THREAD)
        code, written = finish(process)
        assert code == 0, written
        errors.append(written)
    plain, first, second = (
        json.loads((folders[i > 0] / f"{max(0, i - 1)}.json").read_text())
        for i in range(3)
    )
    return {
        "plain": plain,
        "first": first,
        "second": second,
        "folder": folders[1],
        "errors": errors,
    }


@pytest.mark.slow
class TestTwoProcesses:
    def test_all_fits_are_there(self, runs):
        assert len(runs["plain"]) == 12

    def test_have_the_loss_curve_of_one(self, runs):
        for name, plain in runs["plain"].items():
            shared = runs["first"][name]["history"]
            assert shared.keys() == plain["history"].keys()
            in_single = name in ("even", "uneven")
            for column, values in plain["history"].items():
                np.testing.assert_allclose(
                    shared[column],
                    values,
                    rtol=0,
                    atol=1e-6 if in_single else 1e-9,
                    err_msg=f"{name}, {column}",
                )

    def test_stop_early_at_the_same_epoch(self, runs):
        one, two = (runs[who]["uneven"]["history"] for who in ("plain", "first"))
        assert one["epoch"] == two["epoch"]
        assert len(one["epoch"]) < 30

    def test_predict_what_one_predicts(self, runs):
        for name, plain in runs["plain"].items():
            shared = runs["first"][name]["outputs"]
            # the search for the temperature of next states ends at a tolerance
            atol = 1e-3 if name == "next state" else 2e-5
            np.testing.assert_allclose(shared, plain["outputs"], atol=atol)

    def test_end_with_the_same_estimator(self, runs):
        assert runs["first"] == runs["second"]  # to the last bit, times included

    def test_save_one_file(self, runs):
        assert [path.name for path in runs["folder"].glob("*.seqattn")] == [
            "model.seqattn"
        ]
        loaded = load_model(runs["folder"] / "model.seqattn")
        found = np.ravel(loaded.predict_proba(X)).tolist()
        assert found == runs["first"]["prefixes"]["outputs"]

    def test_stop_together_after_ctrl_c_in_one(self, runs):
        history = runs["second"]["interrupted"]["history"]
        assert history["epoch"] == [1, 2]
        assert history["batches"] == [5, 1]

    def test_write_one_checkpoint_and_one_progress(self, runs):
        names = [path.name for path in (runs["folder"] / "checkpoint").iterdir()]
        assert names == ["fit.checkpoint"]
        plain, shared = runs["errors"]
        assert plain.count("reading X\n") == 2
        assert shared.count("reading X in 2 processes\n") == 2
        assert shared.count("reading X") == 2

    def test_show_one_progress_of_each_partner(self, tmp_path):
        found = [finish(process) for process in start_two(tmp_path, "fit_partners")]
        assert [code for code, _ in found] == [0, 0], found
        shown, silent = (errors.split("a partner of ")[1:] for _, errors in found)
        assert len(shown) == len(silent) == 5
        assert all("partner:" in text for text in shown)
        assert all(text.count("\n") == 1 for text in silent), silent


@pytest.mark.slow
class TestFaults:
    @pytest.mark.parametrize(
        ("what", "difference"),
        [
            ("fit_other_data", r"but X is \w+ in process"),
            ("fit_other_parameters", "but max_epochs is [23] in process"),
        ],
    )
    def test_other_processes_have_something_else(self, what, difference, tmp_path):
        for process in start_two(tmp_path, what):
            code, errors = finish(process)
            assert code == 1
            assert "ValueError: All processes of a data-parallel fit need" in errors
            assert re.search(difference, errors)

    def test_a_killed_process_ends_torchrun(self, tmp_path):
        process = start_interpreter(
            *TORCHRUN, SCRIPT, tmp_path, "fit_killed", **ONE_THREAD
        )
        code, errors = finish(process)
        assert code != 0
        assert "Signal 9 (SIGKILL)" in errors
        assert group_ended(process.pid)

    @pytest.mark.parametrize("what", ["fit_killed", "fit_stopped"])
    def test_a_lost_process_is_an_error_in_the_other(self, what, tmp_path):
        first, second = start_two(tmp_path, what)
        try:
            code, errors = finish(first)
        finally:
            os.killpg(second.pid, signal.SIGKILL)
        assert code == 1
        assert "RuntimeError: A process of the data-parallel fit has ended" in errors
        finish(second)


@pytest.fixture
def environment(monkeypatch):
    """Set the variables of torchrun; without any at first."""
    for name in (*distributed._VARIABLES, "LOCAL_RANK"):
        monkeypatch.delenv(name, raising=False)
    distributed._store.cache_clear()
    yield lambda **found: [monkeypatch.setenv(*pair) for pair in found.items()]
    distributed._store.cache_clear()


def shared(estimator=AttentionLSTMClassifier, **params):
    """Return an estimator with the switch."""
    return estimator(**SMALL | params, net_params={"distributed": True})


@pytest.mark.usefixtures("environment")
def test_a_script_without_torchrun_fits_alone():
    plain = AttentionLSTMClassifier(**SMALL).fit(X, rising(X)).predict_proba(X)
    model = shared().fit(X, rising(X))
    assert model.predict_proba(X).tobytes() == plain.tobytes()
    assert not dist.is_initialized()


class TestTheSwitch:
    @pytest.mark.parametrize("estimator", ESTIMATORS)
    @pytest.mark.parametrize(
        "net_params",
        [{"distributed": 2}, {"distributed": "yes"}, {"distributed__size": 2}],
    )
    def test_it_is_true_or_false(self, estimator, net_params):
        model = estimator(net_params=net_params)
        y = None if estimator is NextStateLSTM else rising(X)
        with pytest.raises(ValueError, match="it must be True or False"):
            model.fit(X, y)

    def test_false_fits_alone_in_torchrun(self, environment):
        environment(RANK="0", WORLD_SIZE="2", MASTER_ADDR="localhost", MASTER_PORT="1")
        model = AttentionLSTMClassifier(**SMALL, net_params={"distributed": False})
        model.set_params(max_epochs=1).fit(X, rising(X))

    @pytest.mark.parametrize(
        ("found", "message"),
        [
            ({"RANK": "0"}, "no WORLD_SIZE and no MASTER_ADDR and no MASTER_PORT"),
            ({"WORLD_SIZE": "2", "MASTER_PORT": "1"}, "no RANK and no MASTER_ADDR"),
            ({"RANK": "2", "WORLD_SIZE": "2"}, "RANK='2' and WORLD_SIZE='2'"),
            ({"RANK": "0", "WORLD_SIZE": "two"}, "WORLD_SIZE='two'"),
        ],
    )
    def test_an_environment_that_torchrun_did_not_set(
        self, found, message, environment
    ):
        if len(found) == 2 and "RANK" in found:
            found = {**found, "MASTER_ADDR": "localhost", "MASTER_PORT": "1"}
        environment(**found)
        with pytest.raises(ValueError, match=message):
            shared().fit(X, rising(X))

    def test_processes_that_do_not_come(self, environment, monkeypatch):
        monkeypatch.setattr(distributed, "TIMEOUT", timedelta(seconds=1))
        port = str(free_port())
        environment(RANK="0", WORLD_SIZE="2", MASTER_ADDR="localhost", MASTER_PORT=port)
        model = shared()
        with pytest.raises(RuntimeError, match="not answered in time"):
            model.fit(X, rising(X))
        assert not hasattr(model, "net_")

    def test_a_build_of_torch_without_processes(self, environment, monkeypatch):
        environment(RANK="0", WORLD_SIZE="2", MASTER_ADDR="localhost", MASTER_PORT="1")
        monkeypatch.setattr(dist, "is_available", lambda: False)
        with pytest.raises(RuntimeError, match="has no torch"):
            shared().fit(X, rising(X))

    def test_a_group_of_another_size(self, environment):
        port = str(free_port())
        environment(RANK="0", WORLD_SIZE="2", MASTER_ADDR="localhost", MASTER_PORT=port)
        dist.init_process_group("gloo", store=dist.HashStore(), rank=0, world_size=1)
        try:
            with pytest.raises(ValueError, match="process 0 of 1, but the environment"):
                shared().fit(X, rising(X))
            assert dist.is_initialized()  # it is of the user
        finally:
            dist.destroy_process_group()

    def test_workers_of_joblib_are_no_processes_of_torchrun(
        self, environment, monkeypatch
    ):
        environment(RANK="0", WORLD_SIZE="2", MASTER_ADDR="localhost", MASTER_PORT="1")
        monkeypatch.setattr("multiprocessing.parent_process", lambda: "the parent")
        with pytest.raises(RuntimeError, match="such as a worker of joblib"):
            shared().fit(X, rising(X))
