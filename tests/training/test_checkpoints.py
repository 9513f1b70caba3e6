"""A fit that was stopped anywhere ends as one that was not."""

import os
from pathlib import Path

import numpy as np
import pytest
import torch
from sequence_data import sentences, walks
from sklearn.base import clone
from skorch.callbacks import Callback

from sklearn_seqattn import (
    AttentionLSTMClassifier,
    AttentionLSTMRegressor,
    FileFormatError,
    NextStateLSTM,
    RandomKernels,
    SequencePadder,
    Tokens,
    save_model,
)
from sklearn_seqattn.blocks import Dense
from sklearn_seqattn.storage.files import write_file
from sklearn_seqattn.storage.values import Writer
from sklearn_seqattn.training import AverageWeights, Checkpoint, open_checkpoint

X, Y = walks(40)
SMALL = {
    "front_end": (Dense(3), "batch_norm", "dropout"),
    "hidden_size": 4,
    "num_layers": 1,
    "num_heads": 2,
    "head_units": (3,),
    "max_epochs": 5,
    "batch_size": 8,
    "random_state": 0,
    "device": "cpu",
}


class Die(Callback):
    """Fail at a batch, and count those that were trained."""

    def __init__(self, epoch=None, batch=1):
        self.epoch, self.batch = epoch, batch

    def initialize(self):
        self.epochs, self.batches = [], []
        return self

    def on_batch_end(self, net, training=False, **kwargs):
        row = net.history[-1]
        self.epochs.append(row["epoch"])
        self.batches.append(training)
        if (row["epoch"], len(row["batches"])) == (self.epoch, self.batch):
            raise RuntimeError("died")


def make(folder=None, *, every=1, minutes=None, keep=False, **options):
    checkpoint = None
    if folder is not None:
        checkpoint = Checkpoint(folder, every, minutes, keep)
    return AttentionLSTMClassifier(**{**SMALL, "checkpoint": checkpoint, **options})


def die(folder, epoch, y=Y, **options):
    with pytest.raises(RuntimeError, match="died"):
        make(folder, callbacks=[Die(epoch)], **options).fit(X, y)


def assert_same(model, other, X=X):
    np.testing.assert_array_equal(model._outputs(X), other._outputs(X))
    weights = other.net_.module_.state_dict()
    for name, weight in model.net_.module_.state_dict().items():
        assert torch.equal(weight, weights[name])
    found, wanted = (m.history_.drop(columns="seconds") for m in (model, other))
    assert found.equals(wanted)


@pytest.mark.parametrize("epoch", [1, 2, 4, 5])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"early_stopping": True, "validation_fraction": 0.2},
        {
            "net_params": {"callbacks__lr_schedule": None},
            "every": 2,
            "blend": RandomKernels(n_features=84),
        },
    ],
)
def test_a_fit_that_died_ends_as_if_it_had_not(tmp_path, epoch, options):
    die(tmp_path, epoch, **options)
    resumed = make(tmp_path, **options).fit(X, Y)
    assert_same(resumed, make(**options).fit(X, Y))
    assert os.listdir(tmp_path) == []


def test_early_stopping_remembers_the_best_weights(tmp_path):
    options = {
        "early_stopping": True,
        "n_iter_no_change": 3,
        "max_epochs": 40,
        "lr": 0.3,
    }
    straight = make(**options).fit(X, Y)
    best = straight.history_["valid_loss"].argmin() + 1
    assert best + 3 == straight.n_iter_ < 40
    die(tmp_path, straight.n_iter_, **options)
    assert_same(make(tmp_path, **options).fit(X, Y), straight)


def test_only_the_epochs_that_are_missing_are_trained(tmp_path):
    die(tmp_path, 4)
    counter = Die()
    make(tmp_path, callbacks=[counter]).fit(X, Y)
    assert set(counter.epochs) == {4, 5}


def test_without_a_seed_the_drawn_one_is_kept(tmp_path):
    options = {"random_state": None, "early_stopping": True, "dropout": 0.5}
    die(tmp_path, 3, **options)
    seeds = open_checkpoint(tmp_path).left["seeds"]
    resumed = make(tmp_path, **options).fit(X, Y)
    assert len(seeds) == 4
    assert resumed.n_iter_ == 5


def test_other_estimators(tmp_path):
    tokens, _ = sentences(30)
    options = {**SMALL, "front_end": ("embedding",), "checkpoint": tmp_path}
    y = np.arange(30.0)
    with pytest.raises(RuntimeError):
        AttentionLSTMRegressor(**options, callbacks=[Die(3)]).fit(tokens, y)
    resumed = AttentionLSTMRegressor(**options).fit(tokens, y)
    options["checkpoint"] = None
    assert_same(resumed, AttentionLSTMRegressor(**options).fit(tokens, y), tokens)


@pytest.mark.parametrize("epoch", [2, 4])
def test_next_states(tmp_path, epoch):
    states, _ = sentences(40)
    options = {"hidden_size": 4, "tokens": Tokens(4), "max_epochs": 5}
    options |= {"random_state": 0, "n_iter_no_change": 9}
    straight = NextStateLSTM(**options).fit(states)
    model = NextStateLSTM(**options, checkpoint=tmp_path)
    with pytest.raises(RuntimeError, match="died"):
        model.set_params(callbacks=[Die(epoch)]).fit(states)
    model.set_params(callbacks=())
    with pytest.raises(ValueError, match="X was"):
        model.fit(states[:-1])
    model.fit(states)
    found, wanted = model.predict_proba(states), straight.predict_proba(states)
    np.testing.assert_array_equal(found, wanted)
    assert model.network_weight_ == straight.network_weight_
    assert os.listdir(tmp_path) == []


def test_a_warm_start(tmp_path):
    first = make(warm_start=True).fit(X, Y)
    before = first.net_.module_.state_dict()
    straight = make(warm_start=True).fit(X, Y)
    straight.fit(X, Y)
    first.set_params(checkpoint=tmp_path, callbacks=[Die(3)])
    with pytest.raises(RuntimeError, match="died"):
        first.fit(X, Y)
    assert all(
        torch.equal(weight, before[name])
        for name, weight in first.net_.module_.state_dict().items()
    )
    first.set_params(callbacks=()).fit(X, Y)
    assert_same(first, straight)


def test_kept_if_asked(tmp_path):
    make(tmp_path, keep=True).fit(X, Y)
    counter = Die()
    again = make(tmp_path, keep=True, callbacks=[counter]).fit(X, Y)
    assert counter.epochs == []
    assert_same(again, make().fit(X, Y))
    assert os.listdir(tmp_path) == ["fit.checkpoint"]


@pytest.mark.parametrize("every", [1, 3])
def test_a_kept_one_has_the_last_epoch(tmp_path, every):
    make(tmp_path, keep=True, every=every).fit(X, Y)
    assert open_checkpoint(tmp_path).n_done == 5


def test_more_epochs_are_those_of_a_longer_fit(tmp_path):
    options = {"net_params": {"callbacks__lr_schedule": None}}
    make(tmp_path, keep=True, **options).fit(X, Y)
    counter = Die()
    longer = make(tmp_path, max_epochs=8, callbacks=[counter], **options).fit(X, Y)
    assert set(counter.epochs) == {6, 7, 8}
    assert_same(longer, make(max_epochs=8, **options).fit(X, Y))
    assert os.listdir(tmp_path) == []


def test_more_epochs_go_on_at_the_rate_of_the_longer_schedule(tmp_path):
    make(tmp_path, keep=True).fit(X, Y)
    rates = make(tmp_path, max_epochs=8).fit(X, Y).history_["lr"]
    whole = make(max_epochs=8).fit(X, Y).history_["lr"]
    assert rates[5:].tolist() == whole[5:].tolist()
    assert rates[4] < rates[5] < whole[4]


def test_fewer_epochs_than_there_are(tmp_path):
    make(tmp_path, keep=True).fit(X, Y)
    with pytest.raises(ValueError, match="has 5 epochs, but max_epochs=4"):
        make(tmp_path, max_epochs=4).fit(X, Y)


#: Settings under which a fit goes on from the batch at which it was stopped.
WITHIN = {
    "plain": {},
    "averaged": {"callbacks": [("average", AverageWeights(0.3))]},
    "early stopping": {"early_stopping": True, "validation_fraction": 0.2},
    "averaged and validated": {
        "callbacks": [("average", AverageWeights(0.3))],
        "early_stopping": True,
        "validation_fraction": 0.2,
        "scoring": "accuracy",
    },
}


@pytest.mark.parametrize("name", WITHIN)
@pytest.mark.parametrize("place", [(1, 1), (1, 3), (2, 1), (3, 4), (5, 2)])
def test_minutes_let_a_fit_go_on_within_an_epoch(tmp_path, name, place):
    options = {"callbacks": [], **WITHIN[name]}
    counters = [Die(*place), Die()]
    for counter in counters:
        model = make(tmp_path, minutes=1e-9, **options)
        model.set_params(callbacks=[*options["callbacks"], ("die", counter)])
        if counter.epoch:
            with pytest.raises(RuntimeError, match="died"):
                model.fit(X, Y)
        else:
            model.fit(X, Y)
    assert_same(model, make(**options).fit(X, Y))
    n_trained = sum(counters[0].batches) + sum(counters[1].batches)
    n_batches = model.history_["batches"].sum()
    assert n_trained == n_batches + 1  # that at which it died is trained again


def test_the_folder_is_made(tmp_path):
    make(tmp_path / "a" / "b").fit(X, Y)
    assert (tmp_path / "a" / "b").is_dir()


def test_a_callback_with_a_state_dict_goes_on(tmp_path):
    class Count(Callback):
        n = 0

        def on_epoch_end(self, net, **kwargs):
            self.n += 1

        def state_dict(self):
            return {"n": self.n}

        def load_state_dict(self, state):
            self.n = state["n"]

    die_and_count = [("die", Die(3)), ("count", Count())]
    with pytest.raises(RuntimeError, match="died"):
        make(tmp_path, callbacks=die_and_count).fit(X, Y)
    count = Count()
    make(tmp_path, callbacks=[("count", count)]).fit(X, Y)
    assert count.n == 5


class TestMismatch:
    @pytest.mark.parametrize(
        ("options", "match"),
        [
            ({"hidden_size": 8}, "hidden_size was 4 there, and is 8 here"),
            ({"random_state": 1}, "random_state was 0 there, and is 1 here"),
            ({"dropout": 0.3}, "dropout was 0.2 there, and is 0.3 here"),
            ({"random_state": None}, "random_state was 0 there, and is None here"),
        ],
    )
    def test_parameters(self, tmp_path, options, match):
        die(tmp_path, 3)
        with pytest.raises(ValueError, match=match):
            make(tmp_path, **options).fit(X, Y)

    @pytest.mark.parametrize(
        ("X", "y", "weight", "match"),
        [
            ([x + 1 for x in X], Y, None, "X was"),
            (X, Y[::-1], None, "y was|X was"),
            (X, Y, np.arange(1, 41), "sample_weight was"),
        ],
    )
    def test_data(self, tmp_path, X, y, weight, match):
        die(tmp_path, 3)
        with pytest.raises(ValueError, match=match):
            make(tmp_path).fit(X, y, sample_weight=weight)

    def test_validation_data(self, tmp_path):
        die(tmp_path, 3)
        with pytest.raises(ValueError, match="validation X was None there"):
            make(tmp_path).fit(X, Y, validation_data=(X[:5], Y[:5]))

    def test_what_does_not_matter(self, tmp_path):
        die(tmp_path, 3)
        make(tmp_path, verbose=False, callbacks=(), every=3).fit(X, Y)


class TestFile:
    def test_a_damaged_one(self, tmp_path):
        die(tmp_path, 3)
        path = tmp_path / "fit.checkpoint"
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        path.write_bytes(content)
        with pytest.raises(FileFormatError, match="cannot be loaded"):
            make(tmp_path).fit(X, Y)

    def test_a_model(self, tmp_path):
        save_model(SequencePadder(), tmp_path / "fit.checkpoint")
        with pytest.raises(FileFormatError, match="not a checkpoint"):
            make(tmp_path).fit(X, Y)


def change(*keys):
    """Make a change of what a checkpoint holds, at the place the keys lead to."""
    *keys, last, value = keys

    def apply(left):
        for key in keys:
            left = left[key]
        left[last] = value

    return apply


STATE = ("optimizer", "state", 0)
ORDER = ("generators", "order", "state")
FORGERIES = {
    "moments of another size": change(*STATE, "exp_avg", np.zeros(1, np.float32)),
    "moments of another type": change(*STATE, "exp_avg", np.zeros((3, 2))),
    "no module": change("module", {}),
    "no optimizer": change("optimizer", {}),
    "no generators": change("generators", {}),
    "no moments": change(*STATE, "exp_avg", None),
    "a step less": lambda left: left["optimizer"]["state"].pop(0),
    "other parameters": change("optimizer", "param_groups", 0, "params", [1, 0, 2]),
    "settings of another type": change(
        "optimizer", "param_groups", 0, "maximize", "no"
    ),
    "weights that are not finite": lambda left: next(
        iter(left["module"].values())
    ).fill(np.nan),
    "a position behind the generator's numbers": change(*ORDER, "pos", 10**6),
    "a position before them": change(*ORDER, "pos", -1),
    "too few numbers": change(*ORDER, "key", np.zeros(3, np.uint32)),
    "another generator": change("generators", "order", "bit_generator", "PCG64"),
    "a short generator of torch": change("generators", "torch", np.zeros(9, np.uint8)),
    "a schedule of another kind": change("callbacks", "lr_schedule", "batches", "x"),
    "no schedule": lambda left: left["callbacks"].clear(),
    "epochs that are not there": change("history", 0, "epoch", 7),
    "a loss that is none": change("history", 0, "train_loss", "x"),
    "an unfinished epoch that is not next": change(
        "unfinished", {"epoch": 9, "batches": []}
    ),
    "an unfinished epoch without batches": change("unfinished", {"epoch": 3}),
    "batches without a loss": change("unfinished", {"epoch": 3, "batches": [{}]}),
    "batches that are none": change("unfinished", {"epoch": 3, "batches": [3]}),
}


def forge(folder, edit):
    """Change what the checkpoint of a fit that died holds."""
    die(folder, 3)
    left = open_checkpoint(folder).left
    edit(left)
    writer = Writer()
    document = writer.write(left, "x")
    write_file(folder / "fit.checkpoint", "checkpoint", document, writer.arrays)


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forged_one_is_refused_before_it_is_used(tmp_path, name):
    forge(tmp_path, FORGERIES[name])
    with pytest.raises(FileFormatError, match="does not fit the training"):
        make(tmp_path).fit(X, Y)


@pytest.mark.parametrize(
    ("edit", "match"),
    [
        (change("seeds", []), "of another estimator"),
        (change("seeds", [1, 2, 3, -4]), "is no checkpoint"),
        (change("fingerprint", "lr", 3), "is no checkpoint"),
        (change("module", []), "does not fit the training"),
        (change("history", 3), "is no checkpoint"),
        (lambda left: left.pop("history"), "is no checkpoint"),
        (lambda left: left.pop("unfinished"), "is no checkpoint"),
    ],
)
def test_parts_that_no_checkpoint_has(tmp_path, edit, match):
    forge(tmp_path, edit)
    with pytest.raises(FileFormatError, match=match):
        make(tmp_path).fit(X, Y)


class TestCheckpoint:
    def test_none(self):
        assert open_checkpoint(None) is None

    @pytest.mark.parametrize("kind", [str, Path, Checkpoint])
    def test_a_folder(self, tmp_path, kind):
        file = open_checkpoint(kind(tmp_path))
        assert file.path == tmp_path / "fit.checkpoint"
        assert (file.every, file.keep, file.n_done) == (1, False, 0)

    def test_options(self, tmp_path):
        options = {"every": 3, "minutes": 0.5, "keep": True}
        checkpoint = clone(Checkpoint(tmp_path)).set_params(**options)
        file = open_checkpoint(checkpoint)
        assert (file.every, file.minutes, file.keep) == (3, 0.5, True)
        assert checkpoint.get_params() == {"path": tmp_path, **options}

    @pytest.mark.parametrize(
        "checkpoint",
        [
            *(3, Checkpoint(None), Checkpoint("a", 0), Checkpoint("a", keep=2)),
            Checkpoint("a", minutes=0),
        ],
    )
    def test_options_that_are_wrong(self, checkpoint):
        with pytest.raises(ValueError, match="parameter of Checkpoint must be"):
            open_checkpoint(checkpoint)


def test_a_folder_that_cannot_be_written_fails_the_fit_and_keeps_the_old_one(tmp_path):
    model = make().fit(X, Y)
    before = model.predict_proba(X)
    (tmp_path / "file").touch()
    model.set_params(checkpoint=tmp_path / "file" / "folder")
    with pytest.raises(OSError, match="Not a directory"):
        model.fit(X, Y)
    np.testing.assert_array_equal(model.predict_proba(X), before)


def test_a_warm_start_from_other_weights_is_another_fit(tmp_path):
    X, y = walks(12)
    fits = [
        AttentionLSTMClassifier(max_epochs=1, warm_start=True, random_state=0)
        for _ in range(3)
    ]
    for model in fits:
        model.fit(X, y).set_params(checkpoint=Checkpoint(tmp_path, keep=True))
    fits[0].fit(X, y)
    with torch.no_grad():
        fits[1].network_.head[0].weight[30, 30] += 1e-3
    with pytest.raises(ValueError, match="checkpoint of another fit: weights so far"):
        fits[1].fit(X, y)
    fits[2].fit([x.astype(">f8") for x in X], y)  # the same numbers
    np.testing.assert_array_equal(fits[2].predict_proba(X), fits[0].predict_proba(X))
