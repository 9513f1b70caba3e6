"""What README and docs show is run: code blocks, what they print, and every call."""

import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from sequence_data import sentences, walks

import sklearn_seqattn
from sklearn_seqattn import AttentionLSTMRegressor, NextStateLSTM, blocks

ROOT = Path(__file__).resolve().parents[1]
MADE_BY_SPHINX = ("_build", "api", "gallery")
PAGES = [
    *sorted(ROOT.glob("*.md")),
    *sorted(
        page
        for page in (ROOT / "docs").rglob("*.md")
        if page.relative_to(ROOT / "docs").parts[0] not in MADE_BY_SPHINX
    ),
]
CALLS = re.findall(
    r"\| `((?:AttentionLSTM|NextState)\w+\(.*\))` \|$",
    (ROOT / "docs" / "models.md").read_text(),
    flags=re.MULTILINE,
)
NAMES = {
    name: getattr(module, name)
    for module in (sklearn_seqattn, blocks)
    for name in module.__all__
}

#: Pages with blocks `py`, which are not run; CONTRIBUTING.md says why.
WITH_OTHER_LIBRARIES = ("coming_from.md", "serving.md")

LOOKS_LIKE_PYTHON = re.compile(
    r" *(>>> |import \w|from \S+ import |def \w|class \w|.*\.(fit|predict|log_model)\()"
)

#: Parameters of the classifier that the regressor does not have.
OF_CLASSES = ("time_warp", "class_weight")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_python_blocks_run(page, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)  # what a block writes stays out of the checkout
    found = re.findall(
        r"```python\n(.*?)```(?:\n\n```\n(.*?)```)?", page.read_text(), flags=re.DOTALL
    )
    namespace = {"__name__": "docs"}
    for code, output in found:
        capsys.readouterr()
        exec(compile(code, page.name, "exec"), namespace)
        assert not output or capsys.readouterr().out == output


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_code_fences_are_closed(page):
    assert page.read_text().count("```") % 2 == 0


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_code_that_is_not_run_says_so(page):
    text = page.read_text()
    fence = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
    unmarked = re.findall(r"^ {4}.*$", fence.sub("", text), re.MULTILINE)
    for language, code in fence.findall(text):
        assert language in ("", "python", "py") or language[0] == "{", language
        assert language != "py" or page.name in WITH_OTHER_LIBRARIES
        unmarked += code.splitlines() if language == "" else []
    assert [line for line in unmarked if LOOKS_LIKE_PYTHON.match(line)] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    for target, anchor in re.findall(
        r"\]\((?!https?:)([^)#]*)#?([^)]*)\)", page.read_text()
    ):
        path = page.parent / target if target else page
        assert path.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.*)$", path.read_text(), flags=re.MULTILINE)
            slugs = [re.sub(r"[^\w\- ]", "", h.lower()) for h in headings]
            assert anchor in [slug.replace(" ", "-") for slug in slugs], anchor


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_to_pages_say_their_titles(page):
    assert re.findall(r"\[[^\]]*\.md[^\]]*\]\(", page.read_text()) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_to_the_web_are_well_formed(page):
    for link in re.findall(r"\]\((https?:[^)]*)\)", page.read_text()):
        parts = urlsplit(link)
        assert re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)+", parts.netloc), link
        assert re.fullmatch(r"[\w./%~+-]*", parts.path), link


def test_every_table_of_networks_is_read():
    assert len(CALLS) > 50


@pytest.mark.parametrize("call", [c for c in CALLS if c.startswith("AttentionLSTMC")])
def test_every_network_fits_and_predicts(call):
    reads_tokens = any(word in call for word in ("embedding", "NGrams", "ngrams"))
    X, y = sentences() if reads_tokens else walks()
    classifier = eval(call, NAMES).set_params(max_epochs=1, random_state=0).fit(X, y)
    assert classifier.predict_proba(X).shape == (60, 2)
    parameters = classifier.get_params(deep=False)
    for name in OF_CLASSES:
        del parameters[name]
    regressor = AttentionLSTMRegressor(**parameters).fit(X, [len(x) for x in X])
    assert regressor.predict(X).shape == (60,)


@pytest.mark.parametrize("call", [c for c in CALLS if c.startswith("AttentionLSTMR")])
def test_every_regressor_fits_and_predicts(call):
    X, _ = walks()
    regressor = eval(call, NAMES).set_params(max_epochs=1, random_state=0)
    assert regressor.fit(X, [len(x) for x in X]).predict(X).shape == (60,)


@pytest.mark.parametrize("call", [c for c in CALLS if c.startswith("NextState")])
def test_every_next_state_model_fits_and_predicts(call):
    X, _ = sentences()
    model = eval(call, NAMES)
    if isinstance(model, NextStateLSTM):
        model.set_params(max_epochs=1, hidden_size=8, random_state=0)
    assert 1 < model.fit(X).perplexity(X) < 10


def test_design_states_the_graph_of_imports():
    done = subprocess.run(
        [sys.executable, ROOT / "docs" / "import_graph.py"],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT / "tests")},
    )
    n_arrows = re.search(r"(\d+) arrows between layers", done.stdout)[1]
    n_files = re.search(r"longest chain has (\d+) files", done.stdout)[1]
    design = (ROOT / "docs" / "design.md").read_text()
    assert f"there are {n_arrows} arrows" in design
    assert f"chain of imports has {n_files} files" in design
