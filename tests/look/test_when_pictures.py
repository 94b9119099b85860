"""When pictures are drawn, and of which data. What they show is in `tests/tasks/test_pictures.py`."""

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator


@pytest.mark.parametrize("read_test", [True, False])
def test_test_data_are_drawn_only_where_they_may_be_read(train, read_test):
    options = [f"read_test={str(read_test).lower()}", "pictures=1", "diagnostics=off"]
    _, folder = train(*options, "trainer.max_epochs=1", "trainer.eval_every=10")
    events = EventAccumulator(str(folder))
    events.Reload()
    splits = {tag.split("/")[1] for tag in events.Tags()["images"]}
    assert splits == {"validation", *(["test"] if read_test else [])}
