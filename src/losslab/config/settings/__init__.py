"""A run's settings: one strict, typed tree, validated once and read by all other packages.

`tree.py` says what a run's config may hold; its larger sections are in `task.py`, `network.py`, `loss.py` and
`training.py`. `command.py` says what a command is told besides, `values.py` how single values are written,
`sentences.py` what the message about a wrong one says. `read.py` makes the tree from what Hydra composed.
Defaults are in conf/, not here.
"""

from losslab.config.settings.command import CommandSettings, DecideSettings
from losslab.config.settings.loss import LossSettings, SingleLossSettings, SumSettings, TermSettings
from losslab.config.settings.network import ActivationSettings, InitSettings, LayersSettings
from losslab.config.settings.read import group_choices, named_loss, read, read_command, read_loss
from losslab.config.settings.sentences import validated
from losslab.config.settings.task import CorruptionSettings, ScalingSettings, SplitSettings, TaskSettings
from losslab.config.settings.training import (
    AveragingSettings,
    GradientClipSettings,
    OptimizerSettings,
    SchedulerSettings,
    TrainerSettings,
)
from losslab.config.settings.tree import DiagnosticsSettings, LoggerSettings, RunSettings
from losslab.config.settings.values import Target

__all__ = [
    "ActivationSettings",
    "AveragingSettings",
    "CommandSettings",
    "CorruptionSettings",
    "DecideSettings",
    "DiagnosticsSettings",
    "GradientClipSettings",
    "InitSettings",
    "LayersSettings",
    "LoggerSettings",
    "LossSettings",
    "OptimizerSettings",
    "RunSettings",
    "ScalingSettings",
    "SchedulerSettings",
    "SingleLossSettings",
    "SplitSettings",
    "SumSettings",
    "Target",
    "TaskSettings",
    "TermSettings",
    "TrainerSettings",
    "group_choices",
    "named_loss",
    "read",
    "read_command",
    "read_loss",
    "validated",
]
