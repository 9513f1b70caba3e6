"""Parts of one's own in every estimator: fits, searches, pickles, and refusals."""

import pickle
from itertools import product

import numpy as np
import pytest
import torch
from model_zoo import LABELS, LENGTHS, SENTENCES, UP_OR_DOWN, WALKS, YES
from own_parts import (
    BigramNetwork,
    BrokenNetwork,
    DetachedLoss,
    DetachedNetwork,
    FocalLoss,
    FutureReader,
    IdNetwork,
    InPlaceLoss,
    MeanLoss,
    MeanNetwork,
    NoParameters,
    PaddingReader,
    RankedLoss,
    SingleLayer,
    SingleNetwork,
    SinglePooling,
    ThreeLosses,
)
from scipy.special import log_softmax
from sklearn.base import clone
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    KFold,
    LeaveOneGroupOut,
    PredefinedSplit,
    ShuffleSplit,
    StratifiedShuffleSplit,
    TimeSeriesSplit,
    check_cv,
)
from sklearn.pipeline import Pipeline
from skorch.callbacks import (
    BatchScoring,
    Callback,
    Checkpoint,
    EarlyStopping,
    EpochScoring,
    EpochTimer,
    Freezer,
    Initializer,
    LRScheduler,
    ProgressBar,
    TrainEndCheckpoint,
)
from skorch.dataset import ValidSplit
from skorch.helper import predefined_split
from torch import nn

from sklearn_seqattn import (
    AttentionLSTMClassifier,
    AttentionLSTMRegressor,
    NextStateLSTM,
    RandomKernels,
    Tokens,
    load_model,
    save_model,
)
from sklearn_seqattn.blocks import (
    Block,
    Pooling,
    register_block,
    register_pooling,
)

SMALL = {"hidden_size": 4, "num_layers": 1, "max_epochs": 2, "random_state": 0}
SMALL |= {"device": "cpu"}
NUMBERS = {**SMALL, "front_end": None, "blend": RandomKernels(168)}

#: Name: an estimator with parts of its own, and what it is fitted to.
MODELS = {
    "classifier": (
        AttentionLSTMClassifier(**NUMBERS, net_params={"module": MeanNetwork}),
        (WALKS, UP_OR_DOWN),
    ),
    "labels": (
        AttentionLSTMClassifier(
            **{**NUMBERS, "blend": None},
            net_params={
                "module": MeanNetwork,
                "criterion": nn.MultiLabelSoftMarginLoss,
            },
        ),
        (WALKS, LABELS),
    ),
    "regressor": (
        AttentionLSTMRegressor(
            **NUMBERS,
            net_params={"module": MeanNetwork, "module__hidden": 7},
        ),
        (WALKS, LENGTHS),
    ),
    "tokens": (
        AttentionLSTMClassifier(**SMALL, net_params={"module": IdNetwork}),
        (SENTENCES, YES),
    ),
    "states": (
        NextStateLSTM(**SMALL, net_params={"module": BigramNetwork}),
        (SENTENCES,),
    ),
    "focal loss": (
        AttentionLSTMClassifier(
            **NUMBERS, net_params={"criterion": FocalLoss, "criterion__gamma": 1.0}
        ),
        (WALKS, UP_OR_DOWN),
    ),
    "ranked loss": (
        AttentionLSTMClassifier(**NUMBERS, net_params={"criterion": RankedLoss()}),
        (WALKS, LENGTHS % 3),
    ),
    "huber": (
        AttentionLSTMRegressor(
            **NUMBERS,
            net_params={"criterion": nn.HuberLoss, "criterion__delta": 0.5},
        ),
        (WALKS, np.c_[LENGTHS, -LENGTHS]),
    ),
    "states focal": (
        NextStateLSTM(**SMALL, net_params={"criterion": FocalLoss}),
        (SENTENCES,),
    ),
}


@pytest.fixture(params=MODELS)
def model(request):
    estimator, data = MODELS[request.param]
    return clone(estimator), data


class TestEveryModel:
    def test_learns_and_predicts(self, model):
        estimator, data = model
        estimator.set_params(max_epochs=12, lr=0.05).fit(*data)
        losses = estimator.history_["train_loss"]
        assert losses.iloc[-1] < losses.iloc[0]
        assert len(estimator.predict(data[0])) == len(data[0])

    def test_is_the_same_after_pickling(self, model):
        estimator, data = model
        estimator.fit(*data)
        copy = pickle.loads(pickle.dumps(estimator))
        np.testing.assert_array_equal(copy.predict(data[0]), estimator.predict(data[0]))

    def test_goes_on_with_partial_fit(self, model):
        estimator, data = model
        estimator.partial_fit(*data)
        before = estimator.predict(data[0][:3])
        estimator.partial_fit(*data)
        assert estimator.n_iter_ == 2
        assert len(estimator.predict(data[0][:3])) == len(before)

    def test_padding_changes_nothing(self, model):
        estimator, data = model
        estimator.fit(*data)
        method = getattr(estimator, "predict_proba", estimator.predict)
        alone = np.concatenate([method([x]) for x in data[0][:6]])
        np.testing.assert_allclose(method(data[0])[:6], alone, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("n_jobs", [None, 2])
def test_a_grid_of_networks_and_losses(n_jobs):
    networks = [{"module": MeanNetwork, "module__hidden": n} for n in (2, 3)]
    losses = [{}, {"criterion": FocalLoss, "criterion__gamma": 1.0}]
    grid = {"net_params": [a | b for a, b in product(networks, losses)]}
    estimator = AttentionLSTMClassifier(**{**NUMBERS, "blend": None, "max_epochs": 1})
    search = GridSearchCV(estimator, grid, cv=2, error_score="raise", n_jobs=n_jobs)
    found = search.fit(WALKS, UP_OR_DOWN).best_estimator_
    assert found.network_.embedding_size in (2, 3)
    assert set(search.cv_results_["rank_test_score"]) <= {1, 2, 3, 4}


class TestOwnNetwork:
    def test_stands_beside_the_partner(self):
        estimator = clone(MODELS["classifier"][0]).fit(WALKS, UP_OR_DOWN)
        network = estimator.network_
        assert network.kernel_partner is not None
        with torch.no_grad():
            network.network.head.weight.zero_()
            network.network.head.bias.zero_()
        values = torch.tensor(estimator._read_dataset(WALKS[:1]).steps(np.array([0])))
        lengths = torch.tensor([len(values)])
        wanted = network.kernel_partner(values[None], lengths).numpy()
        found = estimator.predict_log_proba(WALKS[:1])
        np.testing.assert_allclose(found, log_softmax(wanted, axis=1), rtol=1e-4)

    def test_reads_the_sizes_that_it_needs(self):
        estimator = clone(MODELS["tokens"][0]).fit(SENTENCES, YES)
        vectors = estimator.network_.network.vectors
        assert vectors.num_embeddings == estimator.input_encoder_.n_ids_
        assert vectors.embedding_dim == 2

    def test_embeds_where_it_can(self):
        estimator = clone(MODELS["classifier"][0]).fit(WALKS, UP_OR_DOWN)
        assert estimator.transform(WALKS).shape == (len(WALKS), 4)
        with pytest.raises(ValueError, match="MeanNetwork has no 'step_embeddings'"):
            estimator.embed_steps(WALKS)
        with pytest.raises(ValueError, match="your own has no attention weights"):
            estimator.attention_weights(WALKS)

    @pytest.mark.parametrize(
        ("module", "message"),
        [
            (PaddingReader, "change with the padding"),
            (NoParameters, "no parameters to train"),
            (dict, r"module=dict, which cannot be built with the sizes \(2, 2\)"),
            (IdNetwork, r"module=IdNetwork, which fails for values \(2, 19, 2\)"),
            (BrokenNetwork, "module=BrokenNetwork, which fails for values"),
            (DetachedNetwork, "No weight that is trained has a part in the loss"),
        ],
    )
    def test_what_breaks_an_invariant_is_refused(self, module, message):
        estimator = AttentionLSTMClassifier(**NUMBERS, net_params={"module": module})
        with pytest.raises(ValueError, match=message):
            estimator.fit(WALKS, UP_OR_DOWN)
        assert not hasattr(estimator, "net_")

    @pytest.mark.parametrize(
        "options",
        [
            {"net_params": {"module": SingleNetwork}},
            {"front_end": [SingleLayer()]},
            {"pooling": SinglePooling()},
        ],
    )
    def test_a_regressor_needs_double_precision(self, options):
        name = next(iter(options))
        regressor = AttentionLSTMRegressor(**NUMBERS).set_params(**options)
        with pytest.raises(ValueError, match=rf"\(Single\w+\) fails .*dtype=.*{name}"):
            regressor.fit(WALKS, LENGTHS)
        assert not hasattr(regressor, "net_")
        classifier = AttentionLSTMClassifier(**NUMBERS).set_params(**options)
        classifier.fit(WALKS, UP_OR_DOWN).predict(WALKS)

    @pytest.mark.parametrize("wrong", [FutureReader, IdNetwork])
    def test_states_are_not_read_ahead_and_every_step_has_logits(self, wrong):
        estimator = NextStateLSTM(**SMALL, net_params={"module": wrong})
        with pytest.raises(ValueError, match=r"later steps|change with|of the shape"):
            estimator.fit(SENTENCES)

    def test_another_network_does_not_go_on(self):
        estimator = clone(MODELS["classifier"][0]).set_params(warm_start=True)
        estimator.fit(WALKS, UP_OR_DOWN)
        for net_params in (None, {"module": MeanNetwork, "module__hidden": 5}):
            estimator.set_params(net_params=net_params)
            with pytest.raises(ValueError, match="another 'module'"):
                estimator.fit(WALKS, UP_OR_DOWN)

    def test_new_states_need_a_new_network(self):
        estimator = clone(MODELS["states"][0]).fit(SENTENCES)
        with pytest.raises(ValueError, match="X has new states"):
            estimator.partial_fit(["something else"])

    def test_model_files_hold_no_code(self, tmp_path):
        for name, fits in product(("classifier", "states"), (False, True)):
            estimator, data = MODELS[name]
            estimator = clone(estimator)
            if fits:
                estimator.fit(*data)
            with pytest.raises(TypeError, match=r"network of your own.*[Pp]ickle"):
                save_model(estimator, tmp_path / "model.seqattn")
            estimator.set_params(net_params=None)
            if fits:  # the network is still there
                with pytest.raises(TypeError, match=r"network of your own.*Network"):
                    save_model(estimator, tmp_path / "model.seqattn")
        assert not list(tmp_path.iterdir())

    @pytest.mark.parametrize("name", ["module", "criterion", "optimizer"])
    def test_a_file_of_a_search_says_what_can_be_saved(self, name, tmp_path):
        class OwnSGD(torch.optim.SGD):
            pass

        parts = {"module": MeanNetwork, "criterion": FocalLoss(), "optimizer": OwnSGD}
        grid = {"net_params": [None, {name: parts[name]}]}
        search = GridSearchCV(AttentionLSTMClassifier(**NUMBERS), grid)
        with pytest.raises(TypeError, match=r"Pickle the search; or save its best_est"):
            save_model(search, tmp_path / "model.seqattn")


class TestOwnLoss:
    def test_gradients_follow_it(self):
        def fit(**net_params):
            options = {**NUMBERS, "blend": None, "max_epochs": 1, "batch_size": 99}
            estimator = AttentionLSTMClassifier(
                **options, dropout=0.0, time_warp=0.0, net_params=net_params
            )
            return estimator.fit(WALKS, UP_OR_DOWN).history_["train_loss"].iloc[0]

        plain = fit()
        assert fit(criterion=nn.CrossEntropyLoss) == plain
        assert fit(criterion=FocalLoss, criterion__gamma=0.0) == pytest.approx(plain)
        assert fit(criterion=FocalLoss()) < plain
        assert fit(criterion=InPlaceLoss) == pytest.approx(plain)
        smoothed = fit(criterion=nn.CrossEntropyLoss, criterion__label_smoothing=0.1)
        assert smoothed == fit(criterion=nn.CrossEntropyLoss(label_smoothing=0.1))
        assert smoothed != plain

    def test_alone_it_decides_the_level_of_predictions(self):
        y = np.where(np.arange(len(WALKS)) % 8, 0.0, 40.0)  # one in eight is far off
        options = {**NUMBERS, "blend": None, "max_epochs": 30, "lr": 0.05}
        levels = [
            np.median(
                AttentionLSTMRegressor(**options, **own).fit(WALKS, y).predict(WALKS)
            )
            for own in ({}, {"net_params": {"criterion": nn.L1Loss}})
        ]
        assert levels[0] > 3  # near the mean
        assert abs(levels[1]) < 1  # near the median

    def test_weights_are_copies(self):
        weights = np.arange(24) % 3 + 1
        estimator = clone(MODELS["focal loss"][0])
        weighted = estimator.fit(WALKS, UP_OR_DOWN, sample_weight=weights)
        found = weighted.predict_proba(WALKS)
        rows = np.repeat(np.arange(24), weights)
        copied = estimator.fit([WALKS[i] for i in rows], UP_OR_DOWN[rows])
        np.testing.assert_array_equal(found, copied.predict_proba(WALKS))

    @pytest.mark.parametrize(
        ("net_params", "message"),
        [
            ({"criterion": MeanLoss}, r"MeanLoss returns \(\).*reduction"),
            ({"criterion": DetachedLoss}, "DetachedLoss returns .* without a gradient"),
            ({"criterion": ThreeLosses}, r"ThreeLosses returns \(3, 2, 3\)"),
            ({"criterion": nn.MSELoss}, "MSELoss fails for outputs"),
            ({"criterion": nn.GaussianNLLLoss}, "GaussianNLLLoss fails for outputs"),
            ({"criterion": nn.BCEWithLogitsLoss}, "BCEWithLogitsLoss fails"),
            ({"criterion__gamma": 1}, "'criterion__gamma' without 'criterion'"),
            (
                {"criterion": FocalLoss(), "criterion__gamma": 1},
                "an instance, and parameters",
            ),
            (
                {"criterion": nn.CrossEntropyLoss, "criterion__reduction": "sum"},
                "leave it out",
            ),
            ({"criterion": None}, "leave 'criterion' out"),
        ],
    )
    def test_what_mixes_rows_or_fits_no_targets_is_refused(self, net_params, message):
        estimator = AttentionLSTMClassifier(**NUMBERS, net_params=net_params)
        with pytest.raises(ValueError, match=message):
            estimator.fit(WALKS, UP_OR_DOWN)

    @pytest.mark.parametrize(
        ("net_params", "message"),
        [
            ({"criterion": 5}, "criterion=5; pass the class"),
            ({"criterion": nn.functional.mse_loss}, "cannot be called.*forward"),
            (
                {"criterion": nn.HuberLoss, "criterion__dela": 1},
                r"parameters \{'dela': 1\}.*unexpected keyword",
            ),
            ({"criterion": dict}, "is a torch.nn.Module"),
            ({"module": MeanNetwork(2, 2)}, "pass the class of the network"),
            ({"module": "lstm"}, "pass the class of the network"),
            ({"train_split": 5}, "train_split=5; pass a splitter"),
            ({"train_split": predefined_split([])}, "X_val and y_val"),
        ],
    )
    def test_what_is_no_such_part_is_refused_before_any_work(self, net_params, message):
        for make in (AttentionLSTMClassifier, AttentionLSTMRegressor, NextStateLSTM):
            with pytest.raises(TypeError, match=message):
                make(**SMALL, net_params=net_params).fit(object(), None)

    def test_losses_and_optimizers_of_torch_are_saved_by_name(self, tmp_path):
        net_params = {"criterion": nn.HuberLoss, "optimizer": torch.optim.SGD}
        estimator = AttentionLSTMRegressor(**NUMBERS, net_params=net_params)
        path = tmp_path / "model.seqattn"
        save_model(estimator.fit(WALKS, LENGTHS), path)
        copy = load_model(path)
        assert copy.net_params == net_params
        np.testing.assert_array_equal(copy.predict(WALKS), estimator.predict(WALKS))

    def test_a_loss_of_the_user_is_left_out_of_files(self, tmp_path):
        estimator = clone(MODELS["focal loss"][0]).fit(WALKS, UP_OR_DOWN)
        path = tmp_path / "model.seqattn"
        with pytest.raises(TypeError, match=r"net_params\['criterion'\].*set_params"):
            save_model(estimator, path)
        save_model(estimator.set_params(net_params=None), path)
        found = load_model(path).predict_proba(WALKS)
        np.testing.assert_array_equal(found, estimator.predict_proba(WALKS))


class TestTruncatedGradients:
    @pytest.mark.parametrize(
        ("make", "data"),
        [
            (AttentionLSTMClassifier, (WALKS, UP_OR_DOWN)),
            (AttentionLSTMRegressor, (WALKS, LENGTHS)),
            (NextStateLSTM, (SENTENCES,)),
        ],
    )
    def test_reach_the_layers(self, make, data):
        estimator = make(**SMALL, net_params={"module__tbptt_steps": 3}).fit(*data)
        layer = estimator.network_.encoder.layers[0].recurrent
        assert layer.tbptt_steps == estimator.network_.config.tbptt_steps == 3
        estimator.set_params(net_params=None).partial_fit(*data)
        assert estimator.network_.config.tbptt_steps is None

    @pytest.mark.parametrize(
        ("net_params", "message"),
        [
            ({"module__tbptt_steps": 0}, "tbptt_steps=0 must be"),
            ({"module__hidden_size": 5}, "Use a parameter of the estimator"),
            ({"module__tbptt": 5}, "from module__tbptt_steps"),
        ],
    )
    def test_nothing_else_reaches_them(self, net_params, message):
        for make in (AttentionLSTMClassifier, NextStateLSTM):
            with pytest.raises(ValueError, match=message):
                make(**SMALL, net_params=net_params).fit(SENTENCES, YES)


UNTIED = {"module__tie_weights": False}


class TestTiedWeights:
    def test_reach_the_output(self):
        models = [
            NextStateLSTM(**SMALL, net_params=net_params).fit(SENTENCES)
            for net_params in (None, {"module__tie_weights": True}, UNTIED)
        ]
        default, tied, untied = (model.predict_proba(SENTENCES) for model in models)
        np.testing.assert_array_equal(default, tied)
        assert np.abs(default - untied).max() > 0
        assert not models[2].network_.config.tie_weights

    def test_only_states_have_them(self):
        model = AttentionLSTMClassifier(**SMALL, net_params=UNTIED)
        with pytest.raises(ValueError, match="from module__tbptt_steps alone"):
            model.fit(SENTENCES, YES)
        model = NextStateLSTM(**SMALL, net_params={"module__tie_weights": "no"})
        with pytest.raises(ValueError, match="tie_weights='no' must be True or False"):
            model.fit(SENTENCES)


class Counter(Callback):
    """Counts sequences of both parts."""

    def on_train_begin(self, net, X=None, **kwargs):
        self.n_train, self.n_valid = len(X), 0
        if net.train_split is not None:
            self.n_valid = len(net.train_split(X)[1])


@pytest.mark.parametrize(
    ("net_params", "message"),
    [
        ({"foo": 1}, "'foo', but what it can set are module"),
        ({"iterator_valid_size": 1}, "'iterator_valid_size', but what"),
        (
            {"optimizer": torch.optim.SGD, "optimizer__momentun": 0.9},
            "'optimizer__momentun', but SGD has no .* lr, momentum,",
        ),
        ({"optimizer__momentum": 0.9}, "AdamW has no parameter 'momentum'"),
    ],
)
def test_names_of_parameters_are_checked_before_any_work(net_params, message):
    for make in (AttentionLSTMClassifier, AttentionLSTMRegressor, NextStateLSTM):
        with pytest.raises(ValueError, match=message):
            make(**SMALL, net_params=net_params).fit(object(), None)


def test_something_is_left_to_train():
    estimator = AttentionLSTMClassifier(**NUMBERS, callbacks=[Freezer("*")])
    with pytest.raises(ValueError, match="A Freezer in callbacks must leave some"):
        estimator.fit(WALKS, UP_OR_DOWN)


class TestOwnSplit:
    @pytest.mark.parametrize(
        ("splitter", "n_valid"),
        [
            (ShuffleSplit(1, test_size=6, random_state=0), 6),
            (StratifiedShuffleSplit(1, test_size=0.5, random_state=0), 12),
            (KFold(4, shuffle=True, random_state=0), 6),
            (ValidSplit(4, stratified=True), 6),
            (ValidSplit(0.25, random_state=0), 6),
        ],
    )
    def test_holds_out_its_first_test_part(self, splitter, n_valid):
        counter = Counter()
        estimator = AttentionLSTMClassifier(
            **NUMBERS, net_params={"train_split": splitter}, callbacks=[counter]
        ).fit(WALKS, UP_OR_DOWN)
        net = estimator.history_
        assert "valid_loss" in net
        assert (counter.n_train, counter.n_valid) == (24 - n_valid, n_valid)

    def test_serves_the_other_estimators(self):
        split = {"train_split": ShuffleSplit(1, test_size=6, random_state=0)}
        for make, data in (
            (AttentionLSTMRegressor, (WALKS, LENGTHS)),
            (NextStateLSTM, (SENTENCES,)),
        ):
            estimator = make(**SMALL, net_params=split).fit(*data)
            assert "valid_loss" in estimator.history_

    def test_excludes_validation_data(self):
        split = {"train_split": ShuffleSplit(1)}
        estimator = AttentionLSTMClassifier(**NUMBERS, net_params=split)
        with pytest.raises(ValueError, match="leave one of them out"):
            estimator.fit(WALKS, UP_OR_DOWN, X_val=WALKS, y_val=UP_OR_DOWN)

    def test_is_set_up_by_itself(self):
        split = {"train_split": ShuffleSplit(1), "train_split__test_size": 3}
        estimator = AttentionLSTMClassifier(**NUMBERS, net_params=split)
        with pytest.raises(ValueError, match="set it on the splitter"):
            estimator.fit(WALKS, UP_OR_DOWN)

    @pytest.mark.parametrize(
        "splitter",
        [
            PredefinedSplit([-1, 0] * 12),
            TimeSeriesSplit(2),
            GroupKFold(2),
            LeaveOneGroupOut(),
            ValidSplit(TimeSeriesSplit(2)),
            ValidSplit([(np.arange(12), np.arange(12, 24))]),
            check_cv([(np.arange(12), np.arange(12, 24))]),
        ],
    )
    def test_reads_no_order_and_no_groups(self, splitter):
        for make in (AttentionLSTMClassifier, AttentionLSTMRegressor, NextStateLSTM):
            model = make(**SMALL, net_params={"train_split": splitter})
            with pytest.raises(ValueError, match=r"train_split=.*validation_data=\("):
                model.fit(object(), None)

    @pytest.mark.parametrize(
        ("parts", "message"),
        [
            (([0, 1], []), "leaves no sequences for the validation part"),
            (([], [0, 1]), "leaves no sequences for the training part"),
            (([0, 1], [99]), r"array\(\[99\]\) for the validation part.*0 to 23"),
            (([0, 1], [-1]), "rows from 0 to 23"),
            (([0, 1], [True, False]), "rows from 0 to 23"),
            ((), "cannot split 24 distinct sequences: not enough values"),
        ],
    )
    def test_parts_have_rows_of_the_data(self, parts, message):
        model = AttentionLSTMClassifier(
            **NUMBERS, net_params={"train_split": FixedParts(parts)}
        )
        with pytest.raises(
            ValueError, match=rf"^net_params\['train_split'\].*{message}"
        ):
            model.fit(WALKS, UP_OR_DOWN)
        assert not hasattr(model, "net_")

    def test_an_error_of_it_names_it(self):
        model = AttentionLSTMClassifier(
            **NUMBERS, net_params={"train_split": KFold(99)}
        )
        with pytest.raises(ValueError, match=r"\['train_split'\]=KFold.*n_splits=99"):
            model.fit(WALKS, UP_OR_DOWN)


class FixedParts:
    """A splitter of one split."""

    def __init__(self, parts):
        self.parts = parts

    def split(self, X, y=None, groups=None):
        yield self.parts

    def get_n_splits(self, X=None, y=None, groups=None):
        return 1


def all_callbacks(folder):
    """Make one callback of every kind, for a network with validation data."""
    return [
        ("accuracy", EpochScoring("accuracy", lower_is_better=False)),
        ("batches", BatchScoring("accuracy", name="batch_accuracy")),
        ("best", Checkpoint(dirname=folder, f_pickle=None)),
        ("end", TrainEndCheckpoint(dirname=folder, f_pickle=None)),
        ("stop", EarlyStopping(patience=50, sink=lambda *_: None)),
        ("bar", ProgressBar(batches_per_epoch=3)),
        ("rate", LRScheduler("StepLR", step_size=1, gamma=0.5)),
        ("timer", EpochTimer()),
        ("start", Initializer("*bias", nn.init.zeros_)),
    ]


@pytest.mark.parametrize(
    ("make", "data"),
    [
        (AttentionLSTMClassifier, (WALKS, UP_OR_DOWN)),
        (NextStateLSTM, (SENTENCES,)),
    ],
)
def test_callbacks_of_every_kind(make, data, tmp_path, capsys):
    options = {"early_stopping": True, "validation_fraction": 0.25}
    callbacks = all_callbacks(str(tmp_path))
    estimator = make(**SMALL, **options, callbacks=callbacks).fit(*data)
    history = estimator.history_
    assert {"accuracy", "batch_accuracy", "event_lr"} <= set(history)
    np.testing.assert_allclose(history["event_lr"], estimator.lr * 0.5 ** np.arange(2))
    assert {"params.pt", "train_end_params.pt"} <= {p.name for p in tmp_path.iterdir()}


def test_frozen_layers_stay():
    freezer = Freezer("encoder*")
    estimator = AttentionLSTMClassifier(**NUMBERS, callbacks=[freezer])
    weights = []
    for epochs in (1, 4):
        fitted = clone(estimator).set_params(max_epochs=epochs).fit(WALKS, UP_OR_DOWN)
        state = fitted.network_.state_dict()
        weights.append({n: w for n, w in state.items() if "weight" in n})
    same = {n for n in weights[0] if torch.equal(weights[0][n], weights[1][n])}
    assert any(n.startswith("encoder") for n in same)
    assert all(n in same for n in weights[0] if n.startswith("encoder"))
    assert any(n.startswith("head") for n in weights[0].keys() - same)


class Halver(nn.Module):
    def __init__(self, size, factor):
        super().__init__()
        self.output_size, self.factor = size, factor

    def forward(self, x, mask):
        return x * self.factor, mask


@register_block("test_scale")
class Scale(Block):
    factor: float = 0.5

    def build(self, input_size, config):
        return Halver(input_size, self.factor)


@register_pooling("test_first")
class FirstPooling(Pooling):
    def forward(self, x, mask):
        return x[:, 0]


def test_blocks_and_poolings_in_a_search_a_pickle_and_a_file(tmp_path):
    grid = {"front_end": [[Scale(2.0)], ["test_scale", "dense"]]}
    estimator = AttentionLSTMClassifier(
        **{**NUMBERS, "max_epochs": 1}, pooling=["test_first", "max"]
    )
    search = GridSearchCV(estimator, grid, cv=2, error_score="raise")
    found = search.fit(WALKS, UP_OR_DOWN).best_estimator_
    expected = found.predict_proba(WALKS)
    copy = pickle.loads(pickle.dumps(found))
    np.testing.assert_array_equal(copy.predict_proba(WALKS), expected)
    save_model(found, tmp_path / "model.seqattn")
    copy = load_model(tmp_path / "model.seqattn")
    np.testing.assert_array_equal(copy.predict_proba(WALKS), expected)


def test_names_of_earlier_versions_say_what_to_write_now():
    for make, name in (
        (AttentionLSTMClassifier, "label_smoothing"),
        (NextStateLSTM, "tbptt_steps"),
        (NextStateLSTM, "tie_weights"),
    ):
        state = make(tokens=Tokens(4)).__getstate__() | {name: 0.1}
        with pytest.raises(ValueError, match=f"{name} .now net_params={{'.*{name}"):
            make().__setstate__(state)
        with pytest.raises(ValueError, match=f"{name} .now net_params={{'.*{name}"):
            Pipeline([("last", make())]).set_params(**{f"last__{name}": 0.1})


def test_prefixes_of_a_network_of_the_user():
    model = AttentionLSTMClassifier(**NUMBERS, net_params={"module": MeanNetwork})
    model.fit(WALKS, UP_OR_DOWN)
    (found,) = model.predict_proba_prefixes(WALKS[:1])
    np.testing.assert_allclose(found[4], model.predict_proba([WALKS[0][:5]])[0])
    with pytest.raises(ValueError, match="net_params without 'module'"):
        model.stream()
