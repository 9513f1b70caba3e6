"""The skorch net of all estimators."""

from contextlib import nullcontext
from itertools import islice

import numpy as np
import torch
from sklearn.utils import ClassifierTags, RegressorTags
from skorch import NeuralNet

from sklearn_seqattn.training.batch_parts import bounded_parts
from sklearn_seqattn.training.batching import MAX_STEPS, BucketBatches
from sklearn_seqattn.training.devices import bounded_steps, computing_in, move
from sklearn_seqattn.training.memory import named_memory_errors
from sklearn_seqattn.training.processes import ALONE


class SequenceNet(NeuralNet):
    """A skorch net for batches of sequences with weights.

    To the scorers of scikit-learn, which skorch's callbacks use, it is a classifier
    with the classes 0 to K - 1, or a regressor of standardized targets.

    Parameters
    ----------
    *args, **kwargs
        As in `skorch.NeuralNet`.
    max_steps : int, default=4096
        Padded steps of the encoder that pass through it at once, in float32.
    precision : {"float32", "bfloat16"}, default="float32"
        The number format of the training.
    target_kind : {"classes", "labels", "numbers"}, default="numbers"
        What the targets are.
    processes : Processes, default=ALONE
        Those that share the batches of the training.

    Attributes
    ----------
    stopped_by : {"Ctrl-C", "max_time"} or None
        What ended its training before its time.
    interrupt_message : str or None
        What the user is told then.
    """

    stopped_by = None
    interrupt_message = None
    n_outputs_ = None

    def __init__(
        self,
        *args,
        max_steps=MAX_STEPS,
        precision="float32",
        target_kind="numbers",
        processes=ALONE,
        **kwargs,
    ):
        super().__init__(*args, **kwargs)
        self.max_steps = max_steps
        self.precision = precision
        self.target_kind = target_kind
        self.processes = processes

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        if self.target_kind == "numbers":
            tags.estimator_type, tags.regressor_tags = "regressor", RegressorTags()
        else:
            tags.estimator_type, tags.classifier_tags = "classifier", ClassifierTags()
        return tags

    @property
    def classes_(self):
        """The codes of the classes; one row for each of several labels."""
        if self.target_kind == "labels":
            return np.eye(self.n_outputs_, dtype=np.int64)
        return np.arange(self.n_outputs_)

    def notify(self, method_name, **kwargs):
        """Call the callbacks; at the end of a batch with targets as metrics take them.

        Labels are 0 or 1, without smoothing; targets of steps are one flat array.
        """
        if method_name == "on_batch_end":
            inputs, targets = kwargs["batch"]
            if self.target_kind == "labels":
                targets = (targets > 0.5).to(torch.int64)
            elif self.target_kind == "classes" and targets.ndim == 2:
                targets = targets[targets >= 0]
            kwargs["batch"] = inputs, targets
        super().notify(method_name, **kwargs)

    def run_single_epoch(self, iterator, training, prefix, step_fn, **fit_params):
        """Run an epoch, after the batches of it that a checkpoint has restored."""
        n_done = len(self.history[-1]["batches"]) if training else 0
        if n_done:
            iterator = islice(iterator, n_done, None)
        super().run_single_epoch(iterator, training, prefix, step_fn, **fit_params)
        if n_done:
            n_batches = len(self.history[-1]["batches"])
            self.history.record("train_batch_count", n_batches)

    def train_step_single(self, batch, **fit_params):
        """Compute the gradient of a batch, the sum of those of its parts.

        Of several processes each computes its shares of the parts. The outputs are
        those of its own sequences.
        """
        self._switch(training=True)
        found = self._step(batch, training=True)
        groups = self.optimizer_.param_groups
        trained = [parameter for group in groups for parameter in group["params"]]
        return found | {"loss": self.processes.sum_gradients(trained, found["loss"])}

    def validation_step(self, batch, **fit_params):
        """Compute the loss of a batch."""
        self._switch(training=False)
        with torch.no_grad():
            found = self._step(batch, training=False)
        return found | {"loss": self.processes.mean(found["loss"])}

    def _switch(self, *, training):
        """Switch between training and evaluation.

        skorch does so at every batch; the walk through all modules takes as long as
        an optimizer step of a small network.
        """
        if self.module_.training != training:
            self.module_.train(training)
            self.criterion_.train(training)

    def _parts(self, batch):
        """Return a batch in parts of bounded size."""
        max_steps = bounded_steps(self.max_steps, self.precision)
        return bounded_parts(batch, max_steps * self.module_.stride)

    def _step(self, batch, *, training):
        """Compute loss and outputs of a batch; errors of memory name it."""
        total, outputs = 0.0, []
        with named_memory_errors(batch[0]["lengths"]):
            for part, share in self._parts(batch):
                with self._sharing(part, training) as (own, weight):
                    inputs, targets = move(own, self.device)
                    weights = inputs.pop("weights")
                    found = self.infer(inputs)
                    loss = (share * weight) * self.get_loss(
                        found, (targets, weights), X=inputs, training=training
                    )
                    if training:
                        _check_gradient(loss)
                        loss.backward()
                total = total + loss.detach()
                outputs.append(_known_outputs(found.detach(), targets)[0])
        self.n_outputs_ = outputs[0].shape[-1]
        return {"loss": total, "y_pred": torch.cat(outputs)}

    def _sharing(self, part, training):
        """Return the context of the share of a part that this process computes.

        Validation batches are computed by each process, whole: their outputs are for
        callbacks.
        """
        return self.processes.sharing(part) if training else nullcontext((part, 1.0))

    def infer(self, x, **fit_params):
        """Run the network in the precision of the training."""
        with computing_in(self.precision, self.device):
            outputs = super().infer(x, **fit_params)
        return outputs.float() if self.precision == "bfloat16" else outputs

    def forward_iter(self, X, training=False, device="cpu"):
        """Yield the outputs of a data set, all at once, in its order.

        Of the outputs of steps those with a target remain, as in the targets that
        callbacks get.
        """
        dataset = self.get_dataset(X)
        batches = BucketBatches(dataset, self.batch_size)
        self._switch(training=training)
        rows = []
        with torch.set_grad_enabled(training):
            for batch in batches:
                for (inputs, targets), _ in self._parts(batch):
                    found = self.infer(move(inputs, self.device)).to(device)
                    known, n_rows = _known_outputs(found, targets)
                    rows += known.split(n_rows)
        yield torch.cat([rows[i] for i in np.argsort(batches.order)])

    def predict(self, X):
        """Return the codes of classes, 0 or 1 for each label, or numbers."""
        outputs = self.predict_proba(X)
        if self.target_kind == "classes":
            return outputs.argmax(axis=1)
        return (outputs > 0.5).astype(int) if self.target_kind == "labels" else outputs


def _check_gradient(loss):
    """Raise if no weight that is trained has a part in a loss."""
    if not loss.requires_grad:
        raise ValueError(
            "No weight that is trained has a part in the loss, so that there is "
            "nothing to learn. A Freezer in callbacks must leave some, and a network "
            "in net_params['module'] must not detach its outputs."
        )


def _known_outputs(outputs, targets):
    """Return the outputs that have a target, (rows, K), and the rows of a sequence.

    Of outputs of steps, (B, T, K), those without a target are left out.
    """
    if outputs.ndim == 2:
        return outputs, 1
    known = targets[:, : outputs.shape[1]].to(outputs.device) >= 0
    return outputs[known], known.sum(dim=1).tolist()
