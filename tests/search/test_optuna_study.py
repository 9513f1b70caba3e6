"""A study in SQLite that two processes share, one of which is killed."""

import os
import signal
import time

import optuna
import pytest
from optuna.trial import TrialState
from processes import ROOT, group_ended, start_python

N_TRIALS = 6
RUN = f"""
import runpy, sys
sys.path.insert(0, {str(ROOT / "examples")!r})
import optuna_study
optuna_study.X_train, optuna_study.y_train = optuna_study.X[:24], optuna_study.y[:24]
optuna_study.main(sys.argv[1], {N_TRIALS})
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


@pytest.mark.slow
def test_a_shared_study_outlives_a_process_that_is_killed(tmp_path):
    path = tmp_path / "study.db"
    killed = start_python(RUN, path)
    begun = wait_for(lambda: trials_of(path, killed))
    other = start_python(RUN, path)
    try:
        wait_for(lambda: trials_of(path, other))
        running = wait_for(
            lambda: [
                t
                for t in trials_of(path, killed)
                if t.state is TrialState.RUNNING and t.number >= begun[0].number
            ]
        )
        os.killpg(killed.pid, signal.SIGKILL)
        printed, errors = other.communicate(timeout=300)
    finally:
        for process in (killed, other):
            process.poll()
            group_ended(process.pid, timeout=0)
            process.communicate()
    assert other.returncode == 0, errors
    assert f"{N_TRIALS} trials have ended" in printed
    trials = read_trials(path)
    ended = [t for t in trials if t.state in (TrialState.COMPLETE, TrialState.PRUNED)]
    assert len(ended) >= N_TRIALS
    assert all(t.intermediate_values for t in ended)
