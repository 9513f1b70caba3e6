"""Save fitted estimators and load them again, without pickle."""

from sklearn_seqattn.persistence.save_load import load_model, save_model

__all__ = ["load_model", "save_model"]
