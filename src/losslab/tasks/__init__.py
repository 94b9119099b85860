"""Tasks: data, kind of target, metrics, and how outputs become predictions."""

from losslab.tasks.task import Split, Task, load_task, training_targets

__all__ = ["Split", "Task", "load_task", "training_targets"]
