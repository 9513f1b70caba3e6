"""What "auto" means for the training of a classifier, a regressor or a tagger."""

from dataclasses import replace
from functools import partial
from math import ceil

from sklearn_seqattn.attention_lstm import auto
from sklearn_seqattn.training.plan import TrainingRules


def _by_size(max_epochs):
    """Return a rule of the data that looks at their number and mean length alone.

    Data that are there several times, cut to several lengths, get as many batches.
    """
    return lambda data, size: ceil(
        max_epochs(len(data), size, data.lengths.mean()) / data.n_rounds
    )


def _batch_size(data):
    """Return the batch size by the number of sequences."""
    return auto.batch_size(len(data))


#: The rules for sequences of numbers and for events.
NUMBER_RULES = TrainingRules(
    batch_size=_batch_size,
    max_epochs=_by_size(auto.max_epochs),
    early_stopping_from=auto.EARLY_STOPPING_FROM,
)

#: The rules for sequences of numbers and for events beside random kernels.
BLENDED_RULES = replace(
    NUMBER_RULES, max_epochs=_by_size(partial(auto.max_epochs, blended=True))
)

#: The rules of a classifier for them.
BLENDED_CLASSIFIER_RULES = replace(
    NUMBER_RULES, max_epochs=_by_size(auto.classifier_max_epochs)
)

#: The rules for tokens.
TOKEN_RULES = TrainingRules(
    batch_size=_batch_size,
    max_epochs=_by_size(auto.token_max_epochs),
    early_stopping_from=auto.EARLY_STOPPING_OF_TOKENS_FROM,
)

_OF_TAGGERS = {
    "batch_size": lambda data: auto.tagger_batch_size(len(data), data.lengths.mean()),
    "fewest_to_split": auto.FEWEST_TO_WEIGH_WINDOWS,
}

#: The rules of a tagger that reads numbers or events; a partner needs `calibrates`.
TAGGER_RULES = replace(NUMBER_RULES, calibrates=True, **_OF_TAGGERS)

#: The rules of a tagger that reads tokens.
TAGGER_TOKEN_RULES = replace(TOKEN_RULES, calibrates=True, **_OF_TAGGERS)
