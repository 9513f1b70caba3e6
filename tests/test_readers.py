"""Readers of state files, feature tables and event logs."""

import io
from datetime import date, datetime, timedelta, timezone

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
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
        ("p\tq\na\n", (), r"line 2 has 1 cell, but the columns are"),
        ("p\tq\na\tb\n", ["r"], r"has no feature 'r'; it has \['p', 'q'\]"),
        ("p\tq\n\na\tb\n", ["q"], r"line 3 has 'b' in column 'q', which is no number"),
        ("p\tp\na\tb\n", (), r"columns that occur more than once: \['p'\]"),
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


ENCODINGS = ["utf-8", "utf-8-sig"]
LINE_ENDS = ["\n", "\r\n", "\r"]


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("end", LINE_ENDS)
def test_files_of_all_readers(tmp_path, encoding, end):
    path = tmp_path / "file"

    def write(*lines):
        path.write_bytes(end.join(lines).encode(encoding))
        return path

    lines = read_state_lines(write("öffnen check", "", "öffnen close"))
    assert lines == [["öffnen", "check"], ["öffnen", "close"]]
    (frame,) = read_feature_table(write("name\tcost", "ö\t1", ""), numeric=["cost"])
    assert frame.to_dict("list") == {"name": ["ö"], "cost": [1.0]}
    log = write("case,task", '"1","öffnen, dann ""zu"""', "", "1,close", "")
    X = read_event_log(log, case="case", activity="task")
    assert X["1"].tolist() == ['öffnen, dann "zu"', "close"]


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16"])
def test_files_in_other_encodings_are_refused(tmp_path, encoding):
    path = tmp_path / "file"
    path.write_bytes("case,task\n1,öffnen\n".encode(encoding))
    with pytest.raises(ValueError, match=r"file is not in UTF-8 .* convert it first"):
        read_state_lines(path)
    with pytest.raises(ValueError, match="file is not in UTF-8"):
        read_feature_table(path)
    with pytest.raises(ValueError, match="file is not in UTF-8"):
        read_event_log(path, case="case", activity="task")


def test_only_line_ends_end_lines(tmp_path):
    path = tmp_path / "file"
    path.write_text("p\tq\na\x0bb\tc\u2028d\n", encoding="utf-8")
    (frame,) = read_feature_table(path)
    assert frame.to_numpy().tolist() == [["a\x0bb", "c\u2028d"]]


def test_ids_and_states_of_files_are_strings(tmp_path):
    path = tmp_path / "log.csv"
    path.write_text("case,task,x\n007,01,1\n7,02,2\n007,1.0,\nNA,null,3\n007,True,4\n")
    X = read_event_log(path, case="case", activity="task")
    assert {case: x.tolist() for case, x in X.items()} == {
        "007": ["01", "1.0", "True"],
        "7": ["02"],
        "NA": ["null"],
    }
    names = {"case": "case", "activity": "task", "others": ["x"]}
    assert read_event_log(path, **names)["7"]["x"].tolist() == ["2"]
    numbers = read_event_log(path, **names, numeric=["x"])["007"]["x"]
    np.testing.assert_array_equal(numbers, [1.0, np.nan, 4.0])


TEXT = {
    "event log of a frame": lambda log: log,
    "polars": pl.from_pandas,
    "pyarrow": pa.Table.from_pandas,
}


@pytest.mark.parametrize("library", TEXT)
def test_frames_of_all_libraries(library):
    X = read_event_log(TEXT[library](LOG), **NAMES)
    assert {case: x.tolist() for case, x in X.items()} == {
        "x": ["open", "close", "pay"],
        "y": ["open"],
    }


#: Times out of order: the second event is the first, the first the second.
TIMES = {
    "ISO dates": ["2024-01-03", "2024-01-01", "2024-02-01"],
    "ISO without separators": ["20240103", "20240101", "20240201"],
    "with fractions and without": [
        "2025-01-01 09:00:01",
        "2025-01-01 09:00:00.5",
        "2025-01-01T09:00:01.123456789",
    ],
    "a change of clocks": [
        "2011-10-30T02:15:00+01:00",
        "2011-10-30T02:45:00+02:00",
        "2011-10-30T02:30:00+01:00",
    ],
    "with time zones and without": [
        "2024-01-01T11:00:00+01:00",
        "2024-01-01 09:00",
        "2024-01-01T10:30Z",
    ],
    "numbers": [2, 1.5, 3],
    "numbers as text": ["10", "9", "1e3"],
    "datetimes": [datetime(2024, 1, 3), datetime(2024, 1, 1), datetime(2024, 2, 1)],
    "dates": [date(2024, 1, 3), date(2024, 1, 1), date(2024, 2, 1)],
    "datetimes of several zones": [
        datetime(2024, 1, 1, 9, tzinfo=timezone(timedelta(hours=h))) for h in (0, 2, -3)
    ],
    "datetime64": pd.to_datetime(["2024-01-03", "2024-01-01", "2024-02-01"]),
    "datetime64 of a zone": pd.to_datetime(
        ["2024-01-03", "2024-01-01", "2024-02-01"]
    ).tz_localize("Europe/Berlin"),
    "durations": pd.to_timedelta([2, 1, 3], unit="h"),
    "categories": pd.Categorical(["2024-01-03", "2024-01-01", "2024-02-01"]),
}


@pytest.mark.parametrize("times", TIMES)
def test_times(times):
    log = pd.DataFrame({"case": "x", "task": [2, 1, 3], "time": TIMES[times]})
    X = read_event_log(log, **NAMES)
    assert X["x"].tolist() == [1, 2, 3]
    found = read_event_log(log.assign(cost=0), **NAMES, others=["cost"])["x"]["time"]
    assert found.is_monotonic_increasing


FORMATS = {
    "%d.%m.%Y": ["03.02.2025", "05.01.2025", "01.03.2025"],
    "%m/%d/%Y %I:%M %p": [
        "02/03/2025 01:00 PM",
        "02/03/2025 11:00 AM",
        "03/01/2025 01:00 AM",
    ],
    "%d/%b/%Y:%H:%M:%S %z": [
        "01/Feb/2025:10:00:00 +0000",
        "01/Feb/2025:10:30:00 +0200",
        "01/Feb/2025:10:30:00 +0000",
    ],
    "%Y%m": [202502, 202501, 202503],
}


@pytest.mark.parametrize("time_format", FORMATS)
@pytest.mark.parametrize("from_file", [False, True])
def test_times_of_a_format(tmp_path, time_format, from_file):
    log = pd.DataFrame({"case": "x", "task": list("bac"), "time": FORMATS[time_format]})
    if from_file:
        path = tmp_path / "log.csv"
        log.to_csv(path)
        log = path
    X = read_event_log(log, **NAMES, timestamp_format=time_format)
    assert X["x"].tolist() == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("time", "time_format", "message"),
    [
        (
            "05.01.2025",
            None,
            r"Row 1 .* has '05.01.2025' in column 'time', which is",
        ),
        ("01/02/2025", None, r"give the format of other times as timestamp_format="),
        ("2025-02-30", None, r"'2025-02-30' in column 'time'"),
        ("soon", None, "'soon' in column 'time'"),
        (None, None, "Column 'time' is empty in row 1"),
        ("2024-01-01", "%d.%m.%Y", r"not a time of timestamp_format='%d.%m.%Y'\."),
        ("2024-01-01", "mixed", "timestamp_format='mixed' is no format of strftime"),
        ("2024-01-01", "%Q", "timestamp_format='%Q': 'Q' is a bad directive"),
    ],
)
@pytest.mark.parametrize("from_file", [False, True])
def test_times_that_are_none(tmp_path, time, time_format, message, from_file):
    first = "05.01.2025" if time_format == "%d.%m.%Y" else "2025-01-01"
    log = pd.DataFrame({"case": "x", "task": ["a", "b"], "time": [first, time]})
    if from_file:
        path = tmp_path / "log.csv"
        log.to_csv(path, index=False)
        log = path
    with pytest.raises(ValueError, match=message):
        read_event_log(log, **NAMES, timestamp_format=time_format)


def test_ties_keep_the_order_of_the_log():
    rng = np.random.default_rng(0)
    log = pd.DataFrame({"case": rng.integers(0, 5, 400), "task": np.arange(400)})
    log["time"] = pd.to_datetime(rng.integers(0, 9, 400), unit="D").astype(str)
    for case, x in read_event_log(log, **NAMES).items():
        rows = log[log["case"] == case].sort_values(["time", "task"])
        assert x.tolist() == rows["task"].tolist()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "has no events"),
        ("case,task\n", "has no events"),
        ("case,task\n1\n", "Column 'task' is empty in row 0"),
        ("case,task\n1,a\n,b\n", "Column 'case' is empty in row 1"),
        ("case,task\n1,a\n2,b,c\n", "is no CSV file of one header: .*line 3, saw 3"),
        ("case,task,task\n1,a,b\n", r"columns that occur more than once: \['task'\]"),
        ("case;task\n1;a\n", r"no column 'case'; it has \['case;task'\]"),
        ('case,task\n1,"a\n', "is no CSV file of one header: .*inside string"),
    ],
)
def test_bad_files_of_events(tmp_path, text, message):
    path = tmp_path / "log.csv"
    path.write_text(text)
    with pytest.raises(ValueError, match=message):
        read_event_log(path, case="case", activity="task")


def test_bad_numbers_of_events():
    log = LOG.assign(cost=["1", "2", "much", None])
    with pytest.raises(ValueError, match="Row 2 of the event log has 'much' in column"):
        read_event_log(log, **NAMES, others=["cost"], numeric=["cost"])
    with pytest.raises(ValueError, match=r"numeric names 'cost', which is not among"):
        read_event_log(log, **NAMES, numeric=["cost"])


def test_dates_are_no_numbers():
    log = LOG.assign(cost=pd.date_range("2025", periods=len(LOG)))
    with pytest.raises(ValueError, match="Column 'cost' holds dates or durations"):
        read_event_log(log, **NAMES, others=["cost"], numeric=["cost"])


@pytest.mark.parametrize("log", [None, ["case"], {"case": [1]}, io.StringIO("case")])
def test_what_is_no_log(log):
    with pytest.raises(TypeError, match=r"log is .*; expected the path of a CSV file"):
        read_event_log(log, case="case", activity="task")


def test_columns_without_names():
    log = pd.DataFrame([[1, "b", 2], [1, "a", 1]])
    X = read_event_log(log, case=0, activity=1, timestamp=2)
    assert X[1].tolist() == ["a", "b"]
    assert log[2].tolist() == [2, 1]


def test_the_log_is_the_states(shared_data):
    X = read_event_log(
        shared_data / "states" / "helpdesk_events.csv",
        case="CaseID",
        activity="ActivityID",
        timestamp="CompleteTimestamp",
    )
    lines = read_state_lines(shared_data / "states" / "helpdesk.txt")
    assert sum(map(len, X)) >= sum(map(len, lines))
    assert ["1", "8", "6"] in [x.tolist() for x in X]


NUMBERS = [("1500.5", "1500.11"), ("1500.5", "3.0"), ("9", "10")]


@pytest.mark.parametrize("times", [*NUMBERS, ("20250201", "20250131")])
def test_times_in_text_that_are_numbers_or_short_dates(tmp_path, times):
    rows = [f"1,task {time},{time}" for time in times]
    (tmp_path / "log.csv").write_text("\n".join(["case,task,time", *rows]))
    names = {"case": "case", "activity": "task", "timestamp": "time"}
    found = read_event_log(tmp_path / "log.csv", **names).iloc[0]
    assert list(found) == [f"task {time}" for time in sorted(times, key=float)]
