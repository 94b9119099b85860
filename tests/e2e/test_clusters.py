"""Sweeps through the launchers for clusters, on this machine: pytest -m cluster (docs/clusters.md)."""

import json

import pytest
from hydra import compose, initialize_config_dir

from losslab.config.hydra_setup import package_folder

pytestmark = pytest.mark.cluster
SWEEP = ("-m", "seed=0,1", "trainer.max_epochs=1", "diagnostics=off", "pictures=null", "folder=sweep")


@pytest.mark.parametrize(
    ("package", "overrides"),
    [
        ("submitit", ("hydra/launcher=submitit_local", "hydra.launcher.timeout_min=5")),
        ("ray", ("hydra/launcher=ray_tasks", "+hydra.launcher.ray.init.num_cpus=2")),
    ],
)
def test_a_cluster_gives_what_one_process_gives(package, overrides, command, train, tmp_path):
    pytest.importorskip(package)
    done = command("losslab", *SWEEP, *overrides)
    assert done.returncode == 0, done.stderr
    left = [json.loads(path.read_text()) for path in sorted(tmp_path.glob("sweep/*/record.json"))]
    here = [train("trainer.max_epochs=1", "diagnostics=off", f"seed={seed}")[0] for seed in (0, 1)]
    assert [record["status"] for record in left] == ["finished", "finished"]
    assert [record["metrics"] for record in left] == [record.metrics for record in here]
    assert (tmp_path / "sweep" / "comparison.csv").exists()


def test_slurm_gets_our_defaults():
    pytest.importorskip("hydra_plugins.hydra_submitit_launcher")
    with initialize_config_dir(str(package_folder("conf")), version_base="1.3"):
        cfg = compose("config", overrides=["hydra/launcher=slurm"], return_hydra_config=True)
    assert cfg.hydra.launcher._target_.endswith("SlurmLauncher")
    assert cfg.hydra.launcher.cpus_per_task == 1
    assert cfg.hydra.launcher.array_parallelism == 64
