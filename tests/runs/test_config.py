import pytest

from marey.errors import ConfigError, NotFoundError, VersionError
from marey.runs import PRESETS, TrainingConfig, preset


def test_presets_are_valid_and_an_unknown_one_is_answered_with_the_known():
    assert [preset(name).preset for name in PRESETS] == ["fast", "balanced", "accurate"]
    with pytest.raises(ConfigError, match="there is no preset 'best'") as raised:
        preset("best")
    assert "fast, balanced, accurate" in str(raised.value)


def test_settings_change_a_copy_and_reach_inside():
    config = TrainingConfig()
    changed = config.with_settings({"batch_size": 4, "augmentation.scale": 1.5, "augmentation.flip": False})
    assert (changed.batch_size, changed.augmentation.scale, changed.augmentation.flip) == (4, 1.5, False)
    assert config == TrainingConfig()


def test_images_are_varied_less_at_the_end():
    augmentation = TrainingConfig().augmentation.model_copy(
        update={"settle": 0.2, "scale": 1.44, "noise": 8.0}
    )
    assert [augmentation.strength(done) for done in (0.0, 0.8, 0.9, 1.0)] == pytest.approx(
        [1, 1, 0.625, 0.25]
    )
    assert augmentation.weakened(1.0) == augmentation
    assert augmentation.weakened(0.5).scale == pytest.approx(1.2)
    assert augmentation.weakened(0.5).noise == 4.0
    assert augmentation.model_copy(update={"settle": 0.0}).strength(1.0) == 1.0


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"batchsize": 4}, "batchsize in the settings: Extra inputs are not permitted, got 4"),
        ({"augmentation.zoom": 2}, "augmentation.zoom in the settings"),
        ({"colour.scale": 2}, "colour.scale in the settings"),
        ({"seed.x": 2}, "seed.x in the settings"),
        ({"augmentation": 3}, "augmentation in the settings"),
        ({"batch_size": 0}, "batch_size in the settings: .* greater than or equal to 1, got 0"),
        ({"augmentation.scale": 0.5}, "augmentation.scale in the settings: .* got 0.5"),
        ({"augmentation.rotation_degrees": 270}, "augmentation.rotation_degrees.* got 270"),
        ({"device": "gpu"}, "device in the settings: .* got 'gpu'"),
        ({"crop_side": 100}, "crop_side in the settings: .* multiple of 32, got 100"),
        ({"learning_rate": "high"}, "learning_rate in the settings"),
        ({"learning_rate": float("nan")}, "learning_rate in the settings"),
    ],
)
def test_a_wrong_setting_is_named_with_its_value(settings, message):
    with pytest.raises(ConfigError, match=message):
        TrainingConfig().with_settings(settings)


def test_an_unknown_setting_is_answered_with_the_known_ones():
    with pytest.raises(ConfigError, match=r"hint: the settings are .*batch_size"):
        TrainingConfig().with_settings({"batchsize": 4})
    with pytest.raises(ConfigError, match=r"hint: the settings are .*rotation_degrees"):
        TrainingConfig().with_settings({"augmentation.zoom": 4})


def test_a_configuration_survives_its_file(tmp_path):
    path = tmp_path / "läufe" / "config.yaml"
    config = TrainingConfig().with_settings({"time_limit_minutes": 2.5, "augmentation.rotation_degrees": 90})
    config.save(path)
    assert TrainingConfig.load(path) == config


def test_files_that_are_newer_damaged_or_absent(tmp_path):
    path = tmp_path / "config.yaml"
    with pytest.raises(NotFoundError, match="expected the configuration of a run"):
        TrainingConfig.load(path)
    path.write_text("schema_version: 99\nbatch_size: 4\n", encoding="utf-8")
    with pytest.raises(VersionError, match="schema version 99, and this Marey reads up to 1"):
        TrainingConfig.load(path)
    path.write_text("schema_version: '2'\n", encoding="utf-8")
    with pytest.raises(VersionError, match="schema version 2"):
        TrainingConfig.load(path)
    path.write_text("- 1\n- 2\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"expected a mapping of settings .* got list"):
        TrainingConfig.load(path)
    path.write_text("batch_size: [4\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"config\.yaml is not valid YAML"):
        TrainingConfig.load(path)
    path.write_text("bats: 4\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"bats in .*config\.yaml"):
        TrainingConfig.load(path)
