"""The windows and the chain beside a tagger, and how the parts are averaged."""

import numpy as np

from sklearn_seqattn.attention_lstm import auto
from sklearn_seqattn.attention_lstm.blending import Blend, choose_blend
from sklearn_seqattn.ngrams.row_losses import best_scale
from sklearn_seqattn.training.prediction import step_outputs
from sklearn_seqattn.training.progress import partner_bar, prediction_bar
from sklearn_seqattn.windows.model import WindowTable, count_rows, fit_windows
from sklearn_seqattn.windows.partner import WindowModel
from sklearn_seqattn.windows.step_parts import NumberSteps, step_parts


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
        with partner_bar(n_rows, plan.verbose) as advance:
            self.partner_, left_out = fit_windows(
                model._window_of(
                    data.sequences.kind, looks_ahead=bool(self.bidirectional)
                ),
                self.target_encoder_.n_outputs,
                train,
                table,
                refit=refit,
                is_chain=model.chain,
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
        scale = best_scale("softmax", left_out, codes, weights)
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
        return NumberSteps(dataset)

    def _blended(self, outputs, sequences, dataset):
        """Return the outputs of the network, averaged with those of the partner."""
        if self.partner_ is None or not len(outputs):
            return outputs
        steps = self._steps_of_partner(sequences, dataset)
        with prediction_bar(
            int(sequences.lengths.sum()),
            self.verbose,
            desc="predict, windows",
            unit=" steps",
        ) as advance:
            partner = self.partner_.outputs(
                steps, sequences.lengths, dataset.static, advance
            )
        return self.blend_(outputs, partner)

    def _partner_needs_all_steps(self):
        """Return whether the partner reads later steps though the network does not."""
        has_partner = (
            self.partner_ is not None and not self.network_.config.bidirectional
        )
        return has_partner and self.partner_.features.looks_ahead

    def _partner_stream(self):
        """Return what blends outputs with the partner step by step, or None."""
        return None if self.partner_ is None else _BlendedSteps(self)


class _BlendedSteps:
    """The outputs of a network for the steps of a sequence, averaged with the partner.

    It keeps the steps of a window, and what the chain knows of the last label.

    Parameters
    ----------
    tagger : WindowPartnerMixin
        Fitted, with a partner that reads no later steps.
    """

    def __init__(self, tagger):
        self._tagger, self._steps, self._label = tagger, None, None

    def push(self, outputs, sequences, dataset):
        """Return the outputs (1, K) for the last step of what was read."""
        partner = self._tagger.partner_
        steps = self._tagger._steps_of_partner(sequences, dataset)
        *_, (_, part, _) = step_parts(steps, sequences.lengths)
        steps = part[-1:]
        if self._steps is not None:
            steps = np.concatenate([self._steps, steps])
        found = partner.logits(steps, np.array([len(steps)]))[-1:]
        if partner.chain is not None:
            found = self._label = partner.chain.follow(self._label, found)
        self._steps = steps[-partner.features.size :] if partner.features.size else None
        return self._tagger.blend_(outputs, found)
