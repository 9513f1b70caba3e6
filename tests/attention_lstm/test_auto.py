from hypothesis import given
from hypothesis import strategies as st

from sklearn_seqattn.attention_lstm import auto


@given(st.integers(1, 10**6))
def test_batch_size_stays_between_8_and_64(n):
    size = auto.batch_size(n)
    assert 8 <= size <= 64
    assert size == 8 or size == 64 or size == n // 8


@given(st.integers(1, 10**6), st.integers(1, 512), st.floats(1, 1e5))
def test_epochs_stay_between_10_and_200(n, size, n_steps):
    epochs = auto.max_epochs(n, size, n_steps)
    n_batches = -(-n // size)
    assert 10 <= epochs <= 200
    if epochs < 40:  # cut short, but not below 8,000 steps
        assert epochs * n_batches >= 8_000 or epochs == 10
    if n_batches <= 200:  # small data get so many batches, or 200 epochs
        wanted = 320 if n_steps > 256 else 400
        assert epochs * n_batches >= wanted or epochs == 200


@given(st.integers(1, 10**5), st.integers(1, 10**5))
def test_more_data_never_get_more_epochs(n, m):
    small, large = sorted([n, m])
    assert auto.max_epochs(large, 64, 9) <= auto.max_epochs(small, 64, 9)


@given(st.integers(1, 10**7))
def test_kernel_features_are_bounded_in_number_and_memory(n):
    n_features = auto.kernel_features(n)
    assert 1_000 <= n_features <= 10_000
    assert n_features * n <= 50_000_000 or n_features == 1_000


@given(st.integers(1, 10**6), st.integers(1, 512), st.floats(1, 1e5))
def test_tokens_never_get_more_epochs_than_numbers(n, size, n_steps):
    numbers, tokens = (
        f(n, size, n_steps) for f in (auto.max_epochs, auto.token_max_epochs)
    )
    assert min(8, numbers) <= tokens <= numbers
    if n < 1_000:
        assert tokens == numbers


@given(st.integers(1, 10**6), st.integers(1, 512), st.floats(1, 1e5))
def test_networks_beside_a_partner_never_get_more_epochs(n, size, n_steps):
    alone, blended = (
        auto.max_epochs(n, size, n_steps, blended=blended) for blended in (False, True)
    )
    assert min(10, alone) <= blended <= alone


@given(st.integers(1, 10**6), st.integers(1, 512), st.floats(1, 20))
def test_a_classifier_of_short_sequences_gets_half_of_the_epochs(n, size, n_steps):
    others = auto.max_epochs(n, size, n_steps, blended=True)
    found = auto.classifier_max_epochs(n, size, n_steps)
    if n_steps > 10:
        assert found == others
    else:
        assert min(others, 15) <= found <= others
        assert found in (15, -(-others // 2), others)
