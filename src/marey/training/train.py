"""From a project to a run: everything around the loop."""

import platform
import shutil
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from marey import __version__
from marey.errors import AlreadyExistsError, InputError
from marey.files import sha256_of_bytes, utc_now, write_json, write_text
from marey.metrics import Reliability, reference_length
from marey.model import LabeledFrame
from marey.networks.decoding import FEATURE_NAMES
from marey.progress import Progress, ProgressCallback, ignore_progress
from marey.runs import Run, Split, TrainingConfig, preset
from marey.training.identity import learn_identity, names_to_learn
from marey.training.planning import describe_plan, plan_training
from marey.training.resolution import resolved
from marey.training.samples import Samples
from marey.training.splits import make_splits
from marey.training.subjects import frames_to_learn
from marey.training.validation import FrameCheck
from marey.words import counted

if TYPE_CHECKING:
    import torch

    from marey.project import Project
    from marey.training.board import ShowRow
    from marey.training.loop import Trainer
    from marey.training.team import Team

# A point is "right" when it is within this part of the animal's size, and at least MIN_THRESHOLD_PX.
RIGHT_FRACTION = 0.05
MIN_THRESHOLD_PX = 3.0
CHECKPOINT = "checkpoint"


def train(
    project: "Project",
    run_name: str,
    config: TrainingConfig | None = None,
    *,
    split: str | Split = "blocks:0.8",
    resume: bool = False,
    overwrite: bool = False,
    progress: ProgressCallback = ignore_progress,
) -> Run:
    """Train a network on a project's labels.

    Parameters
    ----------
    project
        Its confirmed labels train; points that only a model placed do not.
    run_name
        The name of the run's folder in the project.
    config
        The settings; left out: the preset "balanced".
    split
        A rule of :func:`marey.training.splits.make_splits` that makes one split, or a split.
    resume
        Go on with an interrupted training; its own settings and split hold.
    overwrite
        Replace a run of that name.

    Returns
    -------
    Run
        With its weights selected on the validation frames, and its confidence calibrated on them.

    Raises
    ------
    AlreadyExistsError
        There is such a run, and neither `resume` nor `overwrite` was asked for.
    Interrupted
        Ctrl-C; `resume` goes on.
    """
    run = Run(project.run_folder(run_name))
    if resume and run.weights_path.is_file() and not (run.path / CHECKPOINT).exists():
        return Run.open(run.path)  # it was finished already
    frames = _trainable(project)
    _check_lengths(project, frames)
    if not (resume and run.config_path.is_file()):
        config = resolved(config or preset("balanced"))
        if isinstance(split, str):
            split = _single_split(project, split, config, progress)
        approach, plan = plan_training(project, frames, config)
        names_to_learn(frames, config, approach)
        _make_room(run, overwrite=overwrite)  # last: a wrong setting must not cost the earlier run
        run.write_description(config, project.skeleton, split, plan, approach)
    elif config is not None:
        _check_approach(run, config)
    run.check_skeleton(project.skeleton)
    run = _nameless(run)
    plan_in_words = describe_plan(run.approach, run.plan) + _describe_unknown(frames, run.approach.kind)
    progress(Progress("training", 0, run.config.steps, message=f"{run.name}: {plan_in_words}"))
    started = utc_now()
    trainer = _fit(project, run, frames, progress, resume=resume)
    run.write_weights(_final_weights(trainer))
    run = learn_identity(run, project, frames, progress)
    write_json(run.path / "provenance.json", _provenance(project, run, trainer, started))
    _, validation = _training_and_validation(run, frames)
    calibrate(run, project, validation)
    shutil.rmtree(run.path / CHECKPOINT, ignore_errors=True)
    return Run.open(run.path)


def train_folds(
    project: "Project",
    run_name: str,
    config: TrainingConfig | None = None,
    *,
    split: str = "kfold:5",
    resume: bool = False,
    overwrite: bool = False,
    progress: ProgressCallback = ignore_progress,
) -> list[Run]:
    """Train one run per fold, named ``<run_name>-fold1`` and so on; arguments as for :func:`train`."""
    settings = config or preset("balanced")
    splits = project_splits(project, split, settings, progress)
    return [
        train(
            project,
            f"{run_name}-fold{number}",
            settings,
            split=part,
            resume=resume,
            overwrite=overwrite,
            progress=progress,
        )
        for number, part in enumerate(splits, start=1)
    ]


def calibrate(run: Run, project: "Project", validation: Sequence[LabeledFrame]) -> None:
    """Fit confidence and expected errors on the validation frames, with the selected weights."""
    from marey.training.inference import torch_infer

    if not validation:
        return
    check = FrameCheck(run, project, validation)
    errors, features = check.errors(torch_infer(run.load_network()))
    size = reference_length(check.every_truth)
    threshold = max(MIN_THRESHOLD_PX, RIGHT_FRACTION * size) if np.isfinite(size) else MIN_THRESHOLD_PX
    try:
        fitted = Reliability.fit(
            features,
            errors,
            feature_names=FEATURE_NAMES,
            threshold_px=threshold,
            frames=check.frame_rows,
        )
    except InputError:  # too few validation points: the run works, and states no error
        return
    write_json(run.path / "calibration.json", fitted.to_dict())


def _nameless(run: Run) -> Run:
    """Return the run without whom it told apart: that is learned last, and learned again."""
    run.identity_path.unlink(missing_ok=True)
    return Run(run.path)


def _check_approach(run: Run, config: TrainingConfig) -> None:
    """Refuse to go on with a training in another way than it was begun."""
    if config.approach not in ("auto", run.approach.kind):
        raise InputError(
            f"the run {run.name!r} was begun as {run.approach.kind}, and cannot go on as {config.approach}",
            hint="leave --approach out, or train a new run",
        )


def _trainable(project: "Project") -> list[LabeledFrame]:
    """Return the frames with something confirmed, in the order of rows."""
    frames = frames_to_learn(project.load_labels())
    if not frames:
        raise InputError(
            f"the project {project.name!r} has no labelled frames",
            hint="label some: marey extract picks frames, the browser application places points",
        )
    return frames


def _describe_unknown(frames: Sequence[LabeledFrame], kind: str) -> str:
    """Say what becomes of frames with animals that nobody labelled; "" where none matter."""
    n = sum(not all(instance.is_confirmed.any() for instance in frame.instances) for frame in frames)
    if not n or kind == "single":
        return ""
    what = (
        "nothing is learned from them" if kind == "bottom-up" else "only their labelled animals are learned"
    )
    return f"; not all animals are labelled in {counted(n, 'frame')}: {what}"


def _check_lengths(project: "Project", frames: Sequence[LabeledFrame]) -> None:
    """Refuse labels of frames that a video does not have, before anything is written."""
    if beyond := project.beyond_the_end(frames):
        n, first = len(beyond), beyond[0]
        raise InputError(
            f"the video {first.video!r} is shorter than its labels: frame {first.frame} is beyond its end"
            + (f", with {counted(n - 1, 'more labelled frame')}" if n > 1 else ""),
            hint="give the project the video that was labelled, or delete these labels; "
            "marey check lists them",
        )


def _make_room(run: Run, *, overwrite: bool) -> None:
    if run.path.exists() and any(run.path.iterdir()):
        if not overwrite:
            raise AlreadyExistsError(
                f"there is a run {run.name!r} already",
                hint="choose another name, go on with --resume, or replace it with --overwrite",
            )
        shutil.rmtree(run.path)


def project_splits(
    project: "Project",
    rule: str,
    config: TrainingConfig,
    progress: ProgressCallback = ignore_progress,
) -> list[Split]:
    """Split the labelled frames of a project by a rule of :func:`make_splits`."""
    images = [f"{video}/{name}" for video in project.videos for name in project.image_names(video)]
    return make_splits(
        _trainable(project),
        rule,
        validation_fraction=config.validation_fraction,
        seed=config.seed,
        rows=project.row_keys(),
        unlabelled=images,
        progress=progress,
    )


def _single_split(project: "Project", rule: str, config: TrainingConfig, progress: ProgressCallback) -> Split:
    splits = project_splits(project, rule, config, progress)
    if len(splits) > 1:
        raise InputError(f"{rule!r} makes {len(splits)} splits: use train_folds")
    return splits[0]


def _fit(
    project: "Project", run: Run, frames: list[LabeledFrame], progress: ProgressCallback, *, resume: bool
) -> "Trainer":
    """Train to the end, with as many processes as were asked for."""
    from marey.training.board import tensorboard
    from marey.training.team import teamed

    helper = partial(_help, project.root, run.path, resume)
    with (
        teamed(run.config.n_gpus, run.config.device, helper) as team,
        tensorboard(run.path / "tensorboard") as show_in_board,
    ):

        def show_row(row: Mapping[str, float]) -> None:
            show_in_board(row)
            _write_metrics(run, trainer.state.history)

        trainer = _make_trainer(project, run, frames, progress, show_row, team)
        if resume:
            trainer.resume()
        trainer.fit()
        return trainer


def _help(project_root: Path, run_path: Path, resume: bool, team: "Team") -> None:
    """Do one helper's part of :func:`_fit`, in a process of its own."""
    from marey.project import Project

    project = Project.open(project_root)
    trainer = _make_trainer(
        project, Run(run_path), _trainable(project), ignore_progress, lambda _row: None, team
    )
    if resume:
        trainer.resume()
    trainer.fit()


def _training_and_validation(
    run: Run, frames: list[LabeledFrame]
) -> tuple[list[LabeledFrame], list[LabeledFrame]]:
    by_key = {frame.image_key: frame for frame in frames}
    missing = [key for key in (*run.split.train, *run.split.validation) if key not in by_key]
    if missing:
        raise InputError(
            f"the split of the run {run.name!r} names {missing[0]}, which has no labels any more",
            hint="train a new run",
        )
    return [by_key[key] for key in run.split.train], [by_key[key] for key in run.split.validation]


def _make_trainer(
    project: "Project",
    run: Run,
    frames: list[LabeledFrame],
    progress: ProgressCallback,
    show_row: "ShowRow",
    team: "Team",
) -> "Trainer":
    from marey.training.inference import torch_infer
    from marey.training.loop import Trainer, choose_device, seed_everything

    config = run.config
    training, validation = _training_and_validation(run, frames)
    samples = Samples(
        project,
        training,
        run.plan,
        config,
        approach=run.approach,
        flip_indices=run.skeleton.flip_indices,
        is_flip_allowed=bool(run.skeleton.symmetries) and project.symmetries_confirmed,
        share=(team.rank, team.size),
    )
    check = FrameCheck(run, project, validation)

    def validate(network: "torch.nn.Module") -> float:
        return check.mean_error(torch_infer(network)) if validation else float("nan")

    seed_everything(config.seed)
    network = run.create_network(weights=config.weights)
    return Trainer(
        network,
        samples,
        config,
        device=team.own(choose_device(config.device)),
        validate=validate,
        checkpoint_folder=run.path / CHECKPOINT,
        progress=progress,
        show_row=show_row,
        team=team,
    )


def _final_weights(trainer: "Trainer") -> "Mapping[str, torch.Tensor]":
    """Return the selected weights, with statistics of their own for crops where these can be told apart."""
    from marey.training.statistics import with_statistics_of_crops

    plan = trainer.samples.plan
    if plan.kind == "whole" or plan.size == plan.locate_size:
        return trainer.best
    return with_statistics_of_crops(trainer.average, trainer.best, trainer.samples)


def _write_metrics(run: Run, history: list[dict[str, float]]) -> None:
    lines = [",".join(history[0])] + [",".join(f"{value:.6g}" for value in row.values()) for row in history]
    write_text(run.path / "metrics.csv", "\n".join(lines) + "\n")


def _provenance(project: "Project", run: Run, trainer: "Trainer", started: str) -> dict[str, Any]:
    import torch

    labels = {
        video: sha256_of_bytes(path.read_bytes())
        for video in sorted(project.videos)
        if (path := Path(project.labels_folder) / f"{video}.csv").is_file()
    }
    return {
        "marey": __version__,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "platform": platform.platform(),
        "device": str(trainer.device),
        "command": sys.argv,
        "started": started,
        "finished": utc_now(),
        "training_seconds": round(trainer.state.seconds, 1),
        "steps": trainer.state.step,
        "selected_step": trainer.state.best_step,
        "images_per_s": round(
            trainer.state.step * trainer.config.batch_size / max(trainer.state.seconds, 1e-9), 2
        ),
        "labels_sha256": labels,
        "weights_sha256": run.weights_hash,
    }
