"""What README and docs show is run: code blocks, and the table of models."""

import re
from pathlib import Path

import pytest
from sequence_data import sentences, walks

from sklearn_seqattn import (
    AttentionLSTMClassifier,
    AttentionLSTMRegressor,
    NextStateLSTM,
    NextStateMarkov,
)

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md")])
MODELS = re.findall(
    r"\| `(AttentionLSTMClassifier\(.*?\))` \|$",
    (ROOT / "docs" / "models.md").read_text(),
    flags=re.MULTILINE,
)
NEXT_STATE_MODELS = re.findall(
    r"\| `(NextState\w+\(.*?\))` \|$",
    (ROOT / "docs" / "next_state.md").read_text(),
    flags=re.MULTILINE,
)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_python_blocks_run(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # what a block writes stays out of the checkout
    blocks = re.findall(r"```python\n(.*?)```", page.read_text(), flags=re.DOTALL)
    namespace = {"__name__": "docs"}
    for block in blocks:
        exec(compile(block, page.name, "exec"), namespace)


def test_the_table_of_models_is_read():
    assert len(MODELS) > 25


@pytest.mark.parametrize("call", MODELS)
def test_every_model_fits_and_predicts(call):
    X, y = sentences() if "embedding" in call else walks()
    classifier = eval(call, {"AttentionLSTMClassifier": AttentionLSTMClassifier})
    classifier.set_params(max_epochs=1, random_state=0).fit(X, y)
    assert classifier.predict_proba(X).shape == (60, 2)
    parameters = classifier.get_params()
    for name in ("label_smoothing", "time_warp", "class_weight"):
        del parameters[name]
    regressor = AttentionLSTMRegressor(**parameters).fit(X, [len(x) for x in X])
    assert regressor.predict(X).shape == (60,)


@pytest.mark.parametrize("call", NEXT_STATE_MODELS)
def test_every_next_state_model_fits_and_predicts(call):
    X, _ = sentences()
    names = {"NextStateLSTM": NextStateLSTM, "NextStateMarkov": NextStateMarkov}
    model = eval(call, names)
    if isinstance(model, NextStateLSTM):
        model.set_params(max_epochs=1, hidden_size=8, random_state=0)
    assert 1 < model.fit(X).perplexity(X) < 10


def test_the_table_of_next_state_models_is_read():
    assert len(NEXT_STATE_MODELS) > 10


def test_a_block_is_never_a_comment_in_disguise():
    for page in PAGES:
        assert page.read_text().count("```") % 2 == 0, page.name
