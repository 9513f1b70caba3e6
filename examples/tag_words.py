"""Label every word of a sentence: who, where and when.

The sentences are made up from a few patterns. Names in the test sentences were never
seen in training, so what tells their label is how they are written and the words around
them.
"""

import numpy as np

from sklearn_seqattn import AttentionLSTMTagger, WindowModel
from sklearn_seqattn.metrics import StepScorer

PATTERNS = [
    "{who} met {who} in {where} on {when}",
    "in {where} , {who} waited until {when}",
    "{who} flies to {where} and calls {who}",
    "the meeting with {who} is on {when}",
    "see you {when} in {where} , {who}",
]
WHEN = ["Monday", "Tuesday", "Thursday", "Friday", "Sunday", "tomorrow", "today"]


def make_name(random, endings):
    """Return a made-up name."""
    letters = random.choice(list("bdfgklmnprstvz")), random.choice(list("aeiou"))
    return "".join(letters).title() + random.choice(endings)


def make_sentences(n_sentences, seed):
    """Return sentences, each a list of words, and the label of each word."""
    random, X, y = np.random.RandomState(seed), [], []
    draw = {
        "{who}": lambda: ("person", make_name(random, ["", "na", "ro", "lia"])),
        "{where}": lambda: ("place", make_name(random, ["ville", "na", "ro"])),
        "{when}": lambda: ("time", random.choice(WHEN)),
    }
    for pattern in random.choice(PATTERNS, n_sentences):
        labels, words = zip(
            *(draw.get(w, lambda w=w: ("other", w))() for w in pattern.split()),
            strict=True,
        )
        X.append(list(words))
        y.append(list(labels))
    return X, y


X, y = make_sentences(120, seed=0)
X_test, y_test = make_sentences(300, seed=1)
macro_f1 = StepScorer("f1_macro")

models = {
    "network and window": AttentionLSTMTagger(random_state=0, max_epochs=12),
    "window of one word": AttentionLSTMTagger(
        blend=WindowModel(size=0), random_state=0, max_epochs=1
    ),
}
print("                    accuracy  macro F1")
for name, model in models.items():
    model.fit(X, y)
    scores = model.score(X_test, y_test), macro_f1(model, X_test, y_test)
    print(f"{name:18s}  {scores[0]:8.3f}  {scores[1]:8.3f}")

tagger = models["network and window"]
sentence = ["in", "Tanaro", ",", "Zora", "waited", "until", "Friday"]
(labels,), (proba,) = tagger.predict([sentence]), tagger.predict_proba([sentence])
print("\nA new sentence:")
for word, label, p in zip(sentence, labels, proba.max(axis=1), strict=True):
    print(f"  {word:10s} {label:7s} {p:.2f}")

# Words without a label (None) are read, but do not count.
random = np.random.RandomState(2)
some = [[label if random.rand() < 0.5 else None for label in row] for row in y]
half = AttentionLSTMTagger(random_state=0, max_epochs=12).fit(X, some)
print(f"\nWith half of the labels: {half.score(X_test, y_test):.3f}")
