"""The wheel: installed elsewhere and run from an empty folder, every command works."""

import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.xdist_group("package")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True, timeout=240)
    (made,) = folder.glob("*.whl")
    return made


def test_the_wheel_carries_configs_experiments_and_the_sweeper(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    for folder, target in (("conf", "losslab/conf"), ("experiments", "losslab/experiments")):
        for path in (ROOT / folder).rglob("*.yaml"):
            assert f"{target}/{path.relative_to(ROOT / folder).as_posix()}" in names
    for page in ("claims.html.jinja", "claims.css"):
        assert f"losslab/report/claims/templates/{page}" in names
    assert "hydra_plugins/losslab_sweeper.py" in names
    assert "hydra_plugins/__init__.py" not in names  # a namespace that other plugins share


def test_installed_elsewhere_every_command_works_from_an_empty_folder(wheel, tmp_path):
    # Its own environment with only the wheel; what it depends on is borrowed from this one.
    venv.create(tmp_path / "env", symlinks=True, with_pip=False)
    (site,) = (tmp_path / "env").glob("lib/python*/site-packages")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    borrowed = [path for path in sys.path if path.endswith("site-packages")]
    (site / "borrowed.pth").write_text("\n".join(borrowed))
    empty = tmp_path / "empty"
    empty.mkdir()
    environment = {
        key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "LOSSLAB"))
    }

    def python(code, *arguments):
        done = subprocess.run(
            [str(tmp_path / "env/bin/python"), "-c", code, *arguments],
            cwd=empty,
            env={**environment, "CUDA_VISIBLE_DEVICES": ""},
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    where = Path(python("import losslab; print(losslab.__file__)").strip())
    assert site in where.parents
    losslab = "from losslab.cli.main import main; main()"
    printed = python(
        losslab, "-m", "+experiment=digits_quickstart", "seed=0", "trainer.max_epochs=1", "folder=out"
    )
    assert "4 runs in out" in printed
    report = "import sys; from losslab.cli.report import main; sys.exit(main())"
    assert "cross_entropy" in python(report, "out")
