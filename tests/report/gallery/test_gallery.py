"""The gallery's page, its figures in TensorBoard, and the generated page of docs."""

import re
from pathlib import Path

import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from losslab.cli.gallery import main
from losslab.config import catalogue
from losslab.config.hydra_setup import package_folder
from losslab.config.settings import Target
from losslab.report.gallery.curves import activation_picture, loss_picture
from losslab.report.gallery.figures import file_svg
from losslab.soundness.compose import compose_subject

DOCS = Path(__file__).parents[3] / "docs"
CONF = [package_folder("conf")]


def test_curves_are_the_loss_and_its_derivative():
    curve = loss_picture(compose_subject("huber")).curves[0]
    expected = torch.where(curve.x.abs() <= 1, curve.x**2 / 2, curve.x.abs() - 0.5)
    assert torch.allclose(curve.value, expected)
    assert torch.allclose(curve.derivative, curve.x.clamp(-1, 1))


def test_binary_losses_have_a_line_for_each_target():
    positive, negative = loss_picture(compose_subject("bce_with_logits")).curves
    assert torch.allclose(positive.value, torch.nn.functional.softplus(-positive.x))
    assert torch.allclose(negative.derivative, torch.sigmoid(negative.x))


def test_multiclass_losses_are_drawn_over_ten_classes():
    curve = loss_picture(compose_subject("cross_entropy")).curves[0]
    assert torch.allclose(curve.value, torch.log(9 + curve.x.exp()) - curve.x)


@pytest.mark.parametrize("name", ["relu", "prelu", "maxout", "hardswish"])
def test_activation_curves(name):
    target = Target.model_validate(catalogue.load("activation", name, CONF))
    curve = activation_picture(name, target).curves[0]
    slopes = curve.value.diff() / curve.x.diff()
    middle = (curve.derivative[1:] + curve.derivative[:-1]) / 2
    assert (slopes - middle).abs().median() < 1e-3


def test_page_holds_everything_and_follows_the_readers_colours(tmp_path, capsys):
    assert main(["mse", "bce", "relu", "--output", str(tmp_path / "out")]) == 0
    assert str(tmp_path / "out" / "gallery.html") in capsys.readouterr().out
    page = (tmp_path / "out" / "gallery.html").read_text()
    assert page.count("<svg ") == 6
    assert "currentColor" in page
    assert "prefers-color-scheme: dark" in page
    assert not re.search(r'(src|href)="(https?:)?//[^"]*\.(js|css|png|svg)"|<script|<img', page)
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    events = EventAccumulator(str(tmp_path / "out"))
    events.Reload()
    assert set(events.Tags()["images"]) == {"loss/mse", "loss/bce", "activation/relu"}


def test_a_persons_own_loss_is_drawn(tmp_path, monkeypatch):
    (tmp_path / "loss").mkdir()
    (tmp_path / "loss" / "mine.yaml").write_text(
        "# My loss & others'.\n"
        "loss: {_target_: torch.nn.L1Loss}\noutput_activation: identity\ntargets: values\n"
    )
    assert main(["mine", "--config-dir", str(tmp_path), "--output", str(tmp_path / "out")]) == 0
    page = (tmp_path / "out" / "gallery.html").read_text()
    assert "My loss &amp; others" in page


@pytest.mark.parametrize("arguments", [["no_such_loss"], ["mse", "--config-dir", "/no/such/folder"]])
def test_bad_input_is_one_sentence(arguments, tmp_path, capsys):
    assert main([*arguments, "--output", str(tmp_path / "out")]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_docs_have_every_loss_as_its_file_describes_it():
    page = (DOCS / "losses.md").read_text()
    for name in catalogue.names("loss", CONF):
        if name in ("custom", "sum"):
            continue
        text = catalogue.description(catalogue.find("loss", name, CONF))
        assert f"### {name}\n" in page, f"{name} is missing: run python scripts/loss_docs"
        for part in ("what", "formula", "use", "avoid", "source"):
            assert text[part] in page, f"{part} of {name} has changed: run python scripts/loss_docs"
        assert (DOCS / "images" / "losses" / f"{name}.svg").is_file()


def test_pictures_of_docs_are_small_and_repeatable():
    sizes = [path.stat().st_size for path in (DOCS / "images" / "losses").glob("*.svg")]
    assert sum(sizes) < 25_000 * len(sizes)
    picture = loss_picture(compose_subject("mse"))
    assert file_svg(picture) == file_svg(picture)
