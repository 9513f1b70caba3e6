"""A search by Optuna that several processes share, and that survives a crash.

    python examples/optuna_study.py study.db [N_TRIALS]

Start it in one terminal, then in more of them, on any machine that sees the file: each
process takes the next trial until the study has N_TRIALS. A process that is killed
leaves the others alone; its trial fails after a while, and is tried again. Start it
once more, and the study goes on.

Needs the extra `optuna`.
"""

import os
import sys
import warnings

import numpy as np
import optuna
from optuna.exceptions import ExperimentalWarning
from optuna.storages import RDBStorage, RetryHeartbeatStaleTrialCallback
from optuna.study import MaxTrialsCallback
from optuna.trial import TrialState
from sklearn.model_selection import train_test_split

from sklearn_seqattn import AttentionLSTMClassifier
from sklearn_seqattn.search import PruningCallback, default_space, suggest_params

# Signs of life of a trial are experimental in Optuna.
warnings.filterwarnings("ignore", category=ExperimentalWarning)


def make_walks(n=120):
    """Make random walks in two channels, the first of which may follow the second."""
    rng = np.random.default_rng(0)
    X, y = [], np.arange(n) % 2
    for follows in y:
        leader = rng.normal(size=rng.integers(15, 40))
        noise = rng.normal(size=len(leader))
        follower = np.roll(leader, 2) + 0.5 * noise if follows else noise
        X.append(np.cumsum(np.column_stack([follower, leader]), axis=0))
    return X, y


X, y = make_walks()
X_train, X_valid, y_train, y_valid = train_test_split(X, y, stratify=y, random_state=0)


def objective(trial):
    """Return the validation loss of the best epoch."""
    trial.set_user_attr("process", os.getpid())
    model = AttentionLSTMClassifier(random_state=0)
    space = default_space(model)
    space["blend"] = {"values": [None]}  # the network alone
    space["max_epochs"] = {"values": [10, 20]}
    model.set_params(**suggest_params(trial, space), callbacks=[PruningCallback(trial)])
    model.fit(X_train, y_train, validation_data=(X_valid, y_valid))
    return model.history_["valid_loss"].min()


def main(path, n_trials=20):
    storage = RDBStorage(
        f"sqlite:///{path}",
        engine_kwargs={"connect_args": {"timeout": 60}},  # wait while others write
        heartbeat_interval=2,  # seconds between signs of life of a trial
        grace_period=10,  # without one for so long, it fails
        heartbeat_stale_trial_callback=RetryHeartbeatStaleTrialCallback(max_retry=2),
    )
    study = optuna.create_study(
        storage=storage,
        study_name="walks",
        load_if_exists=True,
        pruner=optuna.pruners.MedianPruner(n_startup_trials=4, n_warmup_steps=3),
    )
    ended = (TrialState.COMPLETE, TrialState.PRUNED)
    enough = MaxTrialsCallback(n_trials, states=ended)
    if len(study.get_trials(states=ended)) < n_trials:
        study.optimize(objective, callbacks=[enough])
    print(f"{len(study.get_trials(states=ended))} trials have ended")
    print(f"best validation loss: {study.best_value:.3f}")
    for name, value in study.best_params.items():
        print(f"  {name} = {value}")


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
