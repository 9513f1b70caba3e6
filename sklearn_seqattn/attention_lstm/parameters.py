"""The parameters that the classifier and the regressor share."""

from numbers import Integral, Real
from os import PathLike

import torch
from sklearn.base import BaseEstimator

from sklearn_seqattn._estimator import Interval, StrOptions, VersionedPickles
from sklearn_seqattn.nn.front_end import BLOCK_NAMES
from sklearn_seqattn.nn.pooling import POOLINGS

_SIZE = Interval(Integral, 1, None, closed="left")
_SHARE = Interval(Real, 0, 1, closed="left")


class SequenceParameters(VersionedPickles, BaseEstimator):
    """Names, defaults and constraints; the estimators' docstrings say what each is."""

    _parameter_constraints = {
        "front_end": [StrOptions({"auto", *BLOCK_NAMES}), tuple, None],
        "embedding_size": [_SIZE],
        "embedding_vectors": ["array-like", None],
        "vocabulary": ["array-like", None],
        "min_count": [_SIZE],
        "token_dropout": [_SHARE],
        "conv_channels": [_SIZE, tuple],
        "conv_kernel_size": [_SIZE, tuple, StrOptions({"auto"})],
        "conv_stride": [_SIZE, tuple, StrOptions({"auto"})],
        "conv_dilation": [_SIZE, tuple, StrOptions({"auto"})],
        "dense_units": [_SIZE, tuple],
        "step_conv_channels": [_SIZE, tuple],
        "step_conv_kernel_size": [_SIZE, tuple],
        "key_size": [_SIZE, tuple],
        "value_size": [_SIZE, tuple],
        "encoder": [StrOptions({"lstm", "gru", "transformer"})],
        "hidden_size": [_SIZE],
        "num_layers": [_SIZE],
        "bidirectional": ["boolean"],
        "residual": ["boolean"],
        "positions": [StrOptions({"rotary", "sinusoidal"})],
        "attention": [StrOptions({"dot", "general", "additive", "multihead"}), None],
        "num_heads": [_SIZE],
        "pooling": [StrOptions(set(POOLINGS)), tuple],
        "head_units": [_SIZE, tuple],
        "kernel_features": [_SIZE, StrOptions({"auto"}), None],
        "kernel_readout": ["boolean"],
        "dropout": [_SHARE],
        "standardize": ["boolean"],
        "lr": [Interval(Real, 0, None, closed="neither")],
        "lr_schedule": [StrOptions({"cosine", "constant"})],
        "weight_decay": [Interval(Real, 0, None, closed="left")],
        "max_grad_norm": [Interval(Real, 0, None, closed="neither"), None],
        "batch_size": [_SIZE, StrOptions({"auto"})],
        "max_epochs": [_SIZE, StrOptions({"auto"})],
        "early_stopping": ["boolean", StrOptions({"auto"})],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "n_iter_no_change": [_SIZE],
        "warm_start": ["boolean"],
        "channels_first": ["boolean"],
        "random_state": ["random_state"],
        "max_steps_per_batch": [_SIZE],
        "precision": [StrOptions({"float32", "bfloat16", "auto"})],
        "tbptt_steps": [_SIZE, None],
        "device": [str, torch.device],
        "callbacks": [list, tuple],
        "net_params": [dict, None],
        "checkpoint_dir": [str, PathLike, None],
        "checkpoint_every": [_SIZE],
        "keep_checkpoint": ["boolean"],
        "verbose": ["verbose"],
    }

    def __init__(
        self,
        *,
        front_end="auto",
        embedding_size=64,
        embedding_vectors=None,
        vocabulary=None,
        min_count=1,
        token_dropout=0.1,
        conv_channels=64,
        conv_kernel_size="auto",
        conv_stride="auto",
        conv_dilation="auto",
        dense_units=64,
        step_conv_channels=8,
        step_conv_kernel_size=3,
        key_size=64,
        value_size=64,
        encoder="lstm",
        hidden_size=32,
        num_layers=2,
        bidirectional=True,
        residual=True,
        positions="rotary",
        attention="multihead",
        num_heads=4,
        pooling=("max", "mean"),
        head_units=(64,),
        kernel_features=None,
        kernel_readout=True,
        dropout=0.2,
        standardize=True,
        lr=2e-3,
        lr_schedule="cosine",
        weight_decay=1e-2,
        max_grad_norm=1.0,
        batch_size="auto",
        max_epochs="auto",
        early_stopping="auto",
        validation_fraction=0.1,
        n_iter_no_change=10,
        warm_start=False,
        channels_first=False,
        random_state=None,
        max_steps_per_batch=4096,
        precision="float32",
        tbptt_steps=None,
        device="auto",
        callbacks=(),
        net_params=None,
        checkpoint_dir=None,
        checkpoint_every=1,
        keep_checkpoint=False,
        verbose=0,
    ):
        self.front_end = front_end
        self.embedding_size = embedding_size
        self.embedding_vectors = embedding_vectors
        self.vocabulary = vocabulary
        self.min_count = min_count
        self.token_dropout = token_dropout
        self.conv_channels = conv_channels
        self.conv_kernel_size = conv_kernel_size
        self.conv_stride = conv_stride
        self.conv_dilation = conv_dilation
        self.dense_units = dense_units
        self.step_conv_channels = step_conv_channels
        self.step_conv_kernel_size = step_conv_kernel_size
        self.key_size = key_size
        self.value_size = value_size
        self.encoder = encoder
        self.hidden_size = hidden_size
        self.num_layers = num_layers
        self.bidirectional = bidirectional
        self.residual = residual
        self.positions = positions
        self.attention = attention
        self.num_heads = num_heads
        self.pooling = pooling
        self.head_units = head_units
        self.kernel_features = kernel_features
        self.kernel_readout = kernel_readout
        self.dropout = dropout
        self.standardize = standardize
        self.lr = lr
        self.lr_schedule = lr_schedule
        self.weight_decay = weight_decay
        self.max_grad_norm = max_grad_norm
        self.batch_size = batch_size
        self.max_epochs = max_epochs
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.warm_start = warm_start
        self.channels_first = channels_first
        self.random_state = random_state
        self.max_steps_per_batch = max_steps_per_batch
        self.precision = precision
        self.tbptt_steps = tbptt_steps
        self.device = device
        self.callbacks = callbacks
        self.net_params = net_params
        self.checkpoint_dir = checkpoint_dir
        self.checkpoint_every = checkpoint_every
        self.keep_checkpoint = keep_checkpoint
        self.verbose = verbose
