"""Moving averages of weights: the network that is validated, kept and used."""

import torch
from skorch.callbacks import Callback


class AverageWeights(Callback):
    """Validate and keep a moving average of the weights instead of the last ones.

    Training goes on from the weights themselves; the average takes their place
    from the end of the training batches of an epoch to the beginning of the next.

    Parameters
    ----------
    share : float
        The share of the steps so far over which the average runs, about: step t
        counts as one of ``1 + share * t``.

    References
    ----------
    B. T. Polyak and A. B. Juditsky, "Acceleration of stochastic approximation by
    averaging", SIAM Journal on Control and Optimization 30 (1992).
    """

    def __init__(self, share):
        self.share = share

    def on_train_begin(self, net, **kwargs):
        """Begin with the weights as they are."""
        self.average_ = [p.detach().clone() for p in net.module_.parameters()]
        self.weights_ = None
        self.n_steps_ = 0

    def on_epoch_begin(self, net, **kwargs):
        """Put the weights back, to train on."""
        if self.weights_ is not None:
            _load(net, self.weights_)
            self.weights_ = None

    def on_batch_end(self, net, training=False, **kwargs):
        """Move the average towards the weights after a step."""
        if training:
            weights = [p.detach() for p in net.module_.parameters()]
            share = 1.0 / (1.0 + self.share * self.n_steps_)
            torch._foreach_lerp_(self.average_, weights, share)
            self.n_steps_ += 1

    def on_batch_begin(self, net, training=False, **kwargs):
        """Put the average in place before the first validation batch."""
        if not training:
            self._swap(net)

    def on_epoch_end(self, net, **kwargs):
        """Put the average in place where nothing is validated."""
        self._swap(net)

    def on_train_end(self, net, **kwargs):
        """Keep the average where Ctrl-C ended an epoch before its time.

        With validation data the best average so far is there already.
        """
        if net.train_split is None:
            self._swap(net)

    def state_dict(self):
        """Give what a checkpoint keeps."""
        return {
            "average": self.average_,
            "weights": self.weights_,
            "n_steps": self.n_steps_,
        }

    def load_state_dict(self, state):
        """Go on from what a checkpoint has kept."""
        self.average_, self.weights_ = state["average"], state["weights"]
        self.n_steps_ = state["n_steps"]

    def _swap(self, net):
        """Replace the weights by the average, unless that is done."""
        if self.weights_ is None:
            self.weights_ = [p.detach().clone() for p in net.module_.parameters()]
            _load(net, self.average_)


def _load(net, weights):
    """Copy values into the parameters of a network."""
    with torch.no_grad():
        for parameter, values in zip(net.module_.parameters(), weights, strict=True):
            parameter.copy_(values)
