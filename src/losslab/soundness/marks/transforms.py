"""Whether torch's own transformations accept the loss: torch.compile and torch.func.vmap."""

from __future__ import annotations

import shutil
import warnings

import torch

from losslab.soundness.mark import NOT_APPLICABLE, SOUND, UNSOUND, WEAK, error_line, mark
from losslab.soundness.subject import Subject


@mark("torch.compile")
def compiled(subject: Subject) -> tuple[str, str]:
    """Traced as one graph, forward and backward, by the backend aot_eager, which needs no compiler.

    https://pytorch.org/docs/stable/torch.compiler.html
    """
    return _compiled(subject, "aot_eager")


@mark("torch.compile to machine code", when="request")
def compiled_to_machine_code(subject: Subject) -> tuple[str, str]:
    """The same by the default backend, inductor, which needs a C++ compiler and some seconds."""
    if not any(shutil.which(name) for name in ("c++", "g++", "clang++", "cl")):
        return NOT_APPLICABLE, "there is no C++ compiler"
    return _compiled(subject, "inductor")


def _compiled(subject: Subject, backend: str) -> tuple[str, str]:
    targets, outputs = subject.targets(), subject.kind.outputs()
    encoded = subject.encoded(targets)
    eager = subject.criterion()
    torch._dynamo.reset()
    leaf, copy = outputs.clone().requires_grad_(), outputs.clone().requires_grad_()
    expected = eager(leaf, encoded)
    expected.backward()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            value = torch.compile(eager, backend=backend, fullgraph=True)(copy, encoded)
            value.backward()
    except Exception as error:
        return WEAK, f"{backend}: not one graph: {error_line(error)}"
    finally:
        torch._dynamo.reset()
    assert leaf.grad is not None and copy.grad is not None
    difference = max(
        abs(float(value.detach() - expected.detach())), float((leaf.grad - copy.grad).abs().max())
    )
    good = difference <= 1e-5 * max(1.0, abs(float(expected.detach())))
    return (SOUND if good else UNSOUND), f"{backend}, one graph; differs by {difference:.1g}"


@mark("torch.func.vmap")
def vmapped(subject: Subject) -> tuple[str, str]:
    """One gradient per sample by vmap(grad(loss)), against a loop over samples.

    https://pytorch.org/docs/stable/generated/torch.func.vmap.html
    """
    targets, outputs = subject.targets(), subject.kind.outputs()
    encoded = subject.encoded(targets)
    criterion = subject.criterion()

    def one(sample: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        return criterion(sample[None], target[None])

    try:
        loop = torch.stack(
            [torch.func.grad(one)(sample, of) for sample, of in zip(outputs, encoded, strict=True)]
        )
        together = torch.func.vmap(torch.func.grad(one))(outputs, encoded)
    except Exception as error:
        return WEAK, error_line(error)
    difference = float((together - loop).abs().max())
    return (SOUND if difference <= 1e-5 else UNSOUND), f"differs from a loop by {difference:.1g}"
