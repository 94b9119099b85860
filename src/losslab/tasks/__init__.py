"""Tasks: data, kind of target, metrics, and how outputs become predictions."""

from losslab.tasks.split import Split
from losslab.tasks.task import Task, load_task

__all__ = ["Split", "Task", "load_task"]
