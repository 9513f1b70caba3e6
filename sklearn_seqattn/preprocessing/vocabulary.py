"""The ids of tokens and categories that every vocabulary shares."""

PADDING_ID, UNKNOWN_ID, FIRST_ID = 0, 1, 2
