from sklearn_seqattn import AttentionLSTMClassifier
from sklearn_seqattn.inspection import ImportanceDisplay

texts = ["the soup was cold", "we loved it", "cold and slow", "loved the soup"] * 5
liked = ["no", "yes", "no", "yes"] * 5
network = AttentionLSTMClassifier(blend=None, max_epochs=20, random_state=0)
network.fit(texts, liked)
ImportanceDisplay.from_estimator(
    network, ["we loved the cold soup"], method="integrated_gradients", target="yes"
)
