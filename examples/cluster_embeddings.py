"""Group speakers by their vowels: the vectors of a network, clustered by k-means.

A classifier in the middle of a Pipeline passes on the pooled vector of each sequence.
`blend=None` makes the network learn all of the classes, and not only what the random
convolutions leave to it: only then do its vectors group the speakers.
JapaneseVowels is a data set of the UEA archive: nine speakers, 270 utterances for
training and 370 for testing. The file holds the arrays `values` (all steps end to
end), `lengths`, `targets` and `n_train`. Run with

    python examples/cluster_embeddings.py PATH/TO/JapaneseVowels.npz
"""

import sys

import numpy as np
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score
from sklearn.pipeline import make_pipeline

from sklearn_seqattn import AttentionLSTMClassifier


def main(path):
    """Run the example."""
    with np.load(path) as stored:
        X = np.split(stored["values"], np.cumsum(stored["lengths"])[:-1])
        y, n_train = stored["targets"], int(stored["n_train"])

    embedder = AttentionLSTMClassifier(blend=None, max_epochs=60, random_state=0)
    pipeline = make_pipeline(embedder, KMeans(9, n_init=10, random_state=0))
    clusters = pipeline.fit(X[:n_train], y[:n_train]).predict(X[n_train:])

    found = adjusted_rand_score(y[n_train:], clusters)
    print(f"{len(clusters)} new utterances, adjusted Rand index {found:.3f}")
    pipeline[0].set_output(transform="pandas")
    print(pipeline[0].transform(X[n_train : n_train + 3]).iloc[:, :4].round(2))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
