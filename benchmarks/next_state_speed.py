"""What learning and predicting every position in one pass saves.

    python benchmarks/next_state_speed.py SEQUENCES.txt

The file holds one sequence a line. Printed are, for `NextStateLSTM` with default
sizes: the time of an epoch over all positions, over the last position of the same
sequences, and over all prefixes as sequences of their own (on a part of the file,
since it takes long); and the CPU time to predict every position of 10,000 sequences in
one call, and prefix by prefix (on a part of the prefixes, scaled up); and to draw
sequences by a network that goes on from what it remembers, and by one that reads each
of them anew for every state. Last, the CPU time in which `NextStateMarkov` counts a
million transitions, drawn from the file with replacement.
"""

import argparse
import time

import numpy as np

from sklearn_seqattn import NextStateLSTM, NextStateMarkov
from sklearn_seqattn.next_state.decoding import Continuations
from sklearn_seqattn.readers import read_state_lines


def epoch(X, y=None, targets="all"):
    """Return the CPU seconds of an epoch: those of three less those of one, halved."""
    seconds = {}
    for n_epochs in (1, 3):
        model = NextStateLSTM(
            targets=targets,
            early_stopping=False,
            blend=None,
            max_epochs=n_epochs,
            batch_size=16,
            random_state=0,
        )
        started = time.process_time()
        model.fit(X, y)
        seconds[n_epochs] = time.process_time() - started
    return (seconds[3] - seconds[1]) / 2


def training(X, n_prefixed=12):
    """Compare epochs over positions, last positions and prefixes."""
    every, last = epoch(X), epoch(X, targets="last")
    print(f"an epoch over all positions: {every:.2f} s", flush=True)
    print(f"over the last positions: {last:.2f} s (all: {every / last:.2f} times that)")
    part = X[:n_prefixed]
    prefixes = [x[:t] for x in part for t in range(1, len(x))]
    following = [x[t] for x in part for t in range(1, len(x))]
    whole, apart = epoch(part), epoch(prefixes, following, targets="last")
    print(
        f"on {n_prefixed} sequences: all positions {whole:.2f} s, their "
        f"{len(prefixes)} prefixes {apart:.2f} s ({apart / whole:.0f} times more)"
    )


def prediction(X, n_sequences=10_000, n_prefixes=300):
    """Compare one call for all positions with one call a prefix."""
    few = {"max_epochs": 1, "random_state": 0}
    for model in (NextStateMarkov(), NextStateLSTM(**few)):
        model.fit(X)
        random = np.random.RandomState(0)
        batch = [X[i] for i in random.randint(0, len(X), n_sequences)]
        started = time.process_time()
        model.score_samples(batch)
        together = time.process_time() - started
        n_all = sum(map(len, batch))
        chosen = [batch[i] for i in random.randint(0, n_sequences, n_prefixes)]
        prefixes = [x[: random.randint(1, len(x) + 1)] for x in chosen]
        started = time.process_time()
        for prefix in prefixes:
            model.predict_proba([prefix])
        one_by_one = (time.process_time() - started) * n_all / n_prefixes
        print(
            f"{type(model).__name__}: {n_all} positions in one call {together:.2f} s, "
            f"prefix by prefix {one_by_one:.0f} s ({one_by_one / together:.0f} times)",
            flush=True,
        )


class ForgetfulLSTM(NextStateLSTM):
    """Reads a whole sequence for each state that it adds."""

    def _continuations(self, streams):
        return Continuations(streams, self._last_log_proba)


def drawing(X, n_steps=500):
    """Compare draws with and without what the network remembers."""
    for n in (1, 20):
        seconds, drawn = [], []
        for estimator in (NextStateLSTM, ForgetfulLSTM):
            model = estimator(max_epochs=1, random_state=0).fit(X)
            started = time.process_time()
            drawn.append(model.sample(n, max_length=n_steps, random_state=0))
            seconds.append(time.process_time() - started)
        print(
            f"{n} x {n_steps} states drawn in {seconds[0]:.1f} s, read anew for every "
            f"state {seconds[1]:.1f} s ({seconds[1] / seconds[0]:.1f} times), "
            f"{'equal' if drawn[0] == drawn[1] else 'other'} states",
            flush=True,
        )


def counting(X, n_transitions=1_000_000):
    """Time the fit of the counts on sequences of a million transitions."""
    random = np.random.RandomState(0)
    batch, n_drawn = [], 0
    while n_drawn < n_transitions:
        batch.append(X[random.randint(len(X))])
        n_drawn += len(batch[-1]) - 1
    started = time.process_time()
    NextStateMarkov().fit(batch)
    print(f"{n_drawn} transitions counted in {time.process_time() - started:.2f} s")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("file")
    sequences = [x for x in read_state_lines(parser.parse_args().file) if len(x) > 1]
    training(sequences)
    prediction([x[:40] for x in sequences])
    drawing(sequences)
    counting(sequences)
