import numpy as np
import pytest
import torch
from small_trainings import make_plan, train_line

from sklearn_seqattn.batching import SequenceDataset
from sklearn_seqattn.training import forward


def test_an_output_that_is_not_finite_is_an_error():
    net, _ = train_line()
    values = np.array([[0.0], [1.0], [3e38], [1e38]], dtype=np.float32)
    with torch.no_grad():
        net.module_.linear.weight.fill_(2.0)
    with pytest.raises(ValueError, match=r"no finite output for sequence 2\. Look"):
        forward(net, SequenceDataset(values, np.ones(4, dtype=np.int64)))


def test_forward_gives_rows_in_the_order_of_the_data():
    net, _ = train_line(plan=make_plan(max_epochs=300))
    lengths = np.random.RandomState(0).randint(1, 9, size=200)
    values = np.zeros((lengths.sum(), 1), dtype=np.float32)
    values[np.cumsum(lengths) - lengths, 0] = np.arange(200)
    found = forward(net, SequenceDataset(values, lengths))
    weight, bias = (p.item() for p in net.module_.parameters())
    np.testing.assert_allclose(
        found[:, 0], weight * np.arange(200) + bias, rtol=1e-4, atol=1e-4
    )
