"""Segmentation: each pixel belongs to the object or not; raw outputs above 0 predict the object."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from torch import Tensor
from torch.nn.functional import max_pool2d
from torchmetrics import Metric, MetricCollection
from torchmetrics.classification import (
    BinaryAccuracy,
    BinaryCalibrationError,
    BinaryF1Score,
    BinaryJaccardIndex,
)
from torchmetrics.functional.image import total_variation

from losslab.config.settings import TaskSettings
from losslab.errors import UserError
from losslab.tasks.kinds.base import Kind, error_signs, refuse_options
from losslab.tasks.metrics import BoundaryF1, MeanErrorOf, MeanOf, converted, hard, squared_error
from losslab.tasks.pictures import mask_overlays
from losslab.tasks.sources import Raw


class Segmentation(Kind):
    """Targets: masks of 0 and 1, (N, 1, H, W) uint8. Raw outputs: (N, 1, H, W); sigmoid is the probability.

    Losses are fed (N, 1, H, W): `mask` is 0 and 1, `signed` is -1 and 1, for losses that compare raw outputs
    with targets, so that the decision threshold is 0 for them too.

    Metrics, pooled over all pixels of all images: intersection over union; at the end also Dice score,
    boundary F1 (within one pixel), pixel accuracy, and total variation of the predicted mask, that is the
    share of neighbouring pixels with different predictions; and of the pixels' probabilities expected
    calibration error (15 bins) and Brier score (0 to 1).
    """

    primary = "iou"
    higher_is_better = True
    output_features = 1
    target_forms: ClassVar = {
        "mask": lambda self, targets: targets.float(),
        "signed": lambda self, targets: targets.float().mul_(2).sub_(1),
    }
    pictures: ClassVar = {
        "masks": lambda self, inputs, outputs, targets: mask_overlays.draw(inputs, hard(outputs), targets),
    }

    @classmethod
    def from_config(cls, config: TaskSettings, raw: Raw) -> Segmentation:
        shape, image = tuple(raw.targets.shape[1:]), tuple(raw.input_at(0).shape)
        if len(image) != 3 or shape not in (image[1:], (1, *image[1:])):
            raise UserError(
                f"task.kind=segmentation needs images (C, H, W) and masks (H, W) or (1, H, W) of one size, "
                f"the data have {image} and {shape}"
            )
        if not bool(((raw.targets == 0) | (raw.targets == 1)).all()):
            raise UserError(
                f"task.kind=segmentation needs masks of 0 and 1, the data have values from "
                f"{raw.targets.min()} to {raw.targets.max()}"
            )
        return cls()

    def select(self, raw: Raw) -> Raw:
        raw.targets = raw.targets.byte().reshape(len(raw), 1, *raw.targets.shape[-2:])
        return raw

    def corrupt(self, targets: Tensor, options: Mapping[str, Any], generator: torch.Generator) -> Tensor:
        """Objects that reach `size` pixels further on all sides (positive), or less far (negative)."""
        refuse_options(options, "segmentation", "flip")
        size = options.get("size")
        if isinstance(size, bool) or not isinstance(size, int):
            raise UserError(
                f"task.corruption.size={size} is wrong: say by how many pixels masks are too large"
            )
        larger = (error_signs(options, len(targets), generator) > 0)[:, None, None, None]
        # where a mask shrinks, its background grows
        growing = torch.where(larger, targets, 1 - targets).half()
        grown = max_pool2d(growing, 2 * size + 1, stride=1, padding=size).to(targets.dtype)
        return torch.where(larger, grown, 1 - grown)

    def output_shape(self, targets: Tensor) -> tuple[int, ...]:
        return tuple(targets.shape)

    def metrics(self, final: bool) -> MetricCollection:
        chosen: dict[str, Metric] = {"iou": BinaryJaccardIndex(validate_args=False)}
        if final:
            chosen["dice"] = BinaryF1Score(validate_args=False)
            chosen["boundary_f1"] = BoundaryF1()
            chosen["pixel_accuracy"] = BinaryAccuracy(validate_args=False)
            chosen["total_variation"] = MeanOf(_share_of_edges)
        metrics: dict[str, Metric | MetricCollection] = {"masks": converted(chosen, hard, Tensor.long)}
        if final:
            probabilities: dict[str, Metric] = {
                "expected_calibration_error": BinaryCalibrationError(n_bins=15, validate_args=False),
                "brier_score": MeanErrorOf(squared_error),
            }
            metrics["probabilities"] = converted(
                probabilities, lambda outputs: outputs.float().sigmoid(), Tensor.long
            )
        return MetricCollection(metrics)


def _share_of_edges(masks: Tensor, _: Tensor) -> Tensor:
    """Share of neighbouring pixels that differ, (N, 1, H, W) to (N,)."""
    height, width = masks.shape[2:]
    neighbours = (height - 1) * width + height * (width - 1)
    return total_variation(masks.float(), reduction="none") / neighbours
