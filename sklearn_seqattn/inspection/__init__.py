"""What a fitted estimator goes by: importance of steps and channels, and displays."""

from sklearn_seqattn.inspection.attention import attention_to_steps
from sklearn_seqattn.inspection.gradients import integrated_gradients
from sklearn_seqattn.inspection.occlusion import occlusion_importance
from sklearn_seqattn.inspection.permutation import permutation_importance

__all__ = [
    "attention_to_steps",
    "integrated_gradients",
    "occlusion_importance",
    "permutation_importance",
]
