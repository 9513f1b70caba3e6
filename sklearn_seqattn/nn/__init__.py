"""Networks in plain torch, which know no estimator."""
