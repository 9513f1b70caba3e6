"""Ids with a meaning of their own, in front of those of tokens and states."""

PADDING_ID, UNKNOWN_ID, FIRST_ID = 0, 1, 2
