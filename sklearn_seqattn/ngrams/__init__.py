"""N-grams of tokens with a linear model, the partner of networks that read tokens."""
