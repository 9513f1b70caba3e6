"""How estimators look: as text, and as HTML with links to their reference."""

import pytest
from sklearn.pipeline import make_pipeline
from sklearn.utils import estimator_html_repr

import sklearn_seqattn
from sklearn_seqattn import (
    AttentionLSTMClassifier,
    SequenceScaler,
    Tokens,
    _estimator,
)

KINDS = [
    kind
    for kind in (getattr(sklearn_seqattn, name) for name in sklearn_seqattn.__all__)
    if isinstance(kind, type) and issubclass(kind, _estimator.VersionedPickles)
]


@pytest.fixture
def address(monkeypatch):
    """Give the package an address of its documentation."""
    entries = ["Source, https://b.org", "Documentation, https://a.org/docs/"]
    found = type("Metadata", (), {"get_all": lambda self, name: entries})()
    monkeypatch.setattr(_estimator, "metadata", lambda name: found)
    _estimator.documentation_url.cache_clear()
    yield "https://a.org/docs/api/generated/sklearn_seqattn"
    _estimator.documentation_url.cache_clear()


@pytest.mark.parametrize("kind", KINDS)
def test_html_links_to_the_reference(kind, address):
    html = estimator_html_repr(kind())
    assert f'href="{address}.{kind.__name__}.html"' in html


def test_html_of_a_pipeline(address):
    model = make_pipeline(SequenceScaler(), AttentionLSTMClassifier())
    html = estimator_html_repr(model)
    for kind in ("SequenceScaler", "AttentionLSTMClassifier"):
        assert f'href="{address}.{kind}.html"' in html


@pytest.mark.parametrize("kind", KINDS)
def test_html_without_an_address(kind, monkeypatch):
    monkeypatch.setattr(_estimator, "documentation_url", lambda: None)
    html = estimator_html_repr(kind())
    assert kind.__name__ in html
    assert 'href="https://scikit-learn.org' not in html
    assert "sklearn_seqattn." not in html


def test_metadata_that_name_nothing(monkeypatch):
    def fail(name):
        raise _estimator.PackageNotFoundError(name)

    monkeypatch.setattr(_estimator, "metadata", fail)
    assert _estimator.documentation_url.__wrapped__() is None


@pytest.mark.parametrize("kind", KINDS)
def test_text_has_what_differs_from_the_defaults(kind):
    assert repr(kind()) == f"{kind.__name__}()"


def test_text_of_parameters():
    model = AttentionLSTMClassifier(hidden_size=8, tokens=Tokens(size=4))
    assert repr(model) == (
        "AttentionLSTMClassifier(hidden_size=8, tokens=Tokens(size=4))"
    )
