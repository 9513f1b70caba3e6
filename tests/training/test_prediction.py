import numpy as np
from small_trainings import make_plan, train_line

from sklearn_seqattn.batching import SequenceDataset
from sklearn_seqattn.training import forward


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
