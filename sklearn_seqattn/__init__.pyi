from sklearn_seqattn._version import __version__ as __version__
from sklearn_seqattn.attention_lstm.classifier import (
    AttentionLSTMClassifier as AttentionLSTMClassifier,
)
from sklearn_seqattn.attention_lstm.regressor import (
    AttentionLSTMRegressor as AttentionLSTMRegressor,
)
from sklearn_seqattn.attention_lstm.tagger import (
    AttentionLSTMTagger as AttentionLSTMTagger,
)
from sklearn_seqattn.kernels.features import (
    RandomKernelFeatures as RandomKernelFeatures,
)
from sklearn_seqattn.kernels.partner import RandomKernels as RandomKernels
from sklearn_seqattn.next_state.lstm import NextStateLSTM as NextStateLSTM
from sklearn_seqattn.next_state.markov import NextStateMarkov as NextStateMarkov
from sklearn_seqattn.next_state.partner import Counts as Counts
from sklearn_seqattn.ngrams.partner import NGrams as NGrams
from sklearn_seqattn.persistence import load_model as load_model
from sklearn_seqattn.persistence import save_model as save_model
from sklearn_seqattn.preprocessing import EventEncoder as EventEncoder
from sklearn_seqattn.preprocessing import SequenceImputer as SequenceImputer
from sklearn_seqattn.preprocessing import SequencePadder as SequencePadder
from sklearn_seqattn.preprocessing import SequenceResampler as SequenceResampler
from sklearn_seqattn.preprocessing import SequenceScaler as SequenceScaler
from sklearn_seqattn.preprocessing import StateEncoder as StateEncoder
from sklearn_seqattn.preprocessing.prefixes import make_prefixes as make_prefixes
from sklearn_seqattn.preprocessing.tokens import Tokens as Tokens
from sklearn_seqattn.preprocessing.windows import make_windows as make_windows
from sklearn_seqattn.sequences.event_tables import (
    events_to_sequences as events_to_sequences,
)
from sklearn_seqattn.sequences.long_tables import (
    sequences_to_events as sequences_to_events,
)
from sklearn_seqattn.sequences.store import SequenceStore as SequenceStore
from sklearn_seqattn.storage.files import FileFormatError as FileFormatError
from sklearn_seqattn.training.checkpoints import Checkpoint as Checkpoint
from sklearn_seqattn.windows.partner import WindowModel as WindowModel
