"""What a type checker must understand of the public names; checked, not run."""

import numpy as np

from sklearn_seqattn import (
    AttentionLSTMClassifier,
    NextStateMarkov,
    SequenceScaler,
    load_model,
    save_model,
)

X = [np.zeros((5, 3)), np.zeros((7, 3))]
classifier = AttentionLSTMClassifier(hidden_size=8, max_epochs=1, blend=None)
classifier = classifier.fit(X, [0, 1])
labels = classifier.predict(X).tolist()
probabilities = classifier.predict_proba(X)
save_model(classifier, "model.seqattn")
load_model("model.seqattn").predict(X)
SequenceScaler().fit_transform(X)
NextStateMarkov(order=2).fit([["a", "b"]])
AttentionLSTMClassifier(hidden=8)  # type: ignore[call-arg]
