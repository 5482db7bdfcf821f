"""Trainings: what can be chosen, what one would do and how long it would take."""

import platform
from collections import Counter
from typing import TYPE_CHECKING, Any

from marey.errors import ConflictError, InputError, MareyError
from marey.jobs.devices import count_cpus, count_gpus
from marey.jobs.queue import ACTIVE
from marey.model import LabeledFrame
from marey.networks.backbones import SHORT_NAMES
from marey.project.names import check_name
from marey.runs import Run, TrainingConfig, preset
from marey.runs.config import PRESETS
from marey.server import analyses
from marey.server.schemas.runs import (
    Preset,
    SplitPart,
    TrainingChoices,
    TrainingPlan,
    TrainingRequest,
)

if TYPE_CHECKING:
    from marey.server.context import OpenProject
    from marey.server.schemas.jobs import Job

# Measured with the embedded backbone; a stand-in until this computer has trained something itself.
ROUGH_IMAGES_PER_S_AND_CPU = 3.0
ROUGH_IMAGES_PER_S_AND_GPU = 120.0
FEWEST_LABELS = 5

_PRESETS = {
    "fast": ("Fast", "A first look, to find out whether the labels work."),
    "balanced": ("Balanced", "Good for most projects."),
    "accurate": ("Accurate", "Larger pictures and more steps, when the labels are complete."),
}


def list_choices(_project: "OpenProject") -> TrainingChoices:
    """Return the presets and every setting."""
    devices = ["auto", "cpu", *(["cuda"] if count_gpus() and platform.system() != "Darwin" else [])]
    if platform.system() == "Darwin":
        devices.append("mps")
    return TrainingChoices(
        presets=[
            Preset(name=name, title=_PRESETS[name][0], text=_PRESETS[name][1], settings=settings)
            for name, settings in PRESETS.items()
        ],
        settings_schema=TrainingConfig.model_json_schema(),
        backbones=["auto", *SHORT_NAMES],
        devices=devices,
    )


def plan(project: "OpenProject", request: TrainingRequest) -> TrainingPlan:
    """Say what a training would do; nothing is started."""
    from marey.training.planning import plan_for
    from marey.training.train import project_splits

    project.labels.flush()
    opened = project.project
    config = preset(request.preset).with_settings(request.settings)
    frames = list(opened.load_labels().confirmed())
    if not frames:
        raise InputError("there are no labelled frames to train on", hint="label some first")
    problems = _find_problems(project, request, frames)
    parts: list[SplitPart] = []
    description, view = "", ""
    try:
        splits = project_splits(opened, request.split, config)
        parts = [_describe_part(part, getattr(splits[0], part)) for part in ("train", "validation", "test")]
        description = splits[0].description
        view = plan_for(opened, frames, config).reason
    except MareyError as error:
        problems.append(error.message)
    minutes, basis = _estimate(project, config)
    return TrainingPlan(
        parts=parts,
        split=description,
        view=view,
        steps=config.steps,
        batch_size=config.batch_size,
        minutes=minutes,
        basis=basis,
        problems=problems,
    )


def _describe_part(part: Any, keys: tuple[str, ...]) -> SplitPart:
    videos = Counter(key.rpartition("/")[0] for key in keys)
    return SplitPart(part=part, n_frames=len(keys), videos=dict(videos))


def _find_problems(project: "OpenProject", request: TrainingRequest, frames: list[LabeledFrame]) -> list[str]:
    problems = []
    if len(frames) < FEWEST_LABELS:
        problems.append(f"there are only {len(frames)} labelled frames; {FEWEST_LABELS} are the least to try")
    if request.name in project.project.run_names() and not (request.overwrite or request.resume):
        problems.append(f"there is a run {request.name!r} already")
    opened = project.project
    if opened.skeleton.symmetries and not opened.symmetries_confirmed:
        problems.append(
            "nobody has confirmed the left/right pairs, so images will not be mirrored: see Skeleton"
        )
    return problems


def _estimate(project: "OpenProject", config: TrainingConfig) -> tuple[float | None, str]:
    """Return minutes, and where they come from: a run on this computer, else a rough figure."""
    speed, basis = _measured_speed(project, config)
    if speed is None and (config.device == "cpu" or not count_gpus()):
        speed = ROUGH_IMAGES_PER_S_AND_CPU * count_cpus()
        basis = "a rough figure: nothing like it was trained on this computer yet"
    elif speed is None:
        speed = ROUGH_IMAGES_PER_S_AND_GPU
        basis = "a rough figure for a graphics card: nothing like it was trained on this computer yet"
    minutes = config.steps * config.batch_size / speed / 60
    if config.time_limit_minutes is not None:
        minutes = min(minutes, config.time_limit_minutes)
    return max(0.1, round(minutes, 1)), basis


def _measured_speed(project: "OpenProject", config: TrainingConfig) -> tuple[float | None, str]:
    """Return images per second of the latest like run on this computer."""
    opened = project.project
    for name in reversed(opened.run_names()):
        try:
            run = Run.open(opened.run_folder(name))
            provenance, other = run.provenance, run.config
        except MareyError:
            continue
        is_alike = (other.whole_side, other.stride) == (config.whole_side, config.stride) and (
            config.backbone in ("auto", other.backbone)
        )
        speed = provenance.get("images_per_s")
        if is_alike and speed and provenance.get("platform") == platform.platform():
            return float(speed), f"the run {name!r} on this computer"
    return None, ""


def start(project: "OpenProject", request: TrainingRequest) -> "Job":
    """Train, or go on with a training that was stopped.

    Raises
    ------
    ConfigError
        A setting is unknown or out of range.
    ConflictError
        A run of this name is being trained, or there already.
    """
    check_name(request.name, "the name of a run")
    preset(request.preset).with_settings(request.settings)
    for job in analyses.jobs_of(project, "train"):
        if job.request.subject.get("run") == request.name and job.status in ACTIVE:
            raise ConflictError(f"the run {request.name!r} is being trained already")
    exists = request.name in project.project.run_names()
    if exists and not (request.overwrite or request.resume):
        raise ConflictError(
            f"there is a run {request.name!r} already",
            hint="choose another name, go on with it, or replace it",
        )
    return project.start(
        "train",
        request.model_dump(),
        title=f"training {request.name}",
        subject={"run": request.name},
    )
