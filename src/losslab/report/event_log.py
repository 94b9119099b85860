"""Writes scalars, text and pictures for TensorBoard without torch, whose import takes seconds.

The names and the written events are those of torch.utils.tensorboard.SummaryWriter.
https://docs.pytorch.org/docs/stable/tensorboard.html
"""

from __future__ import annotations

import io
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from matplotlib.figure import Figure
from PIL import Image
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary, SummaryMetadata
from tensorboard.compat.proto.tensor_pb2 import TensorProto
from tensorboard.compat.proto.tensor_shape_pb2 import TensorShapeProto
from tensorboard.plugins.custom_scalar import layout_pb2
from tensorboard.summary.writer.event_file_writer import EventFileWriter


class EventLog:
    """One event file in `folder`, open as long as the `with` block."""

    def __init__(self, folder: Path) -> None:
        self._writer = EventFileWriter(str(folder))

    def __enter__(self) -> EventLog:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.close()

    def add_scalar(self, tag: str, value: float, step: int) -> None:
        self._add(step, tag=tag, simple_value=float(value))

    def add_text(self, tag: str, text: str) -> None:
        """Text in Markdown."""
        shape = TensorShapeProto(dim=[TensorShapeProto.Dim(size=1)])
        self._add_string(f"{tag}/text_summary", "text", text.encode(), shape)

    def add_image(self, tag: str, png: bytes) -> None:
        width, height = Image.open(io.BytesIO(png)).size
        image = Summary.Image(height=height, width=width, colorspace=3, encoded_image_string=png)
        self._add(0, tag=tag, image=image)

    def add_figure(self, tag: str, figure: Figure) -> None:
        png = io.BytesIO()
        figure.savefig(png, format="png")
        self.add_image(tag, png.getvalue())

    def add_custom_scalars(self, layout: Mapping[str, Mapping[str, Sequence[Any]]]) -> None:
        """The page Custom Scalars: category -> title of a chart -> ["Margin" or "Multiline", tags]."""
        categories = [
            layout_pb2.Category(title=name, chart=[_chart(title, *chart) for title, chart in charts.items()])
            for name, charts in layout.items()
        ]
        text = layout_pb2.Layout(category=categories).SerializeToString()
        self._add_string("custom_scalars__config__", "custom_scalars", text, TensorShapeProto())

    def _add_string(self, tag: str, plugin: str, text: bytes, shape: TensorShapeProto) -> None:
        tensor = TensorProto(dtype="DT_STRING", string_val=[text], tensor_shape=shape)
        metadata = SummaryMetadata(plugin_data=SummaryMetadata.PluginData(plugin_name=plugin))
        self._add(0, tag=tag, tensor=tensor, metadata=metadata)

    def _add(self, step: int, **value: Any) -> None:
        summary = Summary(value=[Summary.Value(**value)])
        self._writer.add_event(Event(summary=summary, step=step, wall_time=time.time()))


def _chart(title: str, kind: str, tags: list[str]) -> layout_pb2.Chart:
    if kind == "Margin":
        series = layout_pb2.MarginChartContent.Series(value=tags[0], lower=tags[1], upper=tags[2])
        return layout_pb2.Chart(title=title, margin=layout_pb2.MarginChartContent(series=[series]))
    return layout_pb2.Chart(title=title, multiline=layout_pb2.MultilineChartContent(tag=tags))
