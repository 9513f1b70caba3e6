import numpy as np

from sklearn_seqattn import AttentionLSTMClassifier
from sklearn_seqattn.inspection import ImportanceDisplay

rng = np.random.default_rng(0)
X, y = [], []
for _ in range(210):
    x = rng.normal(size=(rng.integers(15, 30), 2))  # 15 to 29 steps, 2 channels
    first, second = np.sort(rng.choice(len(x) - 3, 2, replace=False))
    left = rng.random() < 0.5
    x[first : first + 3, 0 if left else 1] += 3
    x[second : second + 3, 1 if left else 0] += 3
    X.append(x)
    y.append("left" if left else "right")

network = AttentionLSTMClassifier(blend=None, max_epochs=30, random_state=0)
network.fit(X[:200], y[:200])
display = ImportanceDisplay.from_estimator(
    network, X[200:], method="integrated_gradients"
)
answer = network.predict(X[200:201])[0]
display.ax_[0].set_title(f"predicted: {answer}, true: {y[200]}")
