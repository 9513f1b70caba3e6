"""The n-grams beside a network that reads tokens, and how the two are averaged."""

from sklearn_seqattn.attention_lstm import auto
from sklearn_seqattn.attention_lstm.blending import Blend, choose_blend
from sklearn_seqattn.attention_lstm.parameters import find_partner
from sklearn_seqattn.ngrams.model import fit_ngrams
from sklearn_seqattn.training.prediction import forward


class TokenPartnerMixin:
    """Fit n-grams with a linear model beside the network, and average their outputs.

    Without a partner beside the network, `partner_` and `blend_` are None.
    """

    partner_ = None  # of models in files that do not say
    blend_ = None

    def _fit_token_partner(self, data, valid, sets):
        """Fit the partner; the validation part decides the blend.

        Then the partner is fitted again to both parts, unless the user gave the
        second. Without enough validation rows the blend is that of `auto`. Return the
        partner's outputs for sequences that it was not fitted to, as `fit_ngrams`
        does, or None without a partner.
        """
        self.partner_ = self.blend_ = None
        kind, targets = data.sequences.kind, self.target_encoder_
        ngrams = find_partner(self.blend, kind) if kind == "tokens" else None
        if ngrams is None:
            return None
        train = data.sequences, sets.train.targets, sets.train.weights
        held_out = None
        if valid is not None and len(valid) >= auto.FEWEST_TO_BLEND:
            held_out = valid.sequences, sets.valid.targets, sets.valid.weights
        self.partner_, outputs = fit_ngrams(
            ngrams,
            targets.activation,
            targets.n_outputs,
            train,
            held_out,
            refit=valid is not None and not valid.given,
        )
        if held_out is None:
            self.blend_ = Blend(targets.activation, weight=auto.NGRAMS_WEIGHT)
        else:
            of_network = forward(self.net_, sets.valid)
            self.blend_ = choose_blend(
                targets.activation, of_network, outputs, *held_out[1:]
            )
        return outputs

    def _blended(self, outputs, sequences):
        """Return the outputs of the network, averaged with those of the partner."""
        if self.partner_ is None:
            return outputs
        return self.blend_(outputs, self.partner_.outputs(sequences))
