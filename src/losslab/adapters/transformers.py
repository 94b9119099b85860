"""For Hugging Face's Trainer: `Trainer(compute_loss_func=compute_loss_func(run), callbacks=[Watch(run)])`.

https://huggingface.co/docs/transformers/main_classes/trainer
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import Tensor, nn
from transformers import TrainerCallback

from losslab.own_training.run import Run

IGNORED = -100  # the label that transformers' losses leave out, as torch's cross-entropy does
_CURVES = ("loss", "learning_rate")


def compute_loss_func(run: Run) -> Callable[..., Tensor]:
    """The loss of `run` in the form that `Trainer(compute_loss_func=…)` takes.

    The loss gets the model's logits and the labels, flattened to (N, classes) and (N,) for classes: of a
    token model without the tokens labelled -100. Logits and labels of the same shape are passed as they are.
    It must return a mean. With gradient accumulation the mean is over all labels of the accumulated batches,
    as in transformers' own losses. A causal language model shifts its labels itself: do that in the loss.
    """

    def compute(outputs: Any, labels: Tensor, num_items_in_batch: Any = None) -> Tensor:
        logits = outputs["logits"] if isinstance(outputs, dict) else outputs.logits
        if labels.is_floating_point():  # values, or one of 0 and 1 a class
            logits = logits.reshape(labels.shape)
        else:
            logits, labels = logits.reshape(-1, logits.shape[-1]), labels.reshape(-1)
            logits, labels = logits[labels != IGNORED], labels[labels != IGNORED]
        loss = run.loss(logits, labels)
        return loss if num_items_in_batch is None else loss * labels.numel() / num_items_in_batch

    return compute


class Watch(TrainerCallback):
    """Takes down what the Trainer logs, and fingerprints of the initial weights and the first batches.

    Curves are the training loss, learning rate and "eval_" metrics, at the steps at which the Trainer logs
    (`logging_steps`, `eval_strategy`); the gradient's norm is measured by the Trainer.
    """

    def __init__(self, run: Run) -> None:
        self.run = run

    def on_train_begin(self, args: Any, state: Any, control: Any, **given: Any) -> None:
        model: nn.Module = given["model"]
        handle = model.register_forward_pre_hook(self._see, with_kwargs=True)
        self._stop = handle.remove

    def _see(self, model: nn.Module, inputs: tuple[Any, ...], named: dict[str, Any]) -> None:
        if model.training:
            self.run.fingerprint(model, [list(inputs), named])

    def on_log(
        self, args: Any, state: Any, control: Any, logs: dict[str, Any] | None = None, **given: Any
    ) -> None:
        logs = logs or {}
        curves = {key: value for key, value in logs.items() if key in _CURVES or key.startswith("eval_")}
        self.run.log(state.global_step, **curves)
        if "grad_norm" in logs:
            self.run.measure(state.global_step, "gradient_norm", {"all": float(logs["grad_norm"])})

    def on_train_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self._stop()
