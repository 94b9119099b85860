"""What the command shows before it trains: help, the config, completion; and that all of it is quick."""

import subprocess
import sys


def test_help_names_every_group_and_shows_examples(installed):
    done = installed("losslab", "--help")
    assert done.returncode == 0
    for words in (
        "loss: ",
        "digits, ",
        "experiment: ",
        "losslab -m loss=cross_entropy,mse seed=0,1,2",
        "--config-dir",
    ):
        assert words in done.stdout


def test_cfg_job_shows_the_run(installed, tmp_path):
    done = installed("losslab", "--cfg", "job", "loss=mse", "seed=3")
    assert "_target_: torch.nn.MSELoss" in done.stdout
    assert "seed: 3" in done.stdout
    assert not (tmp_path / "runs").exists()


def test_completion_knows_losses_and_keys(installed):
    def complete(line):
        done = installed("losslab", "-sc", "query=bash", COMP_LINE=line, COMP_POINT=str(len(line)))
        return done.stdout.split()

    assert {"loss=mse", "loss=mse_softmax", "loss=mse_sigmoid"} <= set(complete("losslab loss=mse"))
    assert any(word.startswith("trainer.max_epochs") for word in complete("losslab trainer.max"))
    assert "+experiment=digits_quickstart" in complete("losslab +experiment=dig")


def test_help_imports_nothing_heavy():
    code = (
        "import sys; sys.argv = ['losslab', '--help']\n"
        "from losslab.cli.main import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "heavy = {'torch', 'pytorch_lightning', 'pandas', 'sklearn', 'matplotlib'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_losslab_report_help(installed):
    done = installed("losslab-report", "--help")
    assert done.returncode == 0
    assert "FOLDER" in done.stdout
