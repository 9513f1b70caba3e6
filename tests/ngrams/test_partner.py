import pytest
from sklearn.base import clone

from sklearn_seqattn import NGrams


@pytest.mark.parametrize(
    "params",
    [
        {"ngram_range": (0, 1)},
        {"ngram_range": (2, 1)},
        {"ngram_range": (1, 2, 3)},
        {"ngram_range": (1.0, 2)},
        {"ngram_range": (True, 2)},
        {"ngram_range": None},
        {"ngram_range": 2},
        {"char_ngram_range": (0, 2)},
        {"char_ngram_range": "25"},
    ],
)
def test_impossible_ranges_are_refused(params):
    with pytest.raises(ValueError, match=next(iter(params))):
        NGrams(**params)._validate_params()


def test_it_clones_and_says_what_it_is():
    ngrams = clone(NGrams([1, 3], char_ngram_range=None))
    ngrams._validate_params()
    assert repr(ngrams) == "NGrams(char_ngram_range=None, ngram_range=[1, 3])"
