"""Mini-batches: order, completeness, and the same batches whether or not the data lie in memory."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.utils.data import TensorDataset

from losslab.look.evaluations import Evaluations
from losslab.tasks.batches import evaluation_batches
from losslab.tasks.scaling import Scaling
from losslab.tasks.task import Split
from losslab.train.batches import TrainingBatches

CPU = torch.device("cpu")


def in_memory(count):
    inputs = torch.arange(count, dtype=torch.float32).unsqueeze(1)
    return Split(inputs=inputs, targets=torch.arange(count))


def from_dataset(count):
    inputs = torch.arange(count, dtype=torch.float32).unsqueeze(1)
    return Split(dataset=TensorDataset(inputs, torch.arange(count)), scaling=Scaling(0.0, 1.0))


def batches(split, *, seed=0, epoch=0, batch_size=4, eval_every=3, encode=lambda targets: targets):
    return TrainingBatches(
        split,
        encode,
        batch_size=batch_size,
        evaluations=Evaluations(eval_every, {}),
        seed=seed,
        device=CPU,
        epoch=lambda: epoch,
    )


def flat(stream):
    return [(inputs.clone(), targets) for chunk in stream for inputs, targets in chunk.batches]


@given(
    count=st.integers(1, 60),
    batch_size=st.integers(1, 20),
    eval_every=st.integers(1, 15),
    seed=st.integers(0, 2**32 - 1),
    epoch=st.integers(0, 4),
)
@settings(max_examples=60, deadline=None)
def test_an_epoch_has_every_sample_once_and_chunks_end_at_evaluations(
    count, batch_size, eval_every, seed, epoch
):
    stream = batches(in_memory(count), seed=seed, epoch=epoch, batch_size=batch_size, eval_every=eval_every)
    per_epoch = -(-count // batch_size)
    expected_step = epoch * per_epoch
    seen = []
    for chunk in stream:
        assert chunk.first_step == expected_step
        parts = list(chunk.batches)
        assert len(parts) == chunk.steps
        assert not any(
            step % eval_every == 0 for step in range(expected_step + 1, expected_step + chunk.steps)
        )
        expected_step += chunk.steps
        for inputs, targets in parts:
            assert torch.equal(inputs[:, 0].long(), targets)
            seen += targets.tolist()
    assert expected_step == (epoch + 1) * per_epoch
    assert sorted(seen) == list(range(count))


def test_order_follows_from_seed_and_epoch_alone():
    def order(**options):
        return torch.cat([targets for _, targets in flat(batches(in_memory(50), **options))]).tolist()

    first = order(seed=3, epoch=2)
    torch.manual_seed(123)  # whatever else was drawn meanwhile
    assert order(seed=3, epoch=2) == first
    assert order(seed=3, epoch=2, eval_every=7) == first
    assert order(seed=4, epoch=2) != first
    assert order(seed=3, epoch=1) != first


def test_a_dataset_gives_the_same_batches_as_memory():
    for one, other in zip(flat(batches(in_memory(50))), flat(batches(from_dataset(50))), strict=True):
        assert torch.equal(one[0], other[0])
        assert torch.equal(one[1], other[1])


def test_reading_a_dataset_leaves_the_training_stream_alone():
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    flat(batches(from_dataset(20)))
    list(evaluation_batches(from_dataset(20), 8, CPU))
    assert torch.equal(torch.rand(1), expected)


def test_targets_are_encoded():
    stream = batches(in_memory(9), encode=lambda targets: -targets)
    assert all(torch.equal(inputs[:, 0].long(), -targets) for inputs, targets in flat(stream))


def test_bytes_are_scaled_when_they_are_used():
    stored = torch.arange(12, dtype=torch.uint8).reshape(12, 1)
    split = Split(inputs=stored, targets=torch.arange(12), scaling=Scaling(0.5, 2.0))
    for stream in (flat(batches(split)), evaluation_batches(split, 5, CPU)):
        for inputs, targets in stream:
            assert inputs.dtype == torch.float32
            assert torch.allclose(inputs[:, 0], (targets / 255 - 0.5) / 2)


def test_a_split_is_a_view_of_all_samples():
    whole = torch.arange(20, dtype=torch.float32).unsqueeze(1)
    split = Split(inputs=whole, targets=torch.arange(20), indices=torch.tensor([3, 5, 8, 13, 19]))
    for stream in (flat(batches(split, batch_size=2)), evaluation_batches(split, 2, CPU)):
        seen = [(inputs[:, 0].tolist(), targets.tolist()) for inputs, targets in stream]
        assert all(inputs == targets for inputs, targets in seen)
        assert sorted(target for _, targets in seen for target in targets) == [3, 5, 8, 13, 19]


@pytest.mark.parametrize("split", [in_memory(100), from_dataset(100)])
def test_a_sample_is_spread_over_data_that_may_be_sorted(split):
    """The first 10 of 100 samples would be one class of data that are sorted by class."""
    positions = list(range(0, 100, 10))
    assert split.spread(10) == positions
    assert split.sample(10)[1].tolist() == positions
    looked_at = evaluation_batches(split, 4, CPU, count=10)
    assert [target for _, targets in looked_at for target in targets.tolist()] == positions
    assert split.spread(1000) == list(range(100))


@pytest.mark.parametrize("processes", [2, 3, 40])
def test_parts_of_several_processes_make_the_whole_batch(processes):
    def batches(number, processes):
        split = Split(inputs=torch.arange(70.0).unsqueeze(1), targets=torch.arange(70))
        chunks = TrainingBatches(
            split,
            lambda targets: targets,
            batch_size=32,
            evaluations=Evaluations(100, {}),
            seed=0,
            device=torch.device("cpu"),
            epoch=lambda: 0,
            process=lambda: (number, processes),
        )
        for chunk in chunks:
            weights = chunk.weights or [1.0] * chunk.steps
            yield from zip(chunk.batches, weights, strict=True)

    whole = [targets for (_, targets), _ in batches(0, 1)]
    parts = [list(batches(number, processes)) for number in range(processes)]
    for step, batch in enumerate(whole):
        own = [part[step] for part in parts]
        counting = [targets for (_, targets), weight in own if weight > 0]
        assert torch.equal(torch.cat(counting).sort().values, batch.sort().values)
        mean = sum(targets.float().mean() * weight for (_, targets), weight in own) / processes
        assert mean == pytest.approx(batch.float().mean().item(), rel=1e-5)
