"""A study in SQLite that two processes share, one of which is killed."""

import os
import signal
import sqlite3
import time
from contextlib import closing

import optuna
import pytest
from optuna.storages import RetryHeartbeatStaleTrialCallback
from optuna.trial import TrialState
from processes import ROOT, run_python, start_python

ENDED = (TrialState.COMPLETE, TrialState.PRUNED)
ENDLESS = 10_000  # trials
RUN = f"""
import runpy, sys
sys.path.insert(0, {str(ROOT / "examples")!r})
import optuna_study
optuna_study.X_train, optuna_study.y_train = optuna_study.X[:24], optuna_study.y[:24]
optuna_study.main(sys.argv[1], int(sys.argv[2]))
"""


def wait_for(condition, seconds=200):
    """Wait until something is true, and return it."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.2)
    raise TimeoutError("Nothing happened.")


def read_trials(path):
    """Return the trials of the study so far."""
    try:
        study = optuna.load_study(study_name="walks", storage=f"sqlite:///{path}")
        return study.trials
    except KeyError:  # there is no study yet
        return []


def trials_of(path, process):
    """Return the trials that a process has begun."""
    trials = read_trials(path)
    return [t for t in trials if t.user_attrs.get("process") == process.pid]


def kill_within_a_trial(path, process):
    """Kill a process while its trial runs and has given a sign of life.

    A trial without any sign of life is never missed.
    """
    signs = """
        SELECT state = 'RUNNING' AND EXISTS (
            SELECT 1 FROM trial_heartbeats AS sign WHERE sign.trial_id = trials.trial_id
        )
        FROM trials JOIN trial_user_attributes USING (trial_id)
        WHERE key = 'process' AND value_json = ? ORDER BY number DESC LIMIT 1
    """

    def runs():
        try:
            with closing(sqlite3.connect(path, timeout=1)) as study:
                return study.execute(signs, [str(process.pid)]).fetchone() == (1,)
        except sqlite3.OperationalError:  # it was stopped while it wrote
            return False

    while True:
        wait_for(runs)
        os.killpg(process.pid, signal.SIGSTOP)
        if runs():
            os.killpg(process.pid, signal.SIGKILL)
            return
        os.killpg(process.pid, signal.SIGCONT)


def end(*processes):
    """Kill processes that still run, and close their pipes."""
    for process in processes:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning")
def test_a_shared_study_outlives_processes_that_are_killed(tmp_path):
    path = tmp_path / "study.db"
    first = start_python(RUN, path, ENDLESS)
    second = start_python(RUN, path, ENDLESS)
    try:
        for process in (first, second):
            wait_for(lambda process=process: trials_of(path, process))
        kill_within_a_trial(path, first)
        n_before = len(trials_of(path, second))
        wait_for(lambda: len(trials_of(path, second)) >= n_before + 2)
        kill_within_a_trial(path, second)
    finally:
        end(first, second)
    lost = [t.number for t in read_trials(path) if t.state is TrialState.RUNNING]
    assert len(lost) == 2  # one of each process

    time.sleep(11)  # as long as the study waits for a sign of life
    n_trials = sum(t.state in ENDED for t in read_trials(path)) + 3
    printed = run_python(RUN, path, n_trials, timeout=200)
    assert f"{n_trials} trials have ended" in printed
    trials = read_trials(path)
    states = [trial.state for trial in trials]
    assert states.count(TrialState.RUNNING) == 0
    assert [t.number for t in trials if t.state is TrialState.FAIL] == lost
    retried = [RetryHeartbeatStaleTrialCallback.retried_trial_number(t) for t in trials]
    assert sorted(number for number in retried if number is not None) == lost
