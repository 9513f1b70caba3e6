"""What `TimeFeatures` and `StandardScaler` learn, as plain values and arrays."""

import pandas as pd
from sklearn.preprocessing import StandardScaler

from sklearn_seqattn.persistence.checks import (
    check_array,
    check_bool,
    check_choice,
    check_keys,
    check_labels,
    check_positive,
    refuse,
)
from sklearn_seqattn.preprocessing.time_features import (
    CYCLES,
    DATES,
    NUMBERS,
    ZONED_DATES,
    TimeFeatures,
)
from sklearn_seqattn.storage.files import FileFormatError


def pack_times(columns):
    """Return the columns of times."""
    return [
        {
            "column": times.column,
            "ordered": times.ordered,
            "kind": times.kind_,
            "zone": times.zone_,
            "unit": times.unit_,
            "range": times.range_,
            "parts": times.parts_,
            "mean": times.scaler_.mean_,
            "scale": times.scaler_.scale_,
        }
        for times in columns
    ]


def check_times(value, where, estimator=None):
    """Return the columns of times."""
    if not isinstance(value, list):
        refuse(where, value, "a list of columns of times")
    return [_check_column(column, f"{where}[{i}]") for i, column in enumerate(value)]


def _check_column(value, where):
    """Return a fitted `TimeFeatures`."""
    fields = {"column", "ordered", "kind", "zone", "unit", "range", "parts"}
    check_keys(value, where, fields | {"mean", "scale"})
    (column,) = check_labels([value["column"]], where)
    times = TimeFeatures(column, check_bool(value["ordered"], where))
    times.kind_ = check_choice(value["kind"], where, (NUMBERS, DATES, ZONED_DATES))
    times.zone_ = _check_zone(value["zone"], where, times.kind_)
    times.unit_ = check_positive(value["unit"], where)
    times.range_ = check_array(value["range"], where, kind="f", shape=(2,))
    parts, known = value["parts"], ["date", *CYCLES]
    if times.kind_ == NUMBERS:
        known = []
    if not isinstance(parts, list) or parts != [p for p in known if p in parts]:
        refuse(where, parts, f"some of {known}")
    times.parts_ = parts
    times.scaler_ = check_scaler(value["mean"], value["scale"], 2, where)
    return times


def _check_zone(zone, where, kind):
    """Return the name of a time zone, None for times that have none."""
    if kind != ZONED_DATES:
        return None if zone is None else refuse(where, zone, "None")
    try:
        pd.Timestamp(0, tz="UTC").tz_convert(zone if isinstance(zone, str) else "")
    except Exception:  # each library of time zones has errors of its own
        refuse(where, zone, "the name of a time zone")
    return zone


def check_scaler(mean, scale, n, where):
    """Return a StandardScaler of n columns."""
    scaler = StandardScaler()
    scaler.mean_ = check_array(mean, where, kind="f", shape=(n,))
    scaler.scale_ = check_array(scale, where, kind="f", shape=(n,))
    scaler.var_, scaler.n_features_in_ = scaler.scale_**2, n
    if (scaler.scale_ <= 0).any():
        raise FileFormatError(f"{where} has a scale that is not positive.")
    return scaler
