"""Maxout: the largest of some learned affine maps."""

from __future__ import annotations

from torch import Tensor, nn


class Maxout(nn.Module):
    """max over j of W_j·x + b_j, keeping the number of features n (dimension 1).

    A maxout layer of Goodfellow et al. 2013 (https://arxiv.org/abs/1302.4389) is the linear layer and its
    nonlinearity in one. Here it follows a layer that is already linear; the two together are maxout over
    affine maps of that layer's input, so any model takes it like any other activation. The price is
    pieces·n·(n + 1) weights of its own: count them when comparing with activations that have none. For
    images (N, C, H, W) it maps the channels of each pixel, like a 1×1 convolution.

    The number of features is learned from the first batch (torch.nn.LazyLinear).

    Args:
        pieces: k, at least 2.
    """

    def __init__(self, pieces: int = 2) -> None:
        super().__init__()
        if not isinstance(pieces, int) or pieces < 2:
            raise ValueError(f"pieces={pieces} must be a whole number of at least 2")
        self.maps = nn.ModuleList(_LazySquare() for _ in range(pieces))

    def forward(self, inputs: Tensor) -> Tensor:
        """(N, n, ...) to the same shape."""
        features = inputs.movedim(1, -1)
        largest = self.maps[0](features)
        for affine in self.maps[1:]:
            largest = largest.maximum(affine(features))
        return largest.movedim(-1, 1)


class _LazySquare(nn.LazyLinear):
    """As many outputs as inputs."""

    cls_to_become = nn.Linear

    def __init__(self) -> None:
        super().__init__(0)

    def initialize_parameters(self, input: Tensor) -> None:
        self.out_features = input.shape[-1]
        super().initialize_parameters(input)
