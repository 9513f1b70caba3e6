"""The networks, in plain torch: nothing here knows of an estimator."""

import sklearn_seqattn.nn.forking  # noqa: F401
