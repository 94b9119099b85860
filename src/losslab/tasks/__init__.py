"""Tasks: data, kind of target, metrics, and how outputs become predictions."""

from losslab.tasks.task import Split, Task, load_task

__all__ = ["Split", "Task", "load_task"]
