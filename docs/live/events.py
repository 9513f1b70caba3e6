from sklearn_seqattn import NextStateMarkov
from sklearn_seqattn.inspection import NextStateDisplay

cases = ["open check pay close", "open check check pay close", "open close"] * 10
counts = NextStateMarkov().fit(cases)
NextStateDisplay.from_estimator(counts, ["open check"])
