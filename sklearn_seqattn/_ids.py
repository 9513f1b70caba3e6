"""The ids that stand for no state of a vocabulary."""

#: Padding. Where a start symbol stands before each sequence, it has this id, too.
PADDING_ID = 0
#: Every state that is not in the vocabulary.
UNKNOWN_ID = 1
#: The first state of the vocabulary; the others follow.
FIRST_ID = 2
