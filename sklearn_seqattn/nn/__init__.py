"""The networks, in plain torch: nothing here knows of an estimator."""
