"""What a config may hold: each wrong value is one sentence, and what was meant is what is used."""

import json

import pytest
from hydra.errors import HydraException
from omegaconf import OmegaConf

from losslab.config import settings
from losslab.config.settings import RunSettings, SumSettings, Target, validated
from losslab.errors import UserError
from losslab.judgement.rows import Margin

FLAGS = [
    *("read_test", "retry_failed", "fail_fast", "deterministic", "allow_misuse"),
    *("trainer.checkpoint", "trainer.channels_last", "task.in_memory"),
]


def at(found, key):
    for part in key.split("."):
        found = getattr(found, part)
    return found


@pytest.mark.parametrize("word", ["no", "off", "Off", "'false'", "false"])
def test_words_for_no_mean_no(composed, word):
    found = composed(*(f"{key}={word}" for key in FLAGS))
    assert [at(found, key) for key in FLAGS] == [False] * len(FLAGS)
    assert found.plain()["read_test"] is found.plain()["trainer"]["checkpoint"] is False


@pytest.mark.parametrize("word", ["yes", "on", "ON", "'true'", "true"])
def test_words_for_yes_mean_yes(composed, word):
    found = composed(*(f"{key}={word}" for key in FLAGS))
    assert [at(found, key) for key in FLAGS] == [True] * len(FLAGS)


@pytest.mark.parametrize("key", FLAGS)
def test_anything_else_is_neither_yes_nor_no(composed, key):
    with pytest.raises(UserError, match=rf"^{key}=maybe is wrong: give true or false$"):
        composed(f"{key}=maybe")


@pytest.mark.parametrize("value", ["1", "0", "null", "y", "[true]"])
def test_nor_are_numbers_and_null(composed, value):
    with pytest.raises(UserError, match=r"^read_test=.* is wrong: give true or false$"):
        composed(f"read_test={value}")


@pytest.mark.parametrize("key", ["quick", "quiet", "retry_failed"])
def test_what_only_a_command_is_told_is_checked_too(composed, key):
    with pytest.raises(UserError, match=f"^{key}=maybe is wrong: give true or false$"):
        composed(f"{key}=maybe")
    composed(f"{key}=no")
    decide = {"margin": None, "reference": None, "stages": [2, 3]}
    told = {"quick": "no", "quiet": "off", "retry_failed": "No", "decide": decide}
    command = settings.read_command(OmegaConf.create(told))
    assert getattr(command, key) is False


@pytest.mark.parametrize(
    ("key", "written", "number"),
    [
        ("trainer.eval_every", "100.0", 100),
        ("trainer.max_epochs", "1.0", 1),
        ("trainer.batch_size", "1e2", 100),
        ("task.recipe.batch_size", "16.0", 16),
        ("task.split.test", "300.0", 300),
        ("seed", "3.0", 3),
        ("pictures", "2.0", 2),
    ],
)
def test_a_float_without_a_fraction_is_a_whole_number(composed, key, written, number):
    found = at(composed(f"{key}={written}"), key)
    assert found == number
    assert type(found) is int


@pytest.mark.parametrize(
    ("override", "sentence"),
    [
        (
            "trainer.batch_size='32'",
            "trainer.batch_size='32' is wrong: give a whole number from 1, without quotes",
        ),
        ("trainer.max_epochs=1.5", "trainer.max_epochs=1.5 is wrong: give a whole number from 1"),
        ("trainer.batch_size=true", "trainer.batch_size=true is wrong: give a whole number from 1"),
        ("trainer.eval_every=0", "trainer.eval_every=0 is wrong: give a whole number from 1"),
        ("trainer.log_every=1e30", "trainer.log_every=1e\\+30 is wrong: give a whole number from 1"),
        ("trainer.num_workers=-1", "trainer.num_workers=-1 is wrong: give a whole number from 0"),
        ("seed=true", "seed=true is wrong: give a whole number from 0 to 4294967295"),
        ("seed=4294967296", "seed=4294967296 is wrong"),
        ("pictures=none", "pictures=none is wrong: give a whole number from 0 to 1000, or null for none"),
        ("task.num_classes=1", "task.num_classes=1 is wrong: give a whole number from 2"),
        ("task.split.seed=true", "task.split.seed=true is wrong"),
        ("task.split.validation=true", "task.split.validation=true is wrong: give a share between 0 and 1"),
        ("task.split.validation=1.5", "task.split.validation=1.5 is wrong: give a share between 0 and 1"),
        ("task.split.validation=0", "task.split.validation=0 is wrong"),
        ("task.split.test='0.2'", "task.split.test='0.2' is wrong: .*, without quotes"),
        ("task.corruption.share=yes", "task.corruption.share=yes is wrong: give a share"),
        ("task.targets=[0.9,true]", "task.targets=.* is wrong: give a list of metric values"),
        (
            "trainer.gradient_clip.norm=0",
            "trainer.gradient_clip.norm=0 is wrong: give a number above 0",
        ),
        ("trainer.gradient_clip.value=true", "trainer.gradient_clip.value=true is wrong"),
    ],
)
def test_numbers_are_numbers(composed, override, sentence):
    with pytest.raises(UserError, match=f"^{sentence}"):
        composed(override)


@pytest.mark.parametrize("value", ["nan", "inf", "-inf"])
def test_nan_and_infinity_are_refused(composed, value):
    with pytest.raises(UserError, match=f"^optimizer.lr={value} is wrong: give a finite number$"):
        composed(f"optimizer.lr={value}")


@pytest.mark.parametrize(
    "key",
    [
        *("trainer.batch_size", "trainer.gradient_clip.norm", "seed", "task.corruption.share", "pictures"),
        *("optimizer.weight_decay", "loss.loss.label_smoothing", "+task.source.noise"),
    ],
)
def test_nan_is_refused_everywhere(composed, key):
    with pytest.raises(UserError, match=rf"^{key.lstrip('+')}=nan is wrong: give a finite number$"):
        composed(f"{key}=nan")


def test_nan_inside_a_list_is_found(composed):
    with pytest.raises(UserError, match=r"^optimizer.betas\[1\]=nan is wrong: give a finite number$"):
        composed("optimizer.betas=[0.9,nan]")
    with pytest.raises(UserError, match=r"^loss.terms\[1\].weight=nan is wrong"):
        composed("loss=sum", "loss.terms=[{loss: mse}, {loss: l1, weight: nan}]")


@pytest.mark.parametrize("rate", ["abc", "0", "-0.1", "true", "null", "[0.1]", "'0.1'"])
def test_a_learning_rate_that_cannot_be_one_starts_no_run(composed, rate):
    with pytest.raises(UserError, match=r"^optimizer.lr=.* is wrong: give a number above 0$"):
        composed(f"optimizer.lr={rate}")


def test_an_optimiser_may_be_left_its_own_learning_rate(composed):
    assert composed("~optimizer.lr").optimizer.learning_rate is None


@pytest.mark.parametrize(
    ("override", "sentence"),
    [
        (
            "+trainer.max_epoch=3",
            r"trainer.max_epoch is not a key .*did you mean trainer.max_epochs\?",
        ),
        ("+task.scalling=standardise", r"task.scalling is not a key .*did you mean task.scaling\?"),
        ("+loss.target=one_hot", r"loss.target is not a key .*did you mean loss.targets\?"),
        ("+init.weights=null", r"init.weights is not a key .*did you mean init.weight\?"),
        ("+read_tests=no", r"read_tests is not a key of this config: .*did you mean read_test\?"),
        (
            "+diagnostics.callback={}",
            r"diagnostics.callback is not a key .*mean diagnostics.callbacks\?",
        ),
    ],
)
def test_an_unknown_key_is_refused_with_the_nearest_right_one(composed, override, sentence):
    with pytest.raises(UserError, match=f"^{sentence}"):
        composed(override)


@pytest.mark.parametrize(
    ("override", "sentence"),
    [
        ("loss.loss=3", "loss.loss=3 is wrong: it is a section"),
        ("init.weight=zeros", "init.weight=zeros is wrong: it is a section"),
        ("+diagnostics.callbacks.mine=3", "diagnostics.callbacks.mine=3 is wrong"),
        ("trainer.accelerator=3", "trainer.accelerator=3 is wrong: give text"),
        ("optimizer._target_=[1]", r"optimizer._target_=\[1\] is wrong: give the dotted path"),
        ("~model._target_", "model=mlp has no _target_: give the dotted path of a class or function"),
        ("+loss.misuse=oops", "loss.misuse=oops is wrong: choose one of on_purpose"),
        (
            "trainer.matmul_precision=top",
            "trainer.matmul_precision=top is wrong: choose one of highest",
        ),
        ("loss.targets=3", "loss.targets=3 is wrong: give the form"),
        ("task.scaling.std=0", "task.scaling=.* is wrong: give {mean: 0.5, std: 0.5}, standardise or null"),
    ],
)
def test_what_a_section_holds(composed, override, sentence):
    with pytest.raises(UserError, match=f"^{sentence}"):
        composed(override)


def test_no_config_of_the_package_is_changed_by_being_read(composed):
    found = composed("task=csv", "task.kind=regression", "task.source.path=a.csv", "task.source.target=price")
    plain = found.plain()
    assert plain["task"]["source"]["target"] == "price"  # an argument of that name is not the target itself
    assert found.task.source.target == "losslab.tasks.sources.table.csv"
    assert "choices" not in plain
    assert validated(RunSettings, plain).plain() == plain
    assert json.loads(json.dumps(plain)) == plain


def test_an_int_stays_an_int_and_a_float_a_float(composed):
    clip = composed("trainer.gradient_clip.norm=1", "trainer.gradient_clip.value=1.0").plain()["trainer"]
    assert json.dumps(clip["gradient_clip"]) == '{"norm": 1, "value": 1.0}'


def test_the_choices_travel_with_the_settings(composed):
    found = composed("loss=mse", "task=diabetes", "loss.targets=values")
    assert (found.choices["loss"], found.choices["task"]) == ("mse", "diabetes")


def test_a_sum_and_a_single_loss_have_parts(composed):
    total = composed("loss=sum", "loss.terms=[{loss: mse, weight: 2}, {loss: l1}]").loss
    assert isinstance(total, SumSettings)
    assert [part.loss.target for part in total.parts] == ["torch.nn.MSELoss", "torch.nn.L1Loss"]
    single = composed("loss=mse", "loss.targets=one_hot").loss
    assert list(single.parts) == [single]
    assert single.forms == ["one_hot"]


def test_settings_are_not_changed_in_place(composed):
    found = composed()
    with pytest.raises(ValueError, match="frozen"):
        found.trainer.batch_size = 5
    target = Target.of("torch.nn.ELU", alpha=1.0)
    assert target.with_arguments(alpha=2.0).plain() == {"_target_": "torch.nn.ELU", "alpha": 2.0}
    assert target.arguments == {"alpha": 1.0}


def test_a_kind_of_ones_own_may_have_options(composed):
    assert composed("+task.options.rate=3").task.options == {"rate": 3}


def test_read_test_no_leaves_the_test_data_unread(train):
    record, _ = train("read_test=no", "trainer.max_epochs=1", "trainer.eval_every=100.0")
    assert record.status == "finished", record.error
    assert "test" not in record.metrics
    assert record.config["read_test"] is False
    assert record.config["trainer"]["eval_every"] == 100


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ("decide.margin=-1", "decide.margin=-1 is wrong: give a number above 0 in the metric's unit"),
        ("decide.margin=much", "decide.margin=much is wrong"),
        ("decide.margin=true", "decide.margin=true is wrong"),
        ("decide.stages=[8,8]", "is wrong: give rising numbers of seeds"),
        ("decide.stages=[]", "is wrong: give rising numbers of seeds"),
        ("decide.margn=1", "decide.margn is not a key|Could not override"),
    ],
)
def test_what_decides_is_checked(composed, given, sentence):
    with pytest.raises((UserError, HydraException), match=sentence):
        composed(given)


def test_a_margin_may_be_a_ratio():
    decide = {"margin": "5%", "reference": None, "stages": [8.0, 12]}
    told = {"quick": False, "quiet": False, "retry_failed": False, "decide": decide}
    found = settings.read_command(OmegaConf.create(told)).decide
    assert found.margin == Margin(0.05, ratio=True)
    assert found.stages == [8, 12]
