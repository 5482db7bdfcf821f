"""Training, runs and their evaluation."""

from typing import Literal

from pydantic import Field

from marey.server.schemas.common import JsonObject, Wire

Part = Literal["train", "validation", "test"]


class Preset(Wire):
    """A choice of training settings."""

    name: str
    title: str
    text: str
    settings: JsonObject


class TrainingChoices(Wire):
    """All that can be chosen for a training."""

    presets: list[Preset]
    settings_schema: JsonObject
    """JSON schema of all settings, with defaults, limits and descriptions: the Advanced part."""
    backbones: list[str]
    devices: list[str]


class TrainingRequest(Wire):
    """A training to plan or to start."""

    name: str = Field(min_length=1)
    preset: Literal["fast", "balanced", "accurate"] = "balanced"
    split: str = "blocks:0.8"
    """``blocks:0.8``, ``random:0.8``, ``videos:0.8`` or ``all``."""
    settings: JsonObject = {}
    """As the command's ``--set``: ``{"batch_size": 4, "augmentation.scale": 1.2}``."""
    resume: bool = False
    overwrite: bool = False


class SplitPart(Wire):
    """One part of a split, by video."""

    part: Part
    n_frames: int
    videos: dict[str, int]


class TrainingPlan(Wire):
    """What a training would do."""

    parts: list[SplitPart]
    split: str
    view: str
    """How the network will be shown the frames, and why."""
    steps: int
    batch_size: int
    minutes: float | None
    """How long it will take on this computer."""
    basis: str
    """Where the estimate comes from."""
    problems: list[str]


class Run(Wire):
    """A trained network, or one in training."""

    name: str
    state: Literal["training", "stopped", "trained", "evaluated", "broken"]
    created: str | None
    preset: str
    n_train: int
    n_validation: int
    n_test: int
    test_error_px: float | None
    validation_error_px: float | None
    reference_length_px: float | None
    job: str | None
    """The id of its job, while one is running."""
    fits_skeleton: bool
    """Whether it was trained for the project's present keypoints."""


class RunDetail(Run):
    """A run, looked into."""

    keypoints: list[str]
    config: JsonObject
    view: str
    split: str
    provenance: JsonObject
    engines: list[str]


class CurvePoint(Wire):
    """One row of the learning curve of a training."""

    step: int
    seconds: float
    loss: float | None
    validation_error_px: float | None
    learning_rate: float | None


class RunSample(Wire):
    """A prediction on a validation frame, made while training."""

    name: str
    step: int
    video: str
    frame: int | None
    error_px: float | None


class RunCurve(Wire):
    """How a training went, or goes."""

    rows: list[CurvePoint]
    samples: list[RunSample]


class EvaluationRequest(Wire):
    """An evaluation to make."""

    confidence_cut: float = Field(0.6, ge=0, le=1)


class Evaluation(Wire):
    """The figures of an evaluation; the same as ``marey evaluate --json``."""

    run: str
    metrics: JsonObject
    has_report: bool
    is_current: bool
    """False where labels were changed since."""


class WorstPoint(Wire):
    """A point that a network got wrong."""

    part: Part
    video: str
    frame: int | None
    image: str
    keypoint: str
    error_px: float
    confidence: float | None
    error_90_px: float | None
    truth: tuple[float, float]
    predicted: tuple[float, float]


class ComparedRun(Wire):
    """One row of the comparison."""

    run: str
    part: Part
    n_frames: int
    mean_error_px: float | None
    median_error_px: float | None
    rmse_px: float | None
    interval_95: tuple[float | None, float | None] | None
    interval_coverage_90: float | None
    training_seconds: float | None
    n_train: int
    same_test_frames: bool
    """Whether it was tested on the same frames as the first run: only then are they comparable."""


class ModelExport(Wire):
    """A network to write as ONNX into the project's folder ``exports``."""

    overwrite: bool = False


class Round(Wire):
    """One round of labelling and training: a point of the project's learning curve."""

    run: str
    created: str | None
    n_train: int
    test_error_px: float | None
    interval_95: tuple[float | None, float | None] | None
    reference_length_px: float | None
    same_test_frames: bool
