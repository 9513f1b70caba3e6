"""From parameters to numbers: defaults, one size for all or for each, refusals."""

import numpy as np
import pytest
import torch

from sklearn_seqattn import AttentionLSTMClassifier
from sklearn_seqattn.attention_lstm import auto
from sklearn_seqattn.attention_lstm.network_config import (
    check_encoder,
    check_heads,
    front_end_sizes,
    make_embedding,
    network_numbers,
    resolve_front_end,
)
from sklearn_seqattn.nn.networks import build_sequence_network


def make_params(**options):
    return AttentionLSTMClassifier(**options).get_params(deep=False)


def sizes_of(n_steps=10, **options):
    params = make_params(**options)
    blocks = resolve_front_end(params["front_end"], tokens=False)
    return front_end_sizes(params, blocks, n_steps)


class TestResolveFrontEnd:
    def test_auto_depends_on_the_kind_of_sequences(self):
        assert resolve_front_end("auto", tokens=False) == auto.STEM
        assert resolve_front_end("auto", tokens=True) == auto.TOKEN_STEM

    @pytest.mark.parametrize(
        ("given", "expected"),
        [
            (None, ()),
            ((), ()),
            ("conv", ("conv",)),
            (("conv", ("dense", ("gelu",))), ("conv", ("dense", ("gelu",)))),
            (("embedding", "conv"), ("embedding", "conv")),
        ],
    )
    def test_names_and_groups_become_a_tuple(self, given, expected):
        assert resolve_front_end(given, tokens=False) == expected

    @pytest.mark.parametrize(
        ("given", "message"),
        [
            ("cnov", "unknown block 'cnov'.*Did you mean 'conv'?"),
            (("conv", ("xyzzy",)), "unknown block 'xyzzy'; known are embedding, ch"),
            (("conv", ["dense"]), r"unknown block \['dense'\]"),
            (("conv", 3), "unknown block 3"),
            (("conv", ()), "empty residual group"),
            (("conv", "embedding"), "as the first block and outside"),
            ((("embedding",),), "as the first block and outside"),
            (("embedding", "embedding"), "may stand once"),
        ],
    )
    def test_refusals(self, given, message):
        with pytest.raises(ValueError, match=message):
            resolve_front_end(given, tokens=False)


class TestFrontEndSizes:
    def test_one_number_is_for_all(self):
        sizes = sizes_of(front_end=("conv", ("conv", "dense")), conv_channels=7)
        assert sizes["conv_channels"] == (7, 7)
        assert sizes["dense_units"] == (64,)
        assert sizes["key_size"] == ()

    def test_a_tuple_has_one_for_each(self):
        sizes = sizes_of(front_end=("dense", ("dense",)), dense_units=(7, 9))
        assert sizes["dense_units"] == (7, 9)

    def test_sizes_become_plain_integers(self):
        sizes = sizes_of(
            front_end=("conv", "dense"),
            conv_channels=np.int64(7),
            dense_units=(np.int32(9),),
        )
        assert type(sizes["conv_channels"][0]) is int
        assert type(sizes["dense_units"][0]) is int

    @pytest.mark.parametrize(
        ("n_steps", "strides", "kernels"),
        [(20, (1, 1, 1), (7, 5, 5)), (640, (10, 1, 1), (21, 5, 5))],
    )
    def test_only_the_stem_strides_by_default(self, n_steps, strides, kernels):
        sizes = sizes_of(n_steps=n_steps)
        assert sizes["conv_stride"] == strides
        assert sizes["conv_kernel_size"] == kernels

    @pytest.mark.parametrize(
        ("options", "dilations"),
        [
            ({"n_steps": 4}, (1, 1, 1)),
            ({"n_steps": 16}, (1, 1, 4)),
            ({"n_steps": 192}, (1, 1, 8)),
            ({"n_steps": 193}, (1, 1, 1)),
            ({"conv_dilation": 3}, (3, 3, 3)),
            ({"front_end": ("conv", "conv")}, (1, 1)),
            ({"front_end": ("embedding", "conv")}, (1,)),
            ({"front_end": ()}, ()),
        ],
    )
    def test_the_last_convolution_of_the_stem_reaches_far(self, options, dilations):
        assert sizes_of(**options)["conv_dilation"] == dilations

    def test_the_stem_of_tokens_has_no_dilation(self):
        sizes = front_end_sizes(
            make_params(), resolve_front_end("auto", tokens=True), n_steps=10
        )
        assert sizes["conv_dilation"] == (1, 1, 1)

    @pytest.mark.parametrize(
        ("options", "lags"),
        [
            ({}, (2,)),
            ({"conv_stride": 5}, (5,)),
            ({"front_end": ("changes", "gelu", "changes")}, (1, 1)),
            ({"front_end": ("conv",)}, ()),
        ],
    )
    def test_changes_are_over_the_first_stride(self, options, lags):
        assert sizes_of(n_steps=100, **options)["changes_lag"] == lags

    def test_the_kernel_of_the_stem_follows_a_given_stride(self):
        sizes = sizes_of(conv_stride=(4, 1, 1))
        assert sizes["conv_kernel_size"] == (9, 5, 5)

    def test_convolutions_of_a_given_front_end_do_not_stride(self):
        sizes = sizes_of(n_steps=1000, front_end=("conv", "conv"))
        assert sizes["conv_stride"] == (1, 1)
        assert sizes["conv_kernel_size"] == (5, 5)

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            (
                {"front_end": ("conv", "conv"), "conv_channels": (8,)},
                r"conv_channels=\(8,\) has 1 sizes, but front_end has 2 'conv' blocks",
            ),
            (
                {"front_end": "dense", "dense_units": (8, 8)},
                "dense_units=.* has 2 sizes, but front_end has 1 'dense' blocks",
            ),
            ({"front_end": "dense", "dense_units": (0,)}, "integers of at least 1"),
            ({"front_end": "dense", "dense_units": ("8",)}, "integers of at least 1"),
            ({"conv_stride": ()}, r"conv_stride=\(\) has 0 sizes"),
            ({"conv_stride": (2, 2, 1)}, "conv_stride is above 1 inside a residual"),
            (
                {"front_end": (("dense", ("conv",)),), "conv_stride": 2},
                "conv_stride is above 1 inside a residual group",
            ),
            (
                {"front_end": "attention", "key_size": 6},
                "key_size=6 is not a multiple of num_heads=4",
            ),
            (
                {"front_end": ("attention", "attention"), "value_size": (8, 9)},
                "value_size=9 is not a multiple of num_heads=4",
            ),
        ],
    )
    def test_refusals(self, options, message):
        with pytest.raises(ValueError, match=message):
            sizes_of(**options)

    def test_a_stride_beside_a_group_is_fine(self):
        sizes = sizes_of(front_end=("conv", ("conv",), "conv"), conv_stride=(2, 1, 3))
        assert sizes["conv_stride"] == (2, 1, 3)


def test_check_heads():
    check_heads("key_size", 8, 4)
    with pytest.raises(ValueError, match="key_size=8 is not a multiple of num_heads=3"):
        check_heads("key_size", 8, 3)


class TestCheckEncoder:
    @pytest.mark.parametrize(
        "options",
        [
            {},
            {"hidden_size": 3, "num_heads": 2},  # twice 3, in two directions
            {"hidden_size": 3, "num_heads": 2, "attention": "dot"},
            {"hidden_size": 3, "num_heads": 2, "attention": None},
            {"encoder": "transformer", "hidden_size": 8, "num_heads": 2},
            {
                "encoder": "transformer",
                "hidden_size": 6,
                "num_heads": 2,
                "positions": "sinusoidal",
            },
        ],
    )
    def test_what_can_be_built(self, options):
        check_encoder(make_params(**options))
        numbers = network_numbers(make_params(**options), kind="numeric", n_steps=9)
        build_sequence_network(input_size=2, n_outputs=3, embedding=None, **numbers)

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            (
                {"hidden_size": 3, "num_heads": 2, "bidirectional": False},
                "the encoder's output size=3 is not a multiple of num_heads=2",
            ),
            (
                {"encoder": "transformer", "hidden_size": 6, "num_heads": 4},
                "hidden_size=6 is not a multiple of num_heads=4",
            ),
            (
                {"encoder": "transformer", "hidden_size": 6, "num_heads": 2},
                "'rotary' need an even size, but .*hidden_size=6 with num_heads=2 .* 3",
            ),
            (
                {
                    "encoder": "transformer",
                    "hidden_size": 5,
                    "num_heads": 1,
                    "positions": "sinusoidal",
                },
                "'sinusoidal' need an even size",
            ),
        ],
    )
    def test_refusals(self, options, message):
        with pytest.raises(ValueError, match=message):
            check_encoder(make_params(**options))


class TestNetworkNumbers:
    def test_defaults_are_the_residual_bilstm_with_attention(self):
        numbers = network_numbers(make_params(), kind="numeric", n_steps=100)
        expected = {
            "front_end": auto.STEM,
            "encoder": "lstm",
            "hidden_size": 32,
            "num_layers": 2,
            "bidirectional": True,
            "residual": True,
            "positions": "rotary",
            "attention": "multihead",
            "num_heads": 4,
            "pooling": ("max", "mean"),
            "head_units": (64,),
            "dropout": 0.2,
        }
        assert {name: numbers[name] for name in expected} == expected
        assert set(numbers) == {*expected, "front_end_sizes"}

    def test_tokens_get_an_embedding(self):
        numbers = network_numbers(make_params(), kind="tokens", n_steps=100)
        assert numbers["front_end"][0] == "embedding"

    def test_single_values_become_tuples_and_numpy_numbers_plain_ones(self):
        params = make_params(
            pooling="last", head_units=np.int64(7), hidden_size=np.int64(8)
        )
        numbers = network_numbers(params, kind="numeric", n_steps=10)
        assert numbers["pooling"] == ("last",)
        assert numbers["head_units"] == (7,)
        assert type(numbers["hidden_size"]) is int

    def test_a_head_may_have_no_hidden_layer(self):
        params = make_params(head_units=())
        assert network_numbers(params, kind="numeric", n_steps=9)["head_units"] == ()

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"pooling": ()}, r"pooling=\(\) must hold at least one of 'max', 'mean'"),
            ({"pooling": ("max", "sum")}, "pooling=.*'sum'.* must hold at least one"),
            ({"head_units": (8, 0)}, r"head_units=\(8, 0\) must hold integers"),
        ],
    )
    def test_refusals(self, options, message):
        with pytest.raises(ValueError, match=message):
            network_numbers(make_params(**options), kind="numeric", n_steps=10)


class TestMakeEmbedding:
    def test_random_vectors_of_the_wanted_size(self):
        params = make_params(embedding_size=7, token_dropout=0.25)
        embedding = make_embedding(params, n_ids=5)
        assert embedding.table.weight.shape == (5, 7)
        assert embedding.token_dropout == 0.25

    def test_given_vectors_decide_the_size(self):
        vectors = [[1, 2, 3], [4, 5, 6]]
        params = make_params(embedding_vectors=vectors, vocabulary=["a", "b"])
        embedding = make_embedding(params, n_ids=4)
        assert embedding.output_size == 3
        assert embedding.table.weight[2:].tolist() == vectors
        assert embedding.table.weight.dtype == torch.float32

    def test_given_vectors_are_not_trained_in_place(self):
        vectors = np.ones((2, 3), dtype=np.float32)
        params = make_params(embedding_vectors=vectors, vocabulary=["a", "b"])
        with torch.no_grad():
            make_embedding(params, n_ids=4).table.weight.zero_()
        assert (vectors == 1).all()

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"embedding_vectors": np.ones((2, 3))}, "needs vocabulary"),
            (
                {"embedding_vectors": np.ones((3, 3)), "vocabulary": ["a", "b"]},
                "embedding_vectors has 3 rows, but vocabulary has 2 tokens",
            ),
            (
                {"embedding_vectors": [[np.nan], [1.0]], "vocabulary": ["a", "b"]},
                "embedding_vectors contains NaN",
            ),
        ],
    )
    def test_refusals(self, options, message):
        with pytest.raises(ValueError, match=message):
            make_embedding(make_params(**options), n_ids=4)
