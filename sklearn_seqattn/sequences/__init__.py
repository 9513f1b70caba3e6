"""Read sequences from any container into one form."""

from sklearn_seqattn.sequences.flat_storage import Sequences
from sklearn_seqattn.sequences.validation import check_sequences, validate_sequences

__all__ = ["Sequences", "check_sequences", "validate_sequences"]
