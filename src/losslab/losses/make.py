"""Makes a loss from a `_target_`: something that can be called with (prediction, target).

A class is instantiated; a plain function is used as it is, with its other arguments filled in.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Collection
from typing import Any

import torch
from hydra.utils import get_object
from torch import Tensor

from losslab.config.instantiation import make
from losslab.config.settings import Target
from losslab.errors import UserError, first_line
from losslab.losses.balance import BALANCED, TRAINING, balanced_weight, class_shares

# Arguments of losses that are tensors: `balanced`, a number or a list in the config.
_WEIGHTS = ("weight", "pos_weight")


def find_target(loss: Target, name: str) -> Any:
    """The class or function that `loss` names. Raises UserError if there is none."""
    if "." not in loss.target:
        raise UserError(
            f"loss={name}: loss.loss._target_={loss.target} is not a dotted path like my_losses.MyLoss"
        )
    try:
        return get_object(loss.target)
    except Exception as error:
        raise UserError(f"loss={name}: {loss.target} could not be found: {first_line(error)}") from error


def make_loss(
    settings: Target, name: str, form: str, encoded_targets: Callable[[], Tensor]
) -> Callable[[Tensor, Tensor], Tensor]:
    """The loss of a criterion.

    Args:
        settings: the class or function, and its arguments. A `balanced` weight and a `training`
            prior are computed from the training targets.
        form: in which the loss is given its targets.
        encoded_targets: all training targets in that form; called only if needed.

    Raises UserError if the class or function does not exist or does not take the arguments.
    """
    target = find_target(settings, name)
    weights = {
        key: _as_weight(settings.arguments[key], key, name, form, encoded_targets)
        for key in _WEIGHTS
        if key in settings.arguments
    }
    settings = settings.with_arguments(**weights)
    if settings.arguments.get("prior") == TRAINING:
        settings = settings.with_arguments(prior=class_shares(form, encoded_targets(), name))
    if is_loss_function(target, settings.arguments):
        as_dict = Target.of("builtins.dict", **{**settings.arguments, "_partial_": False})
        loss = functools.partial(target, **make(as_dict, where=f"loss={name}"))
    else:
        loss = make(settings, where=f"loss={name}")
    if not callable(loss):
        raise UserError(f"loss={name}: {settings.target} is not callable")
    return loss


def is_loss_function(target: Any, given: Collection[str]) -> bool:
    """Whether `target` is itself the loss, and not a class or a function that makes one.

    It is, if it still needs a prediction and a target once the arguments in `given` are filled in.
    """
    if inspect.isclass(target):
        return False
    try:
        parameters = inspect.signature(target).parameters.values()
    except ValueError:  # written in C
        return True
    waiting = [
        parameter
        for parameter in parameters
        if parameter.default is parameter.empty
        and parameter.name not in given
        and parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD)
    ]
    takes_any = any(parameter.kind is parameter.VAR_POSITIONAL for parameter in parameters)
    return len(waiting) >= 2 or takes_any


def _as_weight(value: Any, key: str, name: str, form: str, encoded_targets: Callable[[], Tensor]) -> Any:
    if value is None or isinstance(value, Tensor):
        return value
    if value == BALANCED:
        return balanced_weight(key, form, encoded_targets(), name)
    try:
        return torch.tensor(value, dtype=torch.float32)
    except (TypeError, ValueError):
        raise UserError(
            f"loss={name}: loss.loss.{key}={value} is wrong: give numbers, {BALANCED} or null"
        ) from None
