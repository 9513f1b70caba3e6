"""The ids of padding, of unknown states and of the first state."""

#: Padding, and the start symbol of a sequence, if there is one.
PADDING_ID = 0
#: Every state that is not in the vocabulary.
UNKNOWN_ID = 1
#: The first state of the vocabulary; the others follow.
FIRST_ID = 2
