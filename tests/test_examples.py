"""The examples run from start to end, as a user runs them."""

import os
import re
import subprocess
import sys
from pathlib import Path

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"


def run(name, *arguments, cwd):
    """Run an example in an empty folder and return what it prints."""
    done = subprocess.run(
        [sys.executable, "-W", "error", EXAMPLES / name, *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


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


def test_displays(tmp_path):
    printed = run("displays.py", str(tmp_path), cwd=tmp_path)
    paths = [Path(line) for line in printed.splitlines()]
    assert len(paths) == 6
    for path in paths:
        assert path.read_bytes().startswith(b"\x89PNG")


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
