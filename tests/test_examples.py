"""The examples run from start to end, as a user runs them."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from export.write_served import SERVED, write

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
GALLERY = sorted(path.name for path in EXAMPLES.glob("plot_*.py"))

#: Runs a script of the gallery, and counts what it draws.
DRAW = """
import runpy, sys
import matplotlib.pyplot as plt
plt.switch_backend("Agg")
runpy.run_path(sys.argv[1], run_name="__main__")
for number in plt.get_fignums():
    plt.figure(number).canvas.draw()
print("figures:", len(plt.get_fignums()))
"""


def run(name, *arguments, cwd):
    """Run an example in an empty folder and return what it prints."""
    return run_python(EXAMPLES / name, *arguments, cwd=cwd)


def run_python(*arguments, cwd):
    """Run Python in a folder, warnings as errors, and return what it prints."""
    done = subprocess.run(
        [sys.executable, "-W", "error", *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONIOENCODING": "utf-8", "MPLBACKEND": "Agg"},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("name", GALLERY)
def test_a_page_leads_to_each_script_of_the_gallery(name):
    pages = (EXAMPLES.parent / "docs").rglob("*.md")
    assert any(f"examples/{name})" in page.read_text() for page in pages)


def test_quickstart(tmp_path):
    printed = run("quickstart.py", cwd=tmp_path)
    scores = dict(re.findall(r"^(\S.*?) {2,}.*?([\d.]+)$", printed, flags=re.MULTILINE))
    ours, plain = scores["AttentionLSTMClassifier"], scores["plain LSTM"]
    assert float(ours) > float(plain) > float(scores["majority class"])
    assert "same predictions: True" in printed
    assert not list(tmp_path.iterdir())


def test_japanese_vowels(tmp_path, shared_data):
    path = shared_data / "classification" / "JapaneseVowels.npz"
    printed = run("japanese_vowels.py", str(path), cwd=tmp_path)
    assert float(re.search(r"Test accuracy: ([\d.]+)", printed)[1]) >= 0.97


def test_missing_values(tmp_path):
    printed = run("missing_values.py", cwd=tmp_path)
    scores = re.findall(r"^SequenceImputer.*\)  ([\d.]+)", printed, flags=re.MULTILINE)
    mean, last, with_indicators = map(float, scores)
    assert with_indicators > max(mean, last)  # it tells something what is missing


def test_larger_than_memory(tmp_path):
    printed = run("larger_than_memory.py", "--sequences", "80", cwd=tmp_path)
    assert "80 sequences, 8000 steps, float32" in printed
    assert float(re.search(r"Test accuracy: ([\d.]+)", printed)[1]) > 0.8
    assert not list(tmp_path.iterdir())


def test_patients(tmp_path):
    printed = run("patients.py", cwd=tmp_path)
    alone, with_age, with_both = map(float, re.findall(r"([\d.]+)$", printed, re.M))
    assert with_both > with_age > alone


@pytest.mark.parametrize("library", [pl.from_pandas, pa.Table.from_pandas])
def test_patients_of_other_libraries(library, monkeypatch):
    monkeypatch.syspath_prepend(str(EXAMPLES))
    from patients import make_tables, score

    events, patients, outcome = make_tables(40)
    expected = score(events, patients, outcome)
    found = score(library(events), library(patients), outcome)
    assert found.tolist() == expected.tolist()


def test_forecast(tmp_path):
    printed = run("forecast.py", cwd=tmp_path)
    errors = dict(re.findall(r"^(\S.*?) {2,}([\d.]+)", printed, flags=re.MULTILINE))
    naive, ridge, ours = map(float, errors.values())
    assert max(ours, ridge) < naive


def test_next_activity(tmp_path):
    printed = run("next_activity.py", cwd=tmp_path)
    scores = re.findall(r"^NextState\w+ +([\d.]+) +([\d.]+)$", printed, re.MULTILINE)
    (accuracy, perplexity), (counted_accuracy, counted_perplexity) = scores
    assert float(accuracy) > float(counted_accuracy)  # kind and time help
    assert float(perplexity) < float(counted_perplexity)
    assert len(re.findall(r"->  \w", printed)) == 4
    assert not list(tmp_path.iterdir())


def test_cluster_embeddings(tmp_path, shared_data):
    path = shared_data / "classification" / "JapaneseVowels.npz"
    printed = run("cluster_embeddings.py", str(path), cwd=tmp_path)
    assert float(re.search(r"Rand index ([\d.]+)", printed)[1]) > 0.9


def test_explain_predictions(tmp_path):
    printed = run("explain_predictions.py", cwd=tmp_path)
    activity, amount = re.findall(r"^  (?:activity|amount) +(-?[\d.]+)", printed, re.M)
    assert float(activity) > float(amount) + 0.2
    rows = re.findall(r"^ *(\w+) +[\d.]+ +(-?[\d.]+) +(-?[\d.]+)", printed, re.M)
    for column in (1, 2):  # the event that decides
        largest = max(rows, key=lambda row: abs(float(row[column])))
        assert largest[0] in ("refund", "order")


@pytest.mark.parametrize("name", GALLERY)
def test_gallery(name, tmp_path):
    text = (EXAMPLES / name).read_text()
    assert re.match(r'r?"""\n?(\S.*)\n=+\n', text)  # the title of its page
    printed = run_python("-c", DRAW, str(EXAMPLES / name), cwd=tmp_path)
    assert int(re.search(r"figures: (\d+)", printed)[1]) >= text.count("plt.show()")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", SERVED)
def test_serve_onnx(name, tmp_path):

    write(tmp_path, name)
    folder = tmp_path / name
    files = [str(folder / file) for file in ("model.onnx", "sequences.json")]
    printed = run("serve_onnx.py", *files, cwd=tmp_path)
    assert printed == (folder / "expected.txt").read_text()
    imports = ast.walk(ast.parse((EXAMPLES / "serve_onnx.py").read_text()))
    names = [one.names[0].name for one in imports if isinstance(one, ast.Import)]
    assert names == ["json", "sys", "numpy", "onnxruntime"]  # what a server has


def test_tag_words(tmp_path):
    printed = run("tag_words.py", cwd=tmp_path)
    scores = re.findall(r"^\w.*? ([\d.]+) +[\d.]+$", printed, flags=re.MULTILINE)
    blended, one_word = map(float, scores)
    assert blended > 0.97 > one_word  # some names are of a person or of a place
    assert float(re.search(r"half of the labels: ([\d.]+)", printed)[1]) > 0.95


def test_early_decision(tmp_path):
    printed = run("early_decision.py", cwd=tmp_path)
    rows = re.findall(r"^ +(0\.\d+|the end) +(\d+)% +([\d.]+)$", printed, re.MULTILINE)
    read = [int(row[1]) for row in rows]
    accuracy = [float(row[2]) for row in rows]
    assert read == sorted(read)  # the surer, the later
    assert accuracy == sorted(accuracy)  # and the better
    assert read[2] < 50
    assert accuracy[2] > 0.8
    assert re.search(r"After \d+ of \d+ steps: (up|down|none)", printed)


def remaining_time_errors(printed):
    """Return the errors by model."""
    found = re.findall(r"^  (\S.*?) {2,}([\d.]+) days$", printed, re.MULTILINE)
    return {name: float(error) for name, error in found}


def test_remaining_time(tmp_path):
    printed = run("remaining_time.py", cwd=tmp_path)
    ours, last, median = remaining_time_errors(printed).values()
    assert ours < last < median
    assert "days left, in truth 0.0" in printed


def test_remaining_time_of_the_help_desk(tmp_path, shared_data):
    log = (shared_data / "states" / "helpdesk_events.csv").read_text().splitlines()
    (tmp_path / "log.csv").write_text("\n".join(log[:700]))  # some of the cases
    names = ["log.csv", "CaseID", "ActivityID", "CompleteTimestamp"]
    printed = run("remaining_time.py", *names, cwd=tmp_path)
    errors = remaining_time_errors(printed)
    assert errors["AttentionLSTMRegressor"] < errors["median of all"]


@pytest.mark.slow
def test_dask_search(tmp_path):
    printed = run("dask_search.py", cwd=tmp_path)
    assert printed.startswith("2 workers")
    losses = re.findall(r"log loss ([\d.]+)", printed)
    assert len(losses) == 4
    assert f"best: {min(losses, key=float)}" in printed


@pytest.mark.slow
def test_optuna_study(tmp_path):
    printed = run("optuna_study.py", "study.db", "2", cwd=tmp_path)
    assert "2 trials have ended" in printed
    first = re.search(r"best validation loss: [\d.]+", printed)[0]
    assert first in run("optuna_study.py", "study.db", "2", cwd=tmp_path)  # goes on


@pytest.mark.slow
def test_torchrun_fit(tmp_path):
    torchrun = ["-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2"]
    printed = []
    for launcher in ([], torchrun):
        folder = tmp_path / str(len(launcher))
        folder.mkdir()
        script = [str(EXAMPLES / "torchrun_fit.py"), "70"]
        printed.append(run_python(*launcher, *script, cwd=folder))
        assert [path.name for path in folder.iterdir()] == ["swings.seqattn"]
    losses = [re.findall(r"0\.\d+", text) for text in printed]
    assert len(losses[0]) == 8
    assert np.allclose(*[np.array(one, float) for one in losses], atol=2e-5)
    assert all("swings.seqattn predicts the same: True" in text for text in printed)
