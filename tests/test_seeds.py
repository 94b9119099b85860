"""Independent random streams from one seed."""

from hypothesis import given
from hypothesis import strategies as st

from losslab.seeds import generator, stream_seed

seeds = st.integers(0, 2**32 - 1)


@given(seeds)
def test_streams_and_indices_differ(seed):
    made = [stream_seed(seed, "weights"), *(stream_seed(seed, "batches", epoch) for epoch in range(5))]
    assert len(set(made)) == len(made)


@given(seeds)
def test_same_seed_same_numbers(seed):
    first, second = (generator(seed, "batches", 3).initial_seed() for _ in range(2))
    assert first == second


def test_neighbouring_seeds_differ_and_seed_zero_is_a_seed():
    assert len({stream_seed(seed, "weights") for seed in range(1000)}) == 1000
    assert stream_seed(0, "weights") != 0
