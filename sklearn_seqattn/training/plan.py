"""The training plan of an estimator, from its parameters."""

from sklearn_seqattn.training import TrainingPlan, resolve_device, resolve_precision


def plan_training(
    estimator,
    n_samples,
    *,
    auto_batch_size,
    auto_epochs,
    patience,
    n_epochs=None,
    callbacks=(),
):
    """Decide how to train on n sequences.

    Parameters
    ----------
    estimator : BaseEstimator
        Has the parameters of training, such as `lr` and `batch_size`.
    n_samples : int
        The number of sequences.
    auto_batch_size : callable
        The rule behind ``batch_size="auto"``: from n to sequences a batch.
    auto_epochs : callable
        The rule behind ``max_epochs="auto"``: from n and the batch size to epochs.
    patience : int or None
        Epochs to wait for an improvement; None never stops early.
    n_epochs : int or None, default=None
        Epochs of a `partial_fit`, at a constant learning rate; None for a `fit`.
    callbacks : tuple, default=()
        Callbacks of ours, before the user's.

    Returns
    -------
    plan : TrainingPlan
    """
    batch_size, max_epochs = estimator.batch_size, estimator.max_epochs
    if batch_size == "auto":
        batch_size = auto_batch_size(n_samples)
    if max_epochs == "auto":
        max_epochs = auto_epochs(n_samples, batch_size)
    device = resolve_device(estimator.device)
    net_params = {
        "optimizer__weight_decay": estimator.weight_decay,
        "max_steps": int(estimator.max_steps_per_batch),
        **(estimator.net_params or {}),
    }
    if "callbacks__gradient_clip" not in net_params:
        name = "callbacks__gradient_clip__gradient_clip_value"
        net_params.setdefault(name, estimator.max_grad_norm)
    return TrainingPlan(
        lr=estimator.lr,
        constant_lr=bool(n_epochs) or estimator.lr_schedule == "constant",
        batch_size=int(batch_size),
        max_epochs=int(n_epochs or max_epochs),
        patience=None if patience is None else int(patience),
        precision=resolve_precision(estimator.precision, device),
        device=device,
        verbose=int(estimator.verbose),
        callbacks=(*callbacks, *estimator.callbacks),
        net_params=net_params,
    )
