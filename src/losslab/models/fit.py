"""Which models take a task's inputs and give its outputs: checked before anything is built or trained."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from hydra.utils import get_method

from losslab.config import catalogue
from losslab.config.hydra_setup import package_folder
from losslab.config.settings import Target
from losslab.errors import UserError

if TYPE_CHECKING:
    from losslab.tasks import Task

VECTOR, IMAGE = "vector", "image"
_WORDS = {
    VECTOR: "one vector (N, K)",
    IMAGE: "images (N, C, H, W)",
}
Function = TypeVar("Function", bound=Callable[..., Any])


def takes(inputs: str | None, gives: str) -> Callable[[Function], Function]:
    """Decorator for a model's function: declares the shapes that it takes and gives.

    Args:
        inputs: "image" for (N, C, H, W); None for any shape (N, ...).
        gives: "vector" for (N, K), "image" for one output per pixel, (N, K, H, W).
    """

    def mark(function: Function) -> Function:
        function.takes, function.gives = inputs, gives  # type: ignore[attr-defined]
        return function

    return mark


def check_fit(model: Target, name: str, task: Task) -> None:
    """Raises UserError, with the models that fit, where the model is made for other inputs or outputs.

    The user's own model may declare nothing; then only its outputs are checked, once it is built.
    """
    function = _function(model.target)
    sample = task.splits["train"].sample(1)[1]
    output = task.kind.output_shape(sample)[1:]
    if _fits(function, task.input_shape, output):
        return
    wanted = IMAGE if len(output) == 3 else VECTOR
    if function.gives != wanted:
        reason = f"model={name} gives {_WORDS[function.gives]}, but task={task.name} needs {_WORDS[wanted]}"
    else:
        reason = (
            f"model={name} takes images (N, C, H, W), but an input of task={task.name} has {task.input_shape}"
        )
    fitting = [fits for fits, other in _packaged() if _fits(other, task.input_shape, output)]
    raise UserError(f"{reason}: choose model={' or '.join(fitting)}")


def _fits(function: Any, input_shape: tuple[int, ...], output_shape: tuple[int, ...]) -> bool:
    if not hasattr(function, "gives"):
        return True
    takes_it = function.takes is None or len(input_shape) == 3
    return takes_it and function.gives == (IMAGE if len(output_shape) == 3 else VECTOR)


def _packaged() -> list[tuple[str, Any]]:
    """Name and function of each model in conf/model."""
    folders = [package_folder("conf")]
    names = catalogue.names("model", folders)
    return [(name, _function(catalogue.load("model", name, folders)["_target_"])) for name in names]


def _function(path: str) -> Any:
    try:
        return get_method(path)
    except Exception as error:
        raise UserError(f"model={path} could not be imported: {str(error).splitlines()[0]}") from None
