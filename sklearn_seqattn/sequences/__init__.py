"""Read sequences from any container into one form."""

from sklearn_seqattn.sequences.validation import (
    Sequences,
    check_sequences,
    validate_sequences,
)

__all__ = ["Sequences", "check_sequences", "validate_sequences"]
