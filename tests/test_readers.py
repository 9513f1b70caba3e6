"""Readers of state files, feature tables and event logs."""

import pandas as pd
import pytest

from sklearn_seqattn.readers import (
    read_event_log,
    read_feature_table,
    read_state_lines,
)

LOG = pd.DataFrame(
    {
        "case": ["x", "y", "x", "x"],
        "task": ["close", "open", "open", "pay"],
        "time": ["2024-01-03", "2024-01-01", "2024-01-01", "2024-01-03"],
        "cost": [1.0, 2.0, 3.0, 4.0],
    }
)
NAMES = {"case": "case", "activity": "task", "timestamp": "time"}


def test_state_lines(tmp_path):
    path = tmp_path / "states.txt"
    path.write_text("a b  c\n\nB♭ a\n", encoding="utf-8")
    assert read_state_lines(path) == [["a", "b", "c"], ["B♭", "a"]]


def test_feature_table(tmp_path):
    path = tmp_path / "events.tsv"
    path.write_text("name\tcost\na\t1\nb\t2.5\n>*\t>*\n>*\t>*\n>*\t3\n")
    first, second = read_feature_table(path, numeric=["cost"])
    assert first.to_dict("list") == {"name": ["a", "b"], "cost": [1.0, 2.5]}
    assert second.to_dict("list") == {"name": [">*"], "cost": [3.0]}


def test_feature_table_with_given_names(tmp_path):
    path = tmp_path / "events.tsv"
    path.write_text(">*\t>*\na\tx\n>*\t>*\nb\ty\n")
    frames = read_feature_table(path, columns=["p", "q"])
    assert [frame.to_numpy().tolist() for frame in frames] == [
        [["a", "x"]],
        [["b", "y"]],
    ]
    assert list(frames[0].columns) == ["p", "q"]


@pytest.mark.parametrize(
    ("text", "numeric", "message"),
    [
        ("p\tq\na\n", (), r"line 2 has 1 cells, but there are 2 features"),
        ("p\tq\na\tb\n", ["r"], r"has no feature 'r'; it has \['p', 'q'\]"),
        ("p\tq\na\tb\n", ["q"], "feature 'q' is to be numeric, but could not convert"),
    ],
)
def test_bad_feature_tables(tmp_path, text, numeric, message):
    path = tmp_path / "events.tsv"
    path.write_text(text)
    with pytest.raises(ValueError, match=message):
        read_feature_table(path, numeric=numeric)


def test_event_log_sorts_by_time_and_keeps_ties(tmp_path):
    path = tmp_path / "log.csv"
    LOG.to_csv(path, index=False)
    for log in (LOG, path):
        X = read_event_log(log, **NAMES)
        assert X["x"].tolist() == ["open", "close", "pay"]
        assert X["y"].tolist() == ["open"]
        assert X.index.name == "case"


def test_event_log_without_times_keeps_the_order():
    X = read_event_log(LOG, case="case", activity="task")
    assert X["x"].tolist() == ["close", "open", "pay"]


def test_event_log_with_other_columns():
    X = read_event_log(LOG, **NAMES, others=["cost"])
    assert list(X["x"].columns) == ["task", "time", "cost"]
    assert X["x"]["cost"].tolist() == [3.0, 1.0, 4.0]
    assert X["x"]["time"].dt.day.tolist() == [1, 3, 3]


def test_event_log_of_cases_of_one_length():
    log = pd.DataFrame({"case": [1, 1, 2, 2], "task": [5, 6, 7, 8]})
    X = read_event_log(log, case="case", activity="task")
    assert [x.tolist() for x in X] == [[5, 6], [7, 8]]


def test_bad_event_logs():
    with pytest.raises(ValueError, match=r"no column 'user'; it has \['case'"):
        read_event_log(LOG, **NAMES, others=["user"])
    holes = LOG.assign(task=["a", None, "b", "c"])
    with pytest.raises(ValueError, match="Column 'task' is empty in row 1"):
        read_event_log(holes, **NAMES)


def test_the_log_is_the_states(shared_data):
    X = read_event_log(
        shared_data / "states" / "helpdesk_events.csv",
        case="CaseID",
        activity="ActivityID",
        timestamp="CompleteTimestamp",
    )
    lines = read_state_lines(shared_data / "states" / "helpdesk.txt")
    assert sum(map(len, X)) >= sum(map(len, lines))
    assert [1, 8, 6] in [x.tolist() for x in X]
