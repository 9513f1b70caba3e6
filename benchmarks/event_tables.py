"""What splitting a long event table costs, compared with a loop over groupby.

    python benchmarks/event_tables.py [--sequences 50000] [--events 6] [--repeats 5]

A table of one numeric and one string column is split into one frame for each id. Each
measurement is a fresh process: its CPU seconds, and how much its peak memory grows.
"""

import resource
import time

import numpy as np
import pandas as pd
from measuring import arguments, child, compare, describe, save, show


def table(spec):
    """Return a long table of events."""
    n, length = spec["sequences"], spec["events"]
    states = np.array(["open", "check", "close"], dtype=object)
    return pd.DataFrame(
        {
            "id": np.repeat(np.arange(n), length),
            "amount": np.arange(n * length, dtype=np.float64),
            "state": states[np.arange(n * length) % 3],
        }
    )


def peak():
    """Return the peak memory of this process in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


def measure(split, spec):
    """Return the CPU seconds and the memory of a function of the table."""
    events, before = table(spec), peak()
    started = time.process_time()
    frames = split(events)
    seconds = time.process_time() - started
    return {"seconds": seconds, "MB": peak() - before, "frames": len(frames)}


def ours(spec):
    """Split by events_to_sequences."""
    from sklearn_seqattn import events_to_sequences

    return measure(lambda events: events_to_sequences(events, id="id"), spec)


def loop(spec):
    """Split by a loop over groups."""

    def split(events):
        groups = events.groupby("id", sort=False)
        return [g.drop(columns="id").reset_index(drop=True) for _, g in groups]

    return measure(split, spec)


def main():
    """Print one table."""
    args = arguments(__doc__, sequences=50_000, events=6)
    describe()
    spec = {"sequences": args.sequences, "events": args.events}
    contenders = {
        "events_to_sequences": ("ours", spec),
        "groupby loop": ("loop", spec),
    }
    results = compare(contenders, 1, args.repeats, "event_tables.py")
    show(
        f"{args.sequences} sequences of {args.events} events", results, ("MB", "frames")
    )
    save(args.json, results)


if __name__ == "__main__" and not child({"ours": ours, "loop": loop}):
    main()
