"""Score held-out sequences of states after each epoch, as the estimator predicts."""

import copy
import warnings

from sklearn_seqattn.attention_lstm.validation_scores import (
    ValidationScores,
    rows_by_weight,
)


class StateScores(ValidationScores):
    """The scores of the held-out sequences of a training.

    The scorers get a copy of the estimator that predicts by the network as it is, the
    sequences, and the state that follows each: the y of `fit`, or the last state of
    the sequence, which is not in X then.

    Parameters
    ----------
    estimator : NextStateLSTM
        In its fit, its states learned.
    scorer : callable
        As from `find_scorer`.
    data : WeightedStreams
        The held-out sequences, with `pairs`.
    """

    def __init__(self, estimator, scorer, data):
        super().__init__(estimator, scorer)
        kept = data.pairs.rows
        if not len(kept):
            raise ValueError(
                f"scoring={estimator.scoring!r} has nothing to score: no held-out "
                "sequence has two states. Set scoring=None, or pass y."
            )
        rows, self.options = rows_by_weight(data.weights[kept])
        self.X, self.y = data.pairs.take(kept[rows]).as_arguments()
        with warnings.catch_warnings():  # rare states are no news
            warnings.simplefilter("ignore", UserWarning)
            self.streams = {
                has_y: self.estimator._encode(self.X, self.y if has_y else None)
                for has_y in (False, True)
            }

    def _model(self, net):
        """Return the estimator with a network; what is scored is encoded once."""
        model = copy.copy(self.estimator)
        model.net_ = net

        def encode(X, y=None, **options):
            if X is self.X and (y is None or y is self.y):
                return self.streams[y is not None]
            return type(model)._encode(model, X, y, **options)

        model._encode = encode
        return model
