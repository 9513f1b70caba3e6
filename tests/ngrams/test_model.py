import pickle

import numpy as np
import pytest
from sequence_data import sentences

from sklearn_seqattn.ngrams.model import LabeledRows, fit_ngrams
from sklearn_seqattn.ngrams.partner import NGrams
from sklearn_seqattn.ngrams.row_losses import ROW_LOSSES
from sklearn_seqattn.sequences import check_sequences

WORDS, YES = sentences(60)
X = check_sequences(WORDS, tokens=True)
TARGETS = {
    "softmax": YES,
    "sigmoid": np.eye(2)[YES],
    "identity": np.eye(2)[YES] - 0.5,
}
KINDS = pytest.mark.parametrize("kind", TARGETS)


def table(kind, rows=slice(None)):
    rows = np.arange(60)[rows]
    return LabeledRows(X.take(rows), TARGETS[kind][rows], np.ones(len(rows)))


@KINDS
def test_it_learns_and_predicts_what_it_was_not_fitted_to(kind):
    model, left_out = fit_ngrams(NGrams(), kind, 2, table(kind))
    assert (model.outputs(X).argmax(axis=1) == YES).all()
    assert (left_out.argmax(axis=1) == YES).mean() > 0.9
    assert not np.allclose(left_out, model.outputs(X))


@KINDS
def test_predictions_for_a_validation_part_are_by_the_training_part(kind):
    train, valid = table(kind, slice(40)), table(kind, slice(40, 60))
    model, left_out = fit_ngrams(NGrams(), kind, 2, train, valid)
    assert left_out.shape == (20, 2)
    np.testing.assert_allclose(left_out, model.outputs(valid[0]), atol=0.3)
    changed = valid._replace(targets=valid.targets[::-1])
    other = fit_ngrams(NGrams(), kind, 2, train, changed)[1]
    assert other.shape == left_out.shape


@KINDS
def test_a_refit_reads_both_parts(kind):
    train, valid = table(kind, slice(40)), table(kind, slice(40, 60))
    part, left_out = fit_ngrams(NGrams(), kind, 2, train, valid)
    both, same = fit_ngrams(NGrams(), kind, 2, train, valid, refit=True)
    assert (left_out == same).all()  # by the training part alone
    losses = ROW_LOSSES[kind]
    of_both, of_part = (m.outputs(valid[0]) for m in (both, part))
    assert losses(of_both, valid[1]).mean() < losses(of_part, valid[1]).mean()
    assert sum(map(len, both.features.idf_)) >= sum(map(len, part.features.idf_))


def test_left_out_predictions_of_noise_know_nothing():
    noise = np.random.default_rng(0).integers(0, 2, 60)
    _, left_out = fit_ngrams(NGrams(), "softmax", 2, LabeledRows(X, noise, np.ones(60)))
    assert (left_out.argmax(axis=1) == noise).mean() < 0.7


@KINDS
def test_one_training_sequence(kind):
    model, left_out = fit_ngrams(NGrams(), kind, 2, table(kind, slice(1)))
    assert np.isfinite(left_out).all()
    assert np.isfinite(model.outputs(X)).all()


def test_a_sequence_is_predicted_alike_alone_and_after_a_pickle():
    model, _ = fit_ngrams(NGrams(), "softmax", 2, table("softmax"))
    together = model.outputs(X)
    alone = [model.outputs(X.take([i])) for i in range(60)]
    assert (np.concatenate(alone) == together).all()
    assert (pickle.loads(pickle.dumps(model)).outputs(X) == together).all()


def with_static(rows, static):
    return rows._replace(static=np.asarray(static, np.float32))


@KINDS
def test_static_numbers_are_features_of_any_scale(kind):
    """The classes are those of a static number, and not those of the words."""
    signs = np.random.default_rng(0).permutation(60) % 2
    static = np.c_[2.0 * signs - 1, np.zeros(60)]
    targets = signs if kind == "softmax" else np.eye(2)[signs]
    rows = table(kind)._replace(targets=targets)
    model, left_out = fit_ngrams(NGrams(), kind, 2, with_static(rows, static))
    assert (left_out.argmax(axis=1) == signs).mean() > 0.9
    assert (model.outputs(X, static).argmax(axis=1) == signs).all()
    larger, _ = fit_ngrams(NGrams(), kind, 2, with_static(rows, 1000 * static))
    np.testing.assert_allclose(
        larger.outputs(X, 1000 * static), model.outputs(X, static), rtol=1e-3, atol=1e-4
    )


@KINDS
def test_a_refit_reads_the_static_numbers_of_both_parts(kind):
    static = np.random.default_rng(1).normal(size=(60, 3))
    train = with_static(table(kind, slice(40)), static[:40])
    valid = with_static(table(kind, slice(40, 60)), static[40:])
    model, left_out = fit_ngrams(NGrams(), kind, 2, train, valid, refit=True)
    assert left_out.shape == (20, 2)
    assert model.coef.shape[1] == sum(map(len, model.features.idf_)) + 3
