"""The linear model of windows beside a tagger, and how the two are averaged."""

import numpy as np

from sklearn_seqattn.attention_lstm import auto
from sklearn_seqattn.attention_lstm.blending import Blend, choose_blend
from sklearn_seqattn.ngrams.losses import ROW_LOSSES
from sklearn_seqattn.ngrams.scales import best_scale
from sklearn_seqattn.training.prediction import step_outputs
from sklearn_seqattn.training.progress import partner_bar, prediction_bar
from sklearn_seqattn.windows.model import WindowTable, count_rows, fit_windows
from sklearn_seqattn.windows.partner import WindowModel


class WindowPartnerMixin:
    """Fit a linear model of windows beside the network, and average their outputs.

    Without a partner, `partner_` and `blend_` are None.
    """

    partner_ = None
    blend_ = None

    def _window_model(self):
        """Return the parameters of the partner; None for the network alone."""
        model = WindowModel() if isinstance(self.blend, str) else self.blend
        if model is not None:
            model._validate_params()
        return model

    def _calibrate(self, data, valid, sets, plan, seeds, *, fresh):
        """Fit the partner, and weigh it by sequences that neither part was fitted to.

        These are the validation sequences. Without them the weight is fixed, and the
        scale of the partner is that of least loss on sequences left out. The partner
        is fitted again to both parts, unless the user gave the second. A later fit
        without them leaves partner and weight.
        """
        model = self._window_model()
        if not fresh and valid is None:
            return
        self.partner_ = self.blend_ = None
        if model is None:
            return
        train, table = self._table(data, sets.train), self._table(valid, sets.valid)
        refit = valid is not None and not valid.given
        n_rows = count_rows(train, table, refit=refit)
        with partner_bar(n_rows, self.verbose) as advance:
            self.partner_, left_out = fit_windows(
                model._size_of(data.sequences.kind),
                self.target_encoder_.n_outputs,
                train,
                table,
                refit=refit,
                advance=advance,
            )
        self.blend_ = self._chosen(table or train, left_out, sets.valid)

    def _chosen(self, table, left_out, valid_set):
        """Return how to average; `left_out` are outputs for the steps of the table."""
        rows = table.rows
        codes, weights = table.codes[rows], table.weights[rows]
        if valid_set is not None:
            network = np.concatenate(step_outputs(self.net_, valid_set))[rows]
            return choose_blend("softmax", network, left_out, codes, weights)

        def loss(outputs):
            return np.average(ROW_LOSSES["softmax"](outputs, codes), weights=weights)

        scale = best_scale(left_out, loss)
        return Blend("softmax", auto.WINDOWS_WEIGHT, partner_scale=scale)

    def _table(self, data, dataset):
        """Return sequences with their labels for the partner; None stays None."""
        if data is None:
            return None
        steps = self._steps_of_partner(data.sequences, dataset)
        labels = dataset.targets.flat, dataset.weights.flat
        return WindowTable(steps, data.lengths, *labels, dataset.static)

    def _steps_of_partner(self, sequences, dataset):
        """Return tokens as they came, or scaled numbers, end to end."""
        if sequences.kind == "tokens":
            return sequences.joined().values
        return dataset.steps(np.arange(len(dataset)))

    def _blended(self, outputs, sequences, dataset):
        """Return the outputs of the network, averaged with those of the partner."""
        if self.partner_ is None or not len(outputs):
            return outputs
        steps = self._steps_of_partner(sequences, dataset)
        with prediction_bar(
            len(steps), self.verbose, desc="predict, windows", unit=" steps"
        ) as advance:
            partner = self.partner_.outputs(
                steps, sequences.lengths, dataset.static, advance
            )
        return self.blend_(outputs, partner)
