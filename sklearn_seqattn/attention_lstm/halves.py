"""Outputs of a network for sequences of one half, after a fit to the other half."""

from dataclasses import replace

import numpy as np

from sklearn_seqattn.attention_lstm.overlaps import folds
from sklearn_seqattn.training.engine import train
from sklearn_seqattn.training.prediction import forward


def outputs_of_halves(estimator, data, train_set, plan, seeds):
    """Fit a network to each half of the sequences, and predict the other half.

    Parameters
    ----------
    estimator : BaseSequenceEstimator
        Its encoders are fitted; nothing of it changes.
    data : LabeledSequences
        n training sequences.
    train_set : SequenceDataset
        The same as a data set. If it has the outputs of a partner, the networks learn
        what these leave.
    plan : TrainingPlan
        That of the whole network.
    seeds : Seeds
        Those of the fit.

    Returns
    -------
    outputs : ndarray of shape (n_rounds * n, K)
        What a network alone says of each sequence that it was not fitted to.
    """
    first, second = folds(train_set, 2, seeds.split)
    plan, shape = plan.of_auxiliary_network(), (data.n_rounds, len(data), -1)
    outputs = np.empty((*shape[:2], estimator.target_encoder_.n_outputs))
    partner = train_set.partner_outputs
    if partner is not None:
        partner = partner.reshape(shape)
    for fitted, others in ((first, second), (second, first)):
        known = None if partner is None else partner[:, fitted]
        part, held_out = data.take(fitted), data.take(others)
        found = _fit_and_predict(estimator, part, held_out, known, plan, seeds)
        outputs[:, others] = found.reshape(data.n_rounds, len(others), -1)
    return outputs.reshape(-1, outputs.shape[2])


def _fit_and_predict(estimator, data, held_out, partner, plan, seeds):
    """Return what a network alone, fitted to some data, says of others."""
    batch_size, max_epochs = estimator._rules.sizes(estimator, data)
    plan = replace(plan, batch_size=batch_size, max_epochs=max_epochs)
    sets = estimator._make_datasets(data, held_out, fresh=False)
    network = estimator._build_network(data, has_partner=False)
    if partner is not None:
        sets.train.partner_outputs = partner.reshape(-1, partner.shape[2])
        network.start_at_partner()
    net, _ = train(network, sets.criterion, sets.train, plan, seed=seeds.order)
    return forward(net, sets.valid)
