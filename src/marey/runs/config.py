"""Every setting of a training, with its default, its meaning and its limits."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from marey.errors import ConfigError, NotFoundError, VersionError
from marey.files import write_text

SCHEMA_VERSION = 1

Share = Annotated[float, Field(ge=0, le=1)]

# What is left of the variation at the end of a training.
LEAST_STRENGTH = 0.25


class AugmentationConfig(BaseModel):
    """How training images are varied. Ranges are symmetric around "no change"."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rotation_degrees: Annotated[float, Field(ge=0, le=180)] | Literal["auto"] = Field(
        "auto", description="±; auto: enough to show animals in all directions, 25 where they keep to one"
    )
    scale: Annotated[float, Field(ge=1, le=3)] = Field(1.28, description="from 1/scale to scale")
    shift: Share | Literal["auto"] = Field(
        "auto", description="± as a fraction of the view's size; auto: 0.12, crops around one of several 0.04"
    )
    flip: bool | Literal["auto"] = Field(
        "auto", description="mirror half of the images; auto: when all left/right pairs are confirmed"
    )
    brightness: Annotated[float, Field(ge=0, le=128)] = Field(25, description="± grey levels")
    contrast: Annotated[float, Field(ge=1, le=3)] = Field(1.35, description="from 1/contrast to contrast")
    gamma: Annotated[float, Field(ge=1, le=3)] = Field(1.35, description="from 1/gamma to gamma")
    blur_px: Annotated[float, Field(ge=0, le=10)] = Field(1.2, description="largest sigma")
    noise: Annotated[float, Field(ge=0, le=64)] = Field(8, description="largest sigma, grey levels")
    occluders: Annotated[int, Field(ge=0, le=16)] = Field(2, description="most boxes put over an image")
    settle: Share = Field(
        0.3,
        description="last share of a training in which images are varied less and less, down to a quarter",
    )

    def strength(self, done: float) -> float:
        """Return how much images are varied, 1 to :data:`LEAST_STRENGTH`, where `done` in [0, 1] is done."""
        if self.settle == 0:
            return 1.0
        return 1 - (1 - LEAST_STRENGTH) * min(1.0, max(0.0, (done - 1 + self.settle) / self.settle))

    def weakened(self, strength: float) -> "AugmentationConfig":
        """Return the settings with all ranges but those of shifts and occluders narrowed; 1: as they are."""
        return self.model_copy(
            update={
                "scale": self.scale**strength,
                "brightness": self.brightness * strength,
                "contrast": self.contrast**strength,
                "gamma": self.gamma**strength,
                "blur_px": self.blur_px * strength,
                "noise": self.noise * strength,
            }
        )


class TrainingConfig(BaseModel):
    """The resolved configuration of a run; it is saved with it.

    Raises
    ------
    ConfigError
        From :meth:`with_settings` and :meth:`load`: an unknown setting or one out of its range.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    schema_version: int = SCHEMA_VERSION
    preset: str = "balanced"
    seed: int = 0
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    precision: Literal["auto", "float32", "bfloat16", "float16"] = "auto"

    backbone: str = "auto"
    weights: str = "default"
    stride: Literal[2, 4, 8, 16] = 4
    pyramid_width: Annotated[int, Field(ge=8, le=1024)] = 64
    sigma_cells: Annotated[float, Field(gt=0.3, le=8)] = 1.5

    approach: Literal["auto", "single", "top-down", "bottom-up"] = "auto"
    identity: Literal["auto", "on", "off"] = Field(
        "auto", description="learn who is who; auto: where most animals of the labels are named"
    )
    anchor: str | None = Field(None, description="keypoint that stands for an animal; left out: their mean")
    view: Literal["auto", "whole", "crop"] = "auto"
    crop_side: Annotated[int, Field(ge=64, le=2048, multiple_of=32)] | None = None
    whole_side: Annotated[int, Field(ge=64, le=4096)] = 256
    locate_share: Share | Literal["auto"] = Field(
        "auto", description="share of batches that show the whole frame; auto: 0.2, top-down 0.3, bottom-up 0"
    )

    turned_crops: bool = Field(
        True,
        description="top-down: look at each crop three times, turned a little and larger, and take the mean",
    )

    steps: Annotated[int, Field(ge=1)] = 2600
    time_limit_minutes: Annotated[float, Field(gt=0)] | None = None
    batch_size: Annotated[int, Field(ge=1, le=1024)] = 8
    learning_rate: Annotated[float, Field(gt=0)] = 2e-3
    weight_decay: Annotated[float, Field(ge=0)] = 1e-2
    warmup: Share = 0.1
    clip_norm: Annotated[float, Field(gt=0)] = 5.0
    ema_decay: Annotated[float, Field(ge=0, lt=1)] = 0.998
    validation_fraction: Annotated[float, Field(ge=0, lt=1)] = 0.12
    validate_every: Annotated[int, Field(ge=1)] = 200
    patience: Annotated[int, Field(ge=1)] = 10
    n_gpus: Annotated[int, Field(ge=1)] = Field(
        1, description="graphics cards that share every batch; with device=cpu, processes"
    )
    workers: Annotated[int, Field(ge=0)] | None = None
    cache_gb: Annotated[float, Field(ge=0)] = 4.0
    augmentation: AugmentationConfig = AugmentationConfig()

    def with_settings(self, settings: Mapping[str, Any]) -> "TrainingConfig":
        """Return a copy with `settings` changed; ``augmentation.scale`` reaches inside."""
        data = self.model_dump()
        for name, value in settings.items():
            group, dot, last = name.partition(".")
            if dot and isinstance(data.get(group), dict):
                data[group][last] = value
            else:
                data[name] = value  # an unknown name is refused below
        return _validated(data, "the settings")

    def save(self, path: Path) -> None:
        """Write the configuration as YAML."""
        write_text(path, yaml.safe_dump(self.model_dump(), sort_keys=False, allow_unicode=True))

    @classmethod
    def load(cls, path: Path) -> "TrainingConfig":
        """Read a configuration written by :meth:`save`."""
        if not path.is_file():
            raise NotFoundError(f"expected the configuration of a run at {path}, but there is none")
        try:
            data = yaml.safe_load(path.read_text(encoding="utf-8"))
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            raise ConfigError(f"{path} is not valid YAML: {error}") from error
        check_schema_version(data, path)
        return _validated(data, str(path))


PRESETS: dict[str, dict[str, Any]] = {
    "fast": {"steps": 600, "whole_side": 256, "turned_crops": False},
    "balanced": {"steps": 2600, "whole_side": 320},
    "accurate": {"steps": 6000, "whole_side": 416},
}


def preset(name: str) -> TrainingConfig:
    """Return the configuration of a preset: ``fast``, ``balanced`` or ``accurate``."""
    if name not in PRESETS:
        raise ConfigError(f"there is no preset {name!r}", hint=f"choose one of {', '.join(PRESETS)}")
    return TrainingConfig(preset=name, **PRESETS[name])


def check_schema_version(data: Any, path: Path) -> None:
    """Refuse a file that a newer Marey wrote, and one that is no mapping at all."""
    if not isinstance(data, dict):
        raise ConfigError(f"expected a mapping of settings in {path}, got {type(data).__name__}")
    version = data.get("schema_version", SCHEMA_VERSION)
    if not isinstance(version, int) or version > SCHEMA_VERSION:
        raise VersionError(
            f"{path} has schema version {version}, and this Marey reads up to {SCHEMA_VERSION}",
            hint="install a newer version of Marey",
        )


def _validated(data: Mapping[str, Any], where: str) -> TrainingConfig:
    try:
        return TrainingConfig.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"] if part not in ("constrained-float",))
        known = ", ".join(
            [name for name in TrainingConfig.model_fields if name != "augmentation"]
            + [f"augmentation.{name}" for name in AugmentationConfig.model_fields]
        )
        hint = f"the settings are {known}" if first["type"] == "extra_forbidden" else None
        raise ConfigError(f"{name} in {where}: {first['msg']}, got {first['input']!r}", hint=hint) from error
