"""The n-grams beside a network that reads tokens, and how the two are averaged."""

from sklearn_seqattn.attention_lstm import auto
from sklearn_seqattn.attention_lstm.blending import Blend, choose_blend
from sklearn_seqattn.attention_lstm.parameters import find_partner
from sklearn_seqattn.ngrams.model import LabeledRows, count_rows, fit_ngrams
from sklearn_seqattn.training.prediction import forward
from sklearn_seqattn.training.progress import partner_bar, prediction_bar


class TokenPartnerMixin:
    """Fit n-grams with a linear model beside the network, and average their outputs.

    Without a partner beside the network, `partner_` and `blend_` are None.
    """

    partner_ = None  # of models in files that do not say
    blend_ = None

    def _fit_token_partner(self, data, valid, sets, plan):
        """Fit the partner, and keep what it predicts for sequences not fitted.

        These are the validation sequences, if there are enough. Then the partner is
        fitted again to both parts, unless the user gave the second.
        """
        self.partner_ = self.blend_ = None
        kind, targets = data.sequences.kind, self.target_encoder_
        ngrams = find_partner(self.blend, kind) if kind == "tokens" else None
        if ngrams is None:
            return
        enough = valid is not None and len(valid) >= auto.FEWEST_TO_BLEND
        refit = valid is not None and not valid.given
        n_rows = count_rows(
            targets.activation,
            len(sets.train),
            len(sets.valid) if enough else 0,
            refit=refit,
        )
        with partner_bar(n_rows, plan.verbose) as advance:
            self.partner_, left_out = fit_ngrams(
                ngrams,
                targets.activation,
                targets.n_outputs,
                self._table(data, sets.train),
                self._table(valid, sets.valid) if enough else None,
                refit=refit,
                n_rounds=sets.train.n_rounds,
                advance=advance,
            )
        judged = sets.valid if enough else sets.train
        judged.left_out = left_out
        self.blend_ = Blend(targets.activation, weight=auto.NGRAMS_WEIGHT)

    def _choose_blend(self, valid_set):
        """Weigh network and n-grams by sequences that neither was fitted to."""
        if valid_set.left_out is not None:
            self.blend_ = choose_blend(
                self.target_encoder_.activation,
                forward(self.net_, valid_set),
                valid_set.left_out,
                valid_set.targets,
                valid_set.weights,
            )

    def _table(self, data, dataset):
        """Return sequences, targets, weights and static numbers for a linear model."""
        targets = self._targets_of_partner(dataset.targets)
        sequences = data.cut().sequences
        return LabeledRows(sequences, targets, dataset.weights, dataset.static)

    def _targets_of_partner(self, targets):
        """Return targets as a linear model fits them."""
        return targets

    def _blended(self, outputs, sequences):
        """Return the outputs of the network, averaged with those of the partner."""
        if self.partner_ is None:
            return outputs
        static = self.input_encoder_.transform_static(sequences)
        n_read = len(self.partner_.features.counters_) * len(sequences)
        with prediction_bar(n_read, self.verbose, desc="predict, n-grams") as advance:
            partner = self.partner_.outputs(sequences, static, advance)
        return self.blend_(outputs, partner)
