"""A label for each step: words of tweets, and readings of a worn sensor.

    python benchmarks/tagging.py FOLDER [--seeds 0 1 2] [--sets wnut17 wearable]

FOLDER holds wnut17.train, wnut17.dev (tab-separated words and BIO labels, WNUT 2017)
and wearable_room2.csv.xz (readings of a battery-less sensor, UCI). Models are fitted to
the train file and read the dev file once, or are fitted to 18 of the 27 trials and read
the other 9, every third one. Nothing was chosen on these parts. Scores are F1 of
entities (exact spans, conlleval) and macro F1 over the readings. Seconds are CPU
seconds of a fit.

The contenders are the default tagger, its network alone, its partner alone, a BiLSTM
written by hand in torch, and a conditional random field where sklearn-crfsuite is
installed.
"""

import argparse
import time
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import nn

from sklearn_seqattn import AttentionLSTMTagger, EventEncoder, SequenceScaler
from sklearn_seqattn.attention_lstm.blending import Blend
from sklearn_seqattn.attention_lstm.step_scores import score_steps
from sklearn_seqattn.preprocessing import StateEncoder
from sklearn_seqattn.windows.features import describe_token


def read_words(path):
    """Return the sentences of a file, and the label of each word."""
    X, y = [], []
    for block in path.read_text("utf-8").replace("\t\n", "\n").split("\n\n"):
        rows = [line.split("\t")[:2] for line in block.splitlines() if line.strip()]
        if rows:
            words, labels = zip(*rows, strict=True)
            X.append(list(words))
            y.append(list(labels))
    return X, y


def read_trials(path):
    """Return the trials as frames of readings, and the activity of each reading.

    The gender of a trial is a channel, and so is the time since the last reading.
    """
    table = pd.read_csv(path)
    gaps = table.groupby("trial")["seconds"].diff().fillna(0)
    table["gap"] = np.log1p(40 * gaps)
    table["gender"] = (table["gender"] == "F").astype(float)
    table["antenna"] = "a" + table["antenna"].astype(str)
    columns = table.columns.drop(["trial", "seconds", "activity"])
    trials = [trial for _, trial in table.groupby("trial")]
    X = [trial[columns].reset_index(drop=True) for trial in trials]
    return X, [trial["activity"].to_numpy(object) for trial in trials]


def spans(labels):
    """Return the entities of a sentence, as triples (start, stop, kind)."""
    found, start, kind = set(), None, None
    for i, label in enumerate([*labels, "O"]):
        prefix, _, now = str(label).partition("-")
        if start is not None and not (prefix == "I" and now == kind):
            found.add((start, i, kind))
            start = None
        if prefix == "B" or (prefix == "I" and start is None):
            start, kind = i, now
    return found


def entity_f1(predicted, true):
    """Return the F1 of entities: spans and kinds both right."""
    pairs = [(spans(p), spans(t)) for p, t in zip(predicted, true, strict=True)]
    hits = sum(len(p & t) for p, t in pairs)
    return 2 * hits / max(1, sum(len(p) + len(t) for p, t in pairs))


def macro_f1(predicted, true):
    """Return the mean over the classes of the F1 of readings."""
    return score_steps("f1_macro", predicted, true)


class BiLSTM(nn.Module):
    """The usual tagger: vectors of words or numbers, a BiLSTM, a linear layer."""

    def __init__(self, n_words, n_channels, n_classes, hidden=64):
        super().__init__()
        self.embed = nn.Embedding(n_words, 64) if n_words else nn.Identity()
        self.lstm = nn.LSTM(
            64 if n_words else n_channels, hidden, batch_first=True, bidirectional=True
        )
        self.head = nn.Linear(2 * hidden, n_classes)
        self.dropout = nn.Dropout(0.3)

    def forward(self, x):
        """Return the logits of each step of one sequence."""
        hidden, _ = self.lstm(self.dropout(self.embed(x)))
        return self.head(self.dropout(hidden))


class TorchTagger:
    """Train a `BiLSTM` by Adam, a sequence or sixteen sentences a step."""

    def __init__(self, seed):
        self.seed = seed

    def _encoded(self, X, fit=False):
        """Return tensors of scaled numbers or of word ids."""
        if fit and isinstance(X[0], list):
            self.encoders = [StateEncoder(min_count=2)]
        elif fit:
            self.encoders = [EventEncoder(), SequenceScaler()]
        for encoder in self.encoders:
            X = encoder.fit_transform(X) if fit else encoder.transform(X)
        dtype = torch.int64 if len(self.encoders) == 1 else torch.float32
        return [torch.as_tensor(np.asarray(x), dtype=dtype) for x in X]

    def fit(self, X, y):
        """Train for 15 epochs of sentences, or 20 of trials."""
        torch.manual_seed(self.seed)
        rng = np.random.default_rng(self.seed)
        self.classes_, codes = np.unique(np.concatenate(y), return_inverse=True)
        targets = torch.from_numpy(codes).split([len(one) for one in y])
        inputs, is_text = self._encoded(X, fit=True), isinstance(X[0], list)
        n_words = int(max(x.max() for x in inputs)) + 1 if is_text else 0
        n_channels = 0 if is_text else inputs[0].shape[1]
        self.network = BiLSTM(n_words, n_channels, len(self.classes_))
        optimizer = torch.optim.Adam(self.network.parameters(), lr=2e-3)
        size, epochs = (16, 15) if is_text else (1, 20)
        for _ in range(epochs):
            rows = rng.permutation(len(inputs))
            for batch in np.array_split(rows, max(1, len(rows) // size)):
                outputs = [self.network(inputs[i][None])[0] for i in batch]
                loss = nn.functional.cross_entropy(
                    torch.cat(outputs), torch.cat([targets[i] for i in batch])
                )
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
        return self

    @torch.no_grad()
    def predict(self, X):
        """Return the most probable label of each step."""
        self.network.eval()
        found = [self.network(x[None])[0].argmax(dim=1) for x in self._encoded(X)]
        return [self.classes_[one.numpy()] for one in found]


class Crf:
    """A conditional random field on the indicators of the words of a window."""

    def __init__(self, seed):
        import sklearn_crfsuite

        self.model = sklearn_crfsuite.CRF(
            algorithm="lbfgs", c1=0.1, c2=0.1, max_iterations=100
        )

    def _features(self, X):
        """Return the indicators of each word and of two words to both sides."""
        for words in X:
            alone = [describe_token(word) for word in words]
            yield [
                [
                    f"{k}{indicator}"
                    for k in range(-2, 3)
                    for indicator in (alone[t + k] if 0 <= t + k < len(words) else "|")
                ]
                for t in range(len(words))
            ]

    def fit(self, X, y):
        """Fit the field."""
        self.model.fit(list(self._features(X)), y)
        return self

    def predict(self, X):
        """Return the most probable labels of each sentence."""
        return self.model.predict(list(self._features(X)))


class PartnerAlone:
    """The linear model of windows of a fitted tagger, by itself."""

    def __init__(self, tagger):
        self.tagger = tagger

    def predict(self, X):
        """Return the labels that the linear model finds most probable."""
        blend = self.tagger.blend_
        self.tagger.blend_ = Blend("softmax", weight=1.0)
        found = self.tagger.predict(X)
        self.tagger.blend_ = blend
        return found


def contenders(name, seed):
    """Yield (name, unfitted model) of those for a set."""
    yield "tagger", AttentionLSTMTagger(random_state=seed)
    yield "network alone", AttentionLSTMTagger(random_state=seed, blend=None)
    yield "BiLSTM by hand", TorchTagger(seed)
    if name == "wnut17" and seed == 0:  # nothing of it is random
        try:
            yield "sklearn-crfsuite", Crf(seed)
        except ImportError:
            print("sklearn-crfsuite is not installed", flush=True)


def parts(name, folder):
    """Return the train and the test part of a set, and its score."""
    if name == "wnut17":
        files = [folder / "wnut17.train", folder / "wnut17.dev"]
        return *map(read_words, files), entity_f1
    X, y = read_trials(folder / "wearable_room2.csv.xz")
    rows = np.arange(len(X))
    split = [
        ([X[i] for i in some], [y[i] for i in some])
        for some in (rows[rows % 3 > 0], rows[rows % 3 == 0])
    ]
    return *split, macro_f1


def main():
    """Print the score of each model and seed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--sets", nargs="+", default=["wnut17", "wearable"])
    options = parser.parse_args()
    torch.set_num_threads(1)
    for name in options.sets:
        (X, y), (X_test, y_test), score = parts(name, options.folder)
        for seed in options.seeds:
            for label, model in contenders(name, seed):
                started = time.process_time()
                model.fit(X, y)
                seconds = time.process_time() - started
                found = score(model.predict(X_test), y_test)
                print(f"{name}, {label}, seed {seed}: {found:.3f} ({seconds:.0f} s)")
                if getattr(model, "partner_", None) is not None:
                    found = score(PartnerAlone(model).predict(X_test), y_test)
                    weight = model.blend_.weight
                    print(f"{name}, window alone: {found:.3f}, weight {weight:.2f}")


if __name__ == "__main__":
    main()
