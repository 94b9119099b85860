"""What a run's config may hold, as in conf/config.yaml; its larger sections have files of their own.

Only shapes, types and ranges that need no data. Whether a loss serves a task, or a model takes its inputs, is
checked where those are made. A `Target` names code, and that code checks its own arguments.
"""

from __future__ import annotations

from typing import Annotated, Any

import pydantic

from losslab.config.settings.loss import LossSettings
from losslab.config.settings.network import ActivationSettings, InitSettings
from losslab.config.settings.task import TaskSettings
from losslab.config.settings.training import (
    AveragingSettings,
    OptimizerSettings,
    SchedulerSettings,
    TrainerSettings,
)
from losslab.config.settings.values import (
    Flag,
    Section,
    Seed,
    Target,
    whole,
)


class DiagnosticsSettings(Section):
    """What is measured while training, by name."""

    callbacks: dict[str, Target]


class LoggerSettings(Section):
    """Where curves and results go besides TensorBoard.

    Attributes:
        more: a logger of Lightning's.
        name_as: its argument that takes the run's name.
    """

    more: Target | None = None
    name_as: str | None = None


class RunSettings(Section):
    """All settings of one run.

    Attributes:
        choices: config group -> chosen name, as in {"task": "digits"}; not part of `plain()`.
    """

    seed: Seed
    data_dir: str
    folder: str
    read_test: Flag
    retry_failed: Flag
    fail_fast: Flag
    temperature_scaling: Flag = False
    deterministic: Flag
    allow_misuse: Flag
    pictures: Annotated[
        int | None,
        whole("give a whole number from 0 to 1000, or null for none", from_=0, below=1001, or_null=True),
    ]
    task: TaskSettings
    model: Target
    activation: ActivationSettings
    init: InitSettings
    loss: LossSettings
    optimizer: OptimizerSettings
    scheduler: SchedulerSettings
    averaging: AveragingSettings
    trainer: TrainerSettings
    diagnostics: DiagnosticsSettings
    logger: LoggerSettings = LoggerSettings()
    choices: dict[str, str] = pydantic.Field(default_factory=dict, exclude=True)

    @pydantic.field_validator("folder", mode="before")
    @classmethod
    def _folder_as_text(cls, value: Any) -> Any:
        return str(value) if isinstance(value, int | float) else value  # folder=2024
