#!/usr/bin/env python
"""Trains the seeds of one arm as one stacked model, and one after the other, and compares the times.

    scripts/stacked_seeds.py                          MLP and cnn, 1, 2, 4, 8 seeds, MNIST from $LOSSLAB_DATA
    scripts/stacked_seeds.py --models mlp --seeds 4

A prototype: losslab itself does not train like this. https://pytorch.org/tutorials/intermediate/ensembling.html
"""

from __future__ import annotations

import argparse
import copy
import statistics
import time
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call, grad_and_value, stack_module_state, vmap

from losslab.config.compose import compose_run
from losslab.models import build_network
from losslab.seeds import generator
from losslab.tasks import load_task

RATE = 0.05


def networks(model: str, seeds: int, task_name: str) -> tuple[list[nn.Module], Tensor, Tensor]:
    """One network a seed as losslab makes it, and the training data."""
    settings = compose_run(f"task={task_name}", f"model={model}")
    task = load_task(settings.task, settings.choices["task"])
    made = [
        build_network(
            settings.model,
            settings.activation,
            settings.init,
            task.input_shape,
            task.kind.output_features,
            seed,
        )
        for seed in range(seeds)
    ]
    return made, *task.splits["train"].sample(min(20_000, len(task.splits["train"])))


def batches(count: int, batch_size: int, steps: int, seed: int) -> Tensor:
    """(steps, batch size) indices of samples, in this seed's order."""
    order = torch.randperm(count, generator=generator(seed, "batches", 0))
    return order[: batch_size * steps].reshape(steps, batch_size)


def separate(nets: list[nn.Module], inputs: Tensor, targets: Tensor, orders: list[Tensor]) -> list[Any]:
    """Plain SGD, one seed after the other; the networks' final weights."""
    for net, order in zip(nets, orders, strict=True):
        optimizer = torch.optim.SGD(net.parameters(), lr=RATE)
        for index in order:
            loss = nn.functional.cross_entropy(net(inputs[index]), targets[index])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return [dict(net.named_parameters()) for net in nets]


def stacked(nets: list[nn.Module], inputs: Tensor, targets: Tensor, orders: list[Tensor]) -> list[Any]:
    """The same steps for all seeds at once; the final weights of each."""
    parameters, buffers = stack_module_state(nets)  # type: ignore[arg-type]
    parameters = {name: value.detach() for name, value in parameters.items()}
    base = copy.deepcopy(nets[0]).to("meta")

    def loss(weights: Any, states: Any, batch: Tensor, wanted: Tensor) -> Tensor:
        return nn.functional.cross_entropy(functional_call(base, (weights, states), (batch,)), wanted)

    step = vmap(grad_and_value(loss))
    for index in torch.stack(orders, dim=1):  # (seeds, batch size) a step
        gradients, _ = step(parameters, buffers, inputs[index], targets[index])
        for name, value in parameters.items():
            value.sub_(gradients[name], alpha=RATE)
    return [{name: value[place] for name, value in parameters.items()} for place in range(len(nets))]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--models", nargs="+", default=["mlp", "cnn"])
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 4, 8])
    parser.add_argument("--task", default="mnist", help="any multiclass task")
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", default="cpu")
    parser.add_argument(
        "--double", action="store_true", help="use float64: do both agree except for rounding?"
    )
    arguments = parser.parse_args()
    kind = torch.float64 if arguments.double else torch.float32
    torch.set_num_threads(arguments.threads)
    print("| model | seeds | separate (ms a step and seed) | stacked | speed-up | largest difference |")
    print("| :--- | ---: | ---: | ---: | ---: | ---: |")
    for model in arguments.models:
        for seeds in arguments.seeds:
            made, inputs, targets = networks(model, seeds, arguments.task)
            made = [net.to(arguments.device, kind) for net in made]
            inputs, targets = inputs.to(arguments.device, kind), targets.to(arguments.device)
            orders = [
                batches(len(inputs), 64, arguments.steps, seed).to(arguments.device) for seed in range(seeds)
            ]
            times: dict[str, list[float]] = {"separate": [], "stacked": []}
            difference = 0.0
            for turn in range(arguments.repeats + 1):
                ends = []
                for name, train in (("separate", separate), ("stacked", stacked)):
                    nets = [copy.deepcopy(net) for net in made]
                    started = time.perf_counter()
                    ends.append(train(nets, inputs, targets, orders))
                    if arguments.device == "cuda":
                        torch.cuda.synchronize()
                    if turn:
                        times[name].append(time.perf_counter() - started)
                difference = max(
                    float((one[name] - other[name]).detach().abs().max())
                    for one, other in zip(*ends, strict=True)
                    for name in one
                )
            one, other = (
                1000 * statistics.median(values) / arguments.steps / seeds for values in times.values()
            )
            print(f"| {model} | {seeds} | {one:.2f} | {other:.2f} | {one / other:.2f}× | {difference:.1e} |")


if __name__ == "__main__":
    main()
