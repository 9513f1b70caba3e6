from torch import nn

from sklearn_seqattn.nn.head import build_head


def test_head_has_norm_gelu_and_dropout_behind_each_hidden_layer():
    head = build_head(6, (5, 4), 3, dropout=0.25)
    hidden = [nn.Linear, nn.LayerNorm, nn.GELU, nn.Dropout]
    kinds = [*hidden, *hidden, nn.Linear]
    assert all(map(isinstance, head, kinds))
    assert len(head) == len(kinds)
    sizes = [m.out_features for m in head if isinstance(m, nn.Linear)]
    assert sizes == [5, 4, 3]
    assert head[3].p == 0.25


def test_head_without_hidden_layers_is_linear():
    assert [type(layer) for layer in build_head(6, (), 3, dropout=0.5)] == [nn.Linear]
