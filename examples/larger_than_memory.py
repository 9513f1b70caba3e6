"""Train on a Parquet file that may be larger than the memory.

    python examples/larger_than_memory.py [--sequences 300]

A long table is written, one row a step, as a measuring station would: 100 steps of four
channels a sequence. `SequenceStore.from_parquet` reads it in parts and writes a folder
of arrays. From then on the store goes wherever a list of sequences goes, and is read a
batch at a time. With `--sequences 2500000` the store has 4 GB.

Needs pyarrow: pip install "sklearn_seqattn[parquet]"
"""

import argparse
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa
from pyarrow import parquet
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline

from sklearn_seqattn import AttentionLSTMClassifier, SequenceScaler, SequenceStore

CHANNELS = ["flow", "heat", "noise", "power"]
N_STEPS = 100


def write_table(path, n_sequences, n_at_once=1000):
    """Write a long table, sorted by station; those that fail tremble faster."""
    rng = np.random.default_rng(0)
    writer = None
    for first in range(0, n_sequences, n_at_once):
        ids = np.arange(first, min(first + n_at_once, n_sequences))
        fails = ids % 2
        phase = np.arange(N_STEPS) * (0.2 + 0.1 * fails[:, None])
        steps = rng.standard_normal((len(ids), N_STEPS, len(CHANNELS)), np.float32)
        steps[:, :, 0] += np.sin(phase)
        columns = {
            "station": np.repeat(ids, N_STEPS),
            "fails": np.repeat(fails, N_STEPS),
        }
        columns |= dict(zip(CHANNELS, steps.reshape(-1, len(CHANNELS)).T, strict=True))
        table = pa.table(columns)
        writer = writer or parquet.ParquetWriter(path, table.schema)
        writer.write_table(table)
    writer.close()


def main():
    """Write, store, split, fit, predict."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sequences", type=int, default=300)
    options = parser.parse_args()
    with TemporaryDirectory() as folder:
        path = Path(folder) / "stations.parquet"
        write_table(path, options.sequences)
        store = SequenceStore.from_parquet(
            path, Path(folder) / "store", values=CHANNELS, id="station", label="fails"
        )
        print(f"{len(store)} sequences, {store.lengths.sum()} steps, {store.dtype}")
        train, test = train_test_split(store, stratify=store.labels, random_state=0)
        model = make_pipeline(
            SequenceScaler(), AttentionLSTMClassifier(max_epochs=5, random_state=0)
        )
        model.fit(train, train.labels)
        print(f"Test accuracy: {model.score(test, test.labels):.2f}")


if __name__ == "__main__":
    main()
