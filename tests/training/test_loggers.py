"""skorch's loggers of other tools, in a fit."""

import numpy as np
import pytest
from skorch.callbacks import MlflowLogger, TensorBoard
from small_trainings import SMALL, X, Y

from sklearn_seqattn import AttentionLSTMClassifier

COLUMNS = ["train_loss", "valid_loss", "valid_accuracy"]


def fit(callback):
    model = AttentionLSTMClassifier(
        **SMALL, early_stopping=False, scoring="accuracy", callbacks=[callback]
    )
    return model.fit(X, Y, validation_data=(X[:9], Y[:9])).history_


@pytest.mark.filterwarnings("ignore::DeprecationWarning:tensorboard")
def test_tensorboard(tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from torch.utils.tensorboard import SummaryWriter

    with SummaryWriter(tmp_path) as writer:
        history = fit(TensorBoard(writer))
    events = EventAccumulator(str(tmp_path)).Reload()
    tags = {tag.rpartition("/")[2]: tag for tag in events.Tags()["scalars"]}
    for name in COLUMNS:
        found = events.Scalars(tags[name])
        assert [event.step for event in found] == [1, 2, 3]
        values = [event.value for event in found]
        np.testing.assert_allclose(values, history[name], rtol=1e-6)


@pytest.mark.filterwarnings("ignore")  # of its dependencies
def test_mlflow(tmp_path):
    import mlflow

    mlflow.set_tracking_uri(f"sqlite:///{tmp_path / 'runs.db'}")
    mlflow.set_experiment("one")  # other tests choose experiments of other files
    with mlflow.start_run() as run:
        history = fit(MlflowLogger())
    client = mlflow.MlflowClient()
    for name in COLUMNS:
        found = client.get_metric_history(run.info.run_id, name)
        assert [metric.value for metric in found] == history[name].tolist()
