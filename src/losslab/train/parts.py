"""Task, network, criterion and optimiser: made from the settings, and tried together before training."""

from __future__ import annotations

import dataclasses
import os

import torch
from torch import nn

from losslab.config.instantiation import make
from losslab.config.settings import RunSettings
from losslab.errors import UserError, first_line
from losslab.losses import misuse
from losslab.losses.criterion import Criterion, build_criterion
from losslab.losses.terms import WeightedSum
from losslab.models import build_network, check_fit, share_weights
from losslab.support import torch_settings
from losslab.tasks import Task, load_task
from losslab.tasks.heads import Head
from losslab.train import failures, hardware, rehearsal, temperature
from losslab.train.optimizer import MakeOptimizer, optimizer_maker


@dataclasses.dataclass
class Parts:
    """The objects that the settings describe.

    Attributes:
        changed_settings: what making and trying them changed of torch's global settings, which are put back.
    """

    task: Task
    network: nn.Module
    criterion: Criterion | WeightedSum
    optimizer: MakeOptimizer
    changed_settings: list[str] = dataclasses.field(default_factory=list)


def build(settings: RunSettings, rehearse: bool = False) -> Parts:
    """Task, network, criterion and optimiser. Raises UserError if they do not fit together.

    Settings may name any function with any arguments: any error in them is reported in one sentence, with
    its traceback if LOSSLAB_DEBUG is set.

    Args:
        rehearse: try the loss in a child process first, see `rehearsal.py`: for the first build of an arm.
    """
    try:
        with torch_settings.kept() as changed:
            parts = _build(settings, rehearse)
        parts.changed_settings = changed
        return parts
    except (UserError, KeyboardInterrupt):
        raise
    except BaseException as error:  # sys.exit() in the user's module too
        if os.environ.get("LOSSLAB_DEBUG"):
            raise
        told = failures.described(error)
        raise UserError(
            f"task, model, loss and optimizer cannot be made from this config: {told['type']}: "
            f"{first_line(Exception(told['message']))}; LOSSLAB_DEBUG=1 shows where"
        ) from error


def _build(settings: RunSettings, rehearse: bool) -> Parts:
    choices = settings.choices
    plain = load_task(settings.task, choices["task"]).for_seed(settings.seed)
    task = plain.with_head(_head(settings))
    check_fit(settings.model, choices["model"], task)
    network = _network(settings, task)
    if task.kind.output_features != plain.kind.output_features:
        share_weights(_network(settings, plain), network)
    criterion = build_criterion(
        settings.loss,
        task.kind,
        choices["loss"],
        training_targets=lambda: task.training_targets,
        allow_misuse=settings.allow_misuse,
    )
    hardware.check(settings.trainer)
    if settings.temperature_scaling:
        temperature.check(task.kind)
    _check_outputs(task, network, choices["model"])
    _check_loss(task, network, criterion, settings, rehearse)
    optimizer = optimizer_maker(settings.optimizer, where=f"optimizer={choices['optimizer']}")
    _check_optimizer(optimizer, settings)
    return Parts(task, network, criterion, optimizer)


def _head(settings: RunSettings) -> Head | None:
    target = settings.loss.head
    if target is None:
        return None
    where = f"loss={settings.choices['loss']}"
    head = make(target, where=where)
    if not isinstance(head, Head):
        raise UserError(
            f"{where}: loss.head={target.target} is not a head: derive it from losslab.tasks.heads.Head"
        )
    return head


def _network(settings: RunSettings, task: Task) -> nn.Module:
    """With its initial weights."""
    return build_network(
        settings.model,
        settings.activation,
        settings.init,
        task.input_shape,
        task.kind.output_features,
        settings.seed,
        inputs=lambda: task.splits["train"].sample(256)[0],
    )


def _check_optimizer(optimizer: MakeOptimizer, settings: RunSettings) -> None:
    """Makes the optimiser once for a dummy parameter, to find a wrong argument before training starts."""
    try:
        optimizer([nn.Parameter(torch.zeros(1))])
    except (TypeError, ValueError) as error:
        raise UserError(
            f"optimizer={settings.choices['optimizer']}: {settings.optimizer.target} could not be made: "
            f"{first_line(error)}"
        ) from error


def _check_outputs(task: Task, network: nn.Module, model_name: str) -> None:
    """Sends two samples through the network, to check shapes before training starts."""
    inputs, targets = task.splits["train"].sample(2)
    training = network.training
    network.eval()
    try:
        with torch.no_grad():
            outputs = network(inputs)
    except Exception as error:  # any exception of the user's own network
        raise UserError(
            f"model={model_name} does not take the inputs of task={task.name}, shape {task.input_shape}: "
            f"{first_line(error)}"
        ) from error
    network.train(training)
    expected = task.kind.output_shape(targets)
    if tuple(outputs.shape) != expected:
        raise UserError(
            f"model={model_name} gives outputs of shape {tuple(outputs.shape)} for two samples of "
            f"task={task.name}, which needs {expected}"
        )


def _check_loss(
    task: Task,
    network: nn.Module,
    criterion: Criterion | WeightedSum,
    settings: RunSettings,
    rehearse: bool,
) -> None:
    """Sends a small real batch through network and loss, to find misuse before training starts."""
    _, targets = task.splits["train"].sample(1)
    size = misuse.probe_size(task.kind.output_shape(targets)[1:], len(task.splits["train"]))
    inputs, targets = task.splits["train"].sample(size)
    outputs, targets = misuse.outputs_of(network, inputs), task.kind.encode(targets, criterion.form)
    name = settings.choices["loss"]
    if rehearse:
        rehearsal.rehearse(criterion, outputs, targets, name)
    misuse.check_batch(
        criterion,
        outputs,
        targets,
        name,
        settings=settings.loss,
        allow_misuse=settings.allow_misuse,
    )
