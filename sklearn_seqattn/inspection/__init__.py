"""What a fitted estimator goes by: importance of steps and channels, and displays."""

from sklearn_seqattn.inspection.attention_display import AttentionDisplay
from sklearn_seqattn.inspection.gradients import integrated_gradients
from sklearn_seqattn.inspection.history_display import TrainingHistoryDisplay
from sklearn_seqattn.inspection.importance_display import ImportanceDisplay
from sklearn_seqattn.inspection.input_steps import attention_to_steps
from sklearn_seqattn.inspection.next_state_display import NextStateDisplay
from sklearn_seqattn.inspection.occlusion import occlusion_importance
from sklearn_seqattn.inspection.permutation import permutation_importance
from sklearn_seqattn.inspection.prefix_display import PrefixDisplay
from sklearn_seqattn.inspection.transition_display import TransitionDisplay

__all__ = [
    "AttentionDisplay",
    "ImportanceDisplay",
    "NextStateDisplay",
    "PrefixDisplay",
    "TrainingHistoryDisplay",
    "TransitionDisplay",
    "attention_to_steps",
    "integrated_gradients",
    "occlusion_importance",
    "permutation_importance",
]
