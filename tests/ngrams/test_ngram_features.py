import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer

from sklearn_seqattn.ngrams.features import NGramFeatures
from sklearn_seqattn.sequences import check_sequences

TEXTS = ["ab cd ab", "cd ef", "ab cd", "ef gh ab cd", "ab"]


def read(X):
    return check_sequences(X, tokens=True, allow_empty=True)


def test_they_are_the_tfidf_of_scikit_learn():
    X = read(TEXTS)
    features = NGramFeatures((1, 2), (2, 3))
    found = features.fit_transform(X, np.ones(len(X)))
    expected = [
        TfidfVectorizer(token_pattern=r"\S+", ngram_range=(1, 2), min_df=2),
        TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 3), min_df=2),
    ]
    expected = np.hstack([v.fit_transform(TEXTS).toarray() for v in expected])
    np.testing.assert_allclose(found.toarray(), expected, rtol=1e-12)
    assert (features.transform(X) != found).nnz == 0


def test_integers_and_their_texts_have_the_same_ngrams_of_tokens():
    X = [[3, 14, 3], [14, 15], [3, 14]]
    numbers, texts = (
        NGramFeatures((1, 2), None).fit_transform(read(x), np.ones(3)).toarray()
        for x in (X, [[*map(str, x)] for x in X])
    )
    assert (numbers == texts).all()
    counted = NGramFeatures((1, 2), (1, 2))
    counted.fit_transform(read(X), np.ones(3))
    assert len(counted.counters_) == 1  # integers have no characters


def test_a_token_with_a_space_is_one_token():
    features = NGramFeatures((1, 1), None)
    features.fit_transform(read([["New York", "a"], ["New York", "b"]]), np.ones(2))
    assert features.counters_[0].get_feature_names_out().tolist() == ["New York"]


def test_a_weight_counts_as_copies_in_the_inverse_frequencies():
    X = read(["a b", "a c", "b c", "a"])
    weighed, equal = NGramFeatures((1, 1), None), NGramFeatures((1, 1), None)
    weighed.fit_transform(X, np.array([2.0, 0.5, 0.5, 1.0]))
    equal.fit_transform(X, np.ones(4))
    names = weighed.counters_[0].get_feature_names_out().tolist()
    assert names == ["a", "b", "c"]
    np.testing.assert_allclose(
        weighed.idf_[0], np.log(5 / (1 + np.array([3.5, 2.5, 1]))) + 1
    )
    np.testing.assert_allclose(
        equal.idf_[0], np.log(5 / (1 + np.array([3.0, 2, 2]))) + 1
    )


def test_empty_sequences_and_unknown_ngrams_have_no_features():
    features = NGramFeatures((1, 2), (2, 3))
    features.fit_transform(read([*TEXTS, ""]), np.ones(6))
    assert features.transform(read(["", "zz yy"])).nnz == 0


def test_ngrams_of_one_sequence_stay_if_there_are_no_others():
    features = NGramFeatures((1, 1), None)
    assert features.fit_transform(read(["a b", "c d"]), np.ones(2)).shape == (2, 4)


def test_sequences_that_are_too_short_are_refused():
    with pytest.raises(ValueError, match="longest sequence has 1"):
        NGramFeatures((2, 3), None).fit_transform(read(["a", "b"]), np.ones(2))
