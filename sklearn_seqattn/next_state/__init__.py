"""Predict the next state of a sequence by a network, by counts, or by both."""
