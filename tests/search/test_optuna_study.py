"""A study in SQLite that two processes share, one of which is killed."""

import os
import signal
import time

import optuna
import pytest
from optuna.storages import RetryHeartbeatStaleTrialCallback
from optuna.trial import TrialState
from processes import ROOT, run_python, start_python

N_TRIALS = 6
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


def end(*processes):
    """Kill processes that still run, and close their pipes."""
    for process in processes:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning")
def test_a_shared_study_outlives_a_process_that_is_killed(tmp_path):
    path = tmp_path / "study.db"
    killed = start_python(RUN, path, N_TRIALS)
    wait_for(lambda: trials_of(path, killed))
    other = start_python(RUN, path, N_TRIALS)
    try:
        wait_for(lambda: trials_of(path, other))
        wait_for(lambda: trials_of(path, killed)[-1].state is TrialState.RUNNING)
        os.killpg(killed.pid, signal.SIGKILL)
        printed, errors = other.communicate(timeout=200)
    finally:
        end(killed, other)
    assert other.returncode == 0, errors
    assert f"{N_TRIALS} trials have ended" in printed
    lost = [t for t in read_trials(path) if t.state is TrialState.RUNNING]
    assert len(lost) <= 1  # of the process that was killed

    time.sleep(11)  # as long as the study waits for a sign of life
    run_python(RUN, path, N_TRIALS + 2, timeout=200)
    trials = read_trials(path)
    states = [trial.state for trial in trials]
    assert states.count(TrialState.RUNNING) == 0
    assert states.count(TrialState.COMPLETE) + states.count(TrialState.PRUNED) >= 8
    retried = [RetryHeartbeatStaleTrialCallback.retried_trial_number(t) for t in trials]
    failed = [t.number for t in trials if t.state is TrialState.FAIL]
    assert [number for number in retried if number is not None] == failed
