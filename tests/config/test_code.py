"""The code of a loss, model or data source belongs to the identity by what it does, whoever wrote it."""

import shutil
import sys
from pathlib import Path

import pytest

from losslab.config import code
from losslab.config.compose import compose_run
from losslab.config.identity import identities

LOSS = """
import torch
{imports}
class Mine(torch.nn.Module):
    def forward(self, prediction, target):
        return {formula}
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A working folder whose modules can be imported, as in `losslab`."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    code.of_module.cache_clear()
    yield tmp_path
    code.of_module.cache_clear()


@pytest.fixture(scope="module")
def own():
    return compose_run(*OWN)


@pytest.fixture
def ids(composed, folder):
    """Identities as another process would see them."""

    def of(*overrides):
        code.of_module.cache_clear()
        return identities(composed(*overrides))

    return of


def seen(settings):
    """Their identities as another process would see them, without composing them again."""
    code.of_module.cache_clear()
    return identities(settings)


def write(file, formula="(prediction - target).abs().mean()", imports=""):
    file.write_text(LOSS.format(formula=formula, imports=imports))


OWN = ("loss=custom", "loss.loss._target_=own_loss_of_a_test.Mine")


def test_an_edited_loss_is_another_arm_of_the_same_task(ids, folder):
    file = folder / "own_loss_of_a_test.py"
    write(file)
    first = ids(*OWN)
    assert ids(*OWN) == first
    write(file, "(prediction - target).square().mean()")
    second = ids(*OWN)
    assert second["identity"] != first["identity"]
    assert second["arm_identity"] != first["arm_identity"]
    assert second["task_identity"] == first["task_identity"]
    write(file)
    assert ids(*OWN) == first


def test_what_a_loss_imports_from_beside_it_counts_and_other_files_do_not(ids, folder):
    write(folder / "own_loss_of_a_test.py", imports="from helper_of_a_test import scale")
    helper = folder / "helper_of_a_test.py"
    helper.write_text("import deeper_helper_of_a_test\nscale = 1\n")
    (folder / "deeper_helper_of_a_test.py").write_text("import own_loss_of_a_test  # a circle\n")
    first = ids(*OWN)
    (folder / "another.py").write_text("scale = 2\n")
    assert ids(*OWN) == first
    helper.write_text("import deeper_helper_of_a_test\nscale = 2\n")
    second = ids(*OWN)
    assert second != first
    (folder / "deeper_helper_of_a_test.py").write_text("changed = 1\n")
    assert ids(*OWN) != second


def test_a_package_counts_with_all_its_code(ids, folder):
    package = folder / "package_of_a_test"
    package.mkdir()
    (package / "__init__.py").write_text("")
    write(package / "losses.py")
    own = ("loss=custom", "loss.loss._target_=package_of_a_test.losses.Mine")
    first = ids(*own)
    (package / "notes.txt").write_text("not code")
    assert ids(*own) == first
    (package / "helpers.py").write_text("x = 1\n")
    assert ids(*own) != first


@pytest.mark.parametrize(
    ("statement", "file"),
    [
        ("import importlib; importlib.import_module('late_of_a_test')", "late_of_a_test.py"),
        ("from importlib import import_module; import_module('late_of_a_test')", "late_of_a_test.py"),
        ("from folder_of_a_test.inner import scale", "folder_of_a_test/inner.py"),
        ("from folder_of_a_test import inner", "folder_of_a_test/inner.py"),
        ("HELPER = 'folder_of_a_test/by_path.py'", "folder_of_a_test/by_path.py"),
    ],
)
def test_a_helper_counts_however_it_is_imported(own, folder, statement, file):
    write(folder / "own_loss_of_a_test.py", imports=statement)
    (folder / "folder_of_a_test").mkdir()
    (folder / file).write_text("scale = 1\n")
    first = seen(own)
    (folder / file).write_text("scale = 2\n")
    assert seen(own) != first


def test_code_that_is_no_target_counts_too(composed, folder):
    """A kind of target, and a function named in an argument."""
    file = folder / "named_of_a_test.py"
    kind = ("task=custom", "task.kind=named_of_a_test.Mine", "task.source._target_=os.getcwd")
    by_path = (
        "loss=custom",
        "loss.loss._target_=hydra.utils.get_method",
        "+loss.loss.path=named_of_a_test.f",
    )
    file.write_text("scale = 1\n")
    both = composed(*kind), composed(*by_path)
    first = [seen(settings) for settings in both]
    file.write_text("scale = 2\n")
    second = [seen(settings) for settings in both]
    assert second[0]["task_identity"] != first[0]["task_identity"]
    assert second[1]["arm_identity"] != first[1]["arm_identity"]
    assert second[1]["task_identity"] == first[1]["task_identity"]


def test_a_file_that_a_users_loss_reads_counts_and_what_a_librarys_is_told_is_plain(composed, folder):
    write(folder / "own_loss_of_a_test.py")
    (folder / "mean").write_text("1")
    mine, of_torch = composed(*OWN, "+loss.loss.weights=mean"), composed("loss=mse")
    assert of_torch.loss.loss.arguments["reduction"] == "mean"
    first = seen(mine), seen(of_torch)
    (folder / "mean").write_text("2")
    assert seen(mine)["arm_identity"] != first[0]["arm_identity"]
    assert seen(of_torch) == first[1]


def test_an_edited_data_source_is_another_task(ids, folder):
    own = ("task=custom", "task.kind=multiclass", "task.source._target_=data_of_a_test.load")
    file = folder / "data_of_a_test.py"
    file.write_text("def load(): return 1\n")
    first = ids(*own)
    file.write_text("def load(): return 2\n")
    assert ids(*own)["task_identity"] != first["task_identity"]


def test_what_is_installed_or_missing_or_broken_has_no_code_of_ones_own(folder):
    assert code.of_config({"a": [{"_target_": "torch.nn.L1Loss"}, {"_target_": "losslab.seeds.x"}]}) == {}
    assert code.of_config({"_target_": "math.sqrt"}) == {}
    assert code.of_config({"_target_": "not_there_of_a_test.Mine"}) == {}
    (folder / "broken_of_a_test.py").write_text("def (")
    assert list(code.of_config({"_target_": "broken_of_a_test.Mine"})) == ["broken_of_a_test"]


def test_a_process_keeps_what_it_saw_first_because_it_has_imported_that(composed, folder):
    file = folder / "own_loss_of_a_test.py"
    write(file)
    first = identities(composed(*OWN))
    write(file, "(prediction - target).square().mean()")
    assert identities(composed(*OWN)) == first
    assert "own_loss_of_a_test" not in sys.modules


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A copy of losslab's code to edit; the running one stays."""
    home = tmp_path / "losslab"
    shutil.copytree(Path(code.__file__).parents[1], home, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(code, "_HOME", home)
    return home


FOCAL = ("loss=focal_multiclass",)


@pytest.mark.parametrize(
    ("module", "overrides", "changed"),
    [
        ("losses/focal.py", FOCAL, {"identity", "arm_identity"}),
        ("losses/reduction.py", FOCAL, {"identity", "arm_identity"}),
        ("losses/brier.py", FOCAL, set()),
        ("models/mlp.py", (), {"identity", "arm_identity"}),
        ("models/cnn.py", (), set()),
        ("models/lsuv.py", ("init=lsuv",), {"identity", "arm_identity"}),
        ("models/maxout.py", ("activation=maxout",), {"identity", "arm_identity"}),
        ("tasks/sources/scikit_learn.py", (), {"identity", "arm_identity", "task_identity"}),
        ("tasks/sources/raw.py", (), {"identity", "arm_identity", "task_identity"}),
        ("look/diagnostics/layers.py", ("diagnostics=full",), set()),
    ],
)
def test_an_edited_module_of_the_package_makes_its_runs_other_runs(ids, package, module, overrides, changed):
    before = ids(*overrides)
    file = package / module
    file.write_text(file.read_text() + "\n_ADDED = 1\n")
    after = ids(*overrides)
    assert {name for name in before if before[name] != after[name]} == changed


def test_comments_docstrings_and_layout_may_change(ids, package, folder):
    write(folder / "own_loss_of_a_test.py")
    before = ids(*FOCAL), ids(*OWN)
    for file in (package / "losses" / "focal.py", folder / "own_loss_of_a_test.py"):
        text = file.read_text().replace("    def ", "\n    # a comment\n    def ")
        file.write_text(text.replace('    """(1 - p_y)', '    """Otherwise described: (1 - p_y)'))
    assert "Otherwise" in (package / "losses" / "focal.py").read_text()
    assert (ids(*FOCAL), ids(*OWN)) == before


def test_a_users_loss_counts_with_the_losses_of_the_package_that_it_uses(ids, package, folder):
    write(folder / "own_loss_of_a_test.py", imports="from losslab.losses.focal import MulticlassFocal")
    before = ids(*OWN)
    file = package / "losses" / "reduction.py"
    file.write_text(file.read_text() + "\n_ADDED = 1\n")
    assert ids(*OWN) != before


def test_a_checks_code_is_its_file_its_neighbours_and_what_they_import_from_the_package(package, folder):
    check, helper = folder / "check_of_a_test.py", folder / "helper_of_a_test.py"
    check.write_text("from helper_of_a_test import x\n")
    helper.write_text("from losslab.claims.tools.networks import network\nx = 1\n")
    (folder / "other_of_a_test.py").write_text("x = 1\n")
    before = code.of_file(check)
    (folder / "other_of_a_test.py").write_text("x = 2\n")
    assert code.of_file(check) == before
    for file in (package / "claims/tools/networks.py", package / "models/build.py", helper):
        file.write_text(file.read_text() + "\n_ADDED = 1\n")
        after = code.of_file(check)
        assert after != before
        before = after
