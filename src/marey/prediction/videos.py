"""Predicting videos: one streamed pass over each, in blocks that survive whatever happens."""

import json
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from marey.errors import AlreadyExistsError, ConfigError, InputError, NotFoundError, VideoError
from marey.files import utc_now
from marey.formats.deeplabcut_names import SCORER_ATTRIBUTE
from marey.prediction.engines import Engine
from marey.prediction.exports import FORMATS, dlc_scorer, write_exports
from marey.prediction.following import BLOCK_FRAMES
from marey.prediction.gate import Verdict, choose_engine
from marey.prediction.journal import SUFFIX, Journal
from marey.prediction.memory import peak_memory_mb
from marey.prediction.poses_file import read_log, write_poses_file
from marey.prediction.predictor import Predictor
from marey.prediction.request import (
    AdaptiveCrop,
    Selection,
    describe_request,
    differences,
    name_outputs,
)
from marey.prediction.several import predictor_of
from marey.prediction.streaming import Task, stream_poses
from marey.progress import Progress, ProgressCallback, ignore_progress

if TYPE_CHECKING:
    from marey.runs import Run
    from marey.video import FrameSource

_OF_ONE_VIDEO = (VideoError, InputError, NotFoundError)
"""What is wrong with one video, and no reason to leave the others; a full disk is."""


@dataclass(frozen=True)
class PredictionResult:
    """One video's prediction.

    Parameters
    ----------
    path, output
        The video, and the file of its poses.
    n_frames
        Rows of the file.
    seconds, frames_per_s
        How long this call took, and what it predicted in a second; 0 where the video was done already.
    peak_memory_mb
        Largest memory of this process so far.
    engine
        What ran the network.
    notes
        What the user should know.
    exports
        Files in other formats.
    """

    path: Path
    output: Path
    n_frames: int
    seconds: float
    frames_per_s: float
    peak_memory_mb: float
    engine: str
    notes: tuple[str, ...] = ()
    exports: tuple[Path, ...] = ()


@dataclass(frozen=True)
class FailedVideo:
    """A video that could not be predicted.

    Parameters
    ----------
    path
        The video.
    error
        What was wrong.
    hint
        What to do about it, where that is known.
    """

    path: Path
    error: str
    hint: str | None = None


class VideosFailedError(VideoError):
    """Some of several videos could not be predicted.

    Parameters
    ----------
    outcomes
        What became of each video, in the order in which they were given.
    """

    def __init__(self, outcomes: Sequence[PredictionResult | FailedVideo]) -> None:
        self.outcomes = tuple(outcomes)
        failed = [outcome for outcome in outcomes if isinstance(outcome, FailedVideo)]
        others = ", the others are done" if len(failed) < len(outcomes) else ""
        super().__init__(
            f"{len(failed)} of {len(outcomes)} videos could not be predicted{others}:\n"
            + "\n".join(f"  {video.error}" for video in failed),
            hint=failed[0].hint,
        )


def open_predictor(
    run: "Run",
    engine: str = "auto",
    *,
    device: str = "auto",
    progress: ProgressCallback = ignore_progress,
) -> Predictor:
    """Return a predictor for images, with the engine that :func:`predict` would use."""
    return predictor_of(run, choose_engine(run, engine, device=device, progress=progress)[0])


def predict(
    run: "Run",
    videos: str | Path | Iterable[str | Path],
    output: str | Path,
    *,
    engine: str = "auto",
    adaptive_crop: AdaptiveCrop = "auto",
    device: str = "auto",
    start: int = 0,
    stop: int | None = None,
    step: int = 1,
    crop: tuple[int, int, int, int] | None = None,
    batch_size: int | None = None,
    n_animals: int | None = None,
    n_candidates: int = 1,
    resume: bool = False,
    overwrite: bool = False,
    formats: Sequence[str] = (),
    progress: ProgressCallback = ignore_progress,
) -> list[PredictionResult]:
    """Find the animal in every frame of videos.

    Parameters
    ----------
    run
        A trained run.
    videos
        Files, folders, patterns such as ``"videos/*.mp4"``, folders of images.
    output
        The folder for the poses: one netCDF (HDF5) file per video.
    engine
        An engine's name, or ``"auto"``; see :mod:`marey.prediction.gate`.
    adaptive_crop
        ``"on"``: follow the animal with a crop; ``"off"``: search every frame; ``"auto"``: as the run's
        validation frames say.
    device
        ``"cpu"``, ``"cuda"``, ``"mps"`` or ``"auto"``.
    start, stop, step
        Which frames, as in ``range``.
    crop
        (x, y, width, height) in pixels, outside of which nothing is looked for.
    batch_size
        Images at a time; by default what suits the engine.
    n_animals
        The most animals in a frame; by default as many as in the labels that the run was trained on.
    n_candidates
        Keep so many peaks of each keypoint, for :func:`marey.refinement.viterbi_filter` to choose from; of
        runs that find one animal.
    resume
        Go on with predictions that were interrupted.
    overwrite
        Predict again what has been predicted.
    formats
        ``"dlc"`` also writes DeepLabCut's CSV and H5.
    progress
        Told the frames done, and the frames a second.

    Returns
    -------
    list of PredictionResult
        One per video.

    Raises
    ------
    AlreadyExistsError
        There are other poses, or an interrupted prediction, where the output goes.
    Interrupted
        Ctrl-C: what is done is kept.
    StorageError
        The disk is full or cannot be written; what is done is kept.
    VideoError
        A video cannot be decoded at all. Of several it is a :class:`VideosFailedError`: the others have been
        predicted, and it has their results.
    """
    from marey.video import find_videos

    if unknown := sorted(set(formats) - set(FORMATS)):
        raise ConfigError(f"there is no format {unknown[0]!r} to predict to", hint="the formats are dlc")
    selection = Selection(start, stop, step, crop)
    paths = find_videos([videos] if isinstance(videos, str | Path) else videos)
    outputs = name_outputs(paths, Path(output))
    n_animals = _most_animals(run, n_animals)
    _check_candidates(run, n_candidates)
    plan = [
        _look_at(run, *pair, selection, n_animals, n_candidates, resume, overwrite)
        for pair in zip(paths, outputs, strict=True)
    ]
    task = None
    outcomes: list[PredictionResult | FailedVideo] = []
    for path, target, state in zip(paths, outputs, plan, strict=True):
        if state.done is not None:
            outcomes.append(_already_done(run, path, target, state.done, formats))
            continue
        asked = state.journal.header["engine"] if state.journal else engine
        if task is None or (state.journal and task.predictor.engine.name != asked):
            task = _make_task(run, asked, adaptive_crop, device, batch_size, selection, progress)
            task.predictor.n_animals = n_animals
            task.predictor.n_candidates = n_candidates
        try:
            outcomes.append(_predict_video(task, path, target, state.journal, formats))
        except _OF_ONE_VIDEO as error:  # one damaged recording must not cost the night of the others
            if len(paths) == 1:
                raise
            outcomes.append(FailedVideo(path, error.message, error.hint))
            progress(Progress(f"predicting {path.name}", 0, message=error.message))
    results = [outcome for outcome in outcomes if isinstance(outcome, PredictionResult)]
    if len(results) < len(outcomes):
        raise VideosFailedError(outcomes)
    return results


@dataclass(frozen=True)
class _State:
    """What there is of a video's prediction: its log entry when done, its journal when interrupted."""

    done: dict[str, Any] | None = None
    journal: Journal | None = None


def _look_at(
    run: "Run",
    path: Path,
    target: Path,
    selection: Selection,
    n_animals: int,
    n_candidates: int,
    resume: bool,
    overwrite: bool,
) -> _State:
    """Find out what has been done of a video, and refuse to destroy other work, before anything is begun."""
    partial = journal_path(target)
    if overwrite:
        return _State()
    wanted = describe_request(
        run,
        path,
        selection,
        engine="",
        follow_size=None,
        batch_size=1,
        n_animals=n_animals,
        n_candidates=n_candidates,
    )
    if target.exists():
        entry = next((e for e in read_log(target) if e.get("operation") == "predict"), {})
        if others := differences(wanted, entry):
            raise AlreadyExistsError(
                f"{target} exists already, with other poses: {others[0]}",
                hint="choose another folder, or predict again with --overwrite",
            )
        return _State(done=entry)
    if not partial.exists():
        return _State()
    if not resume:
        raise AlreadyExistsError(
            f"the prediction of {path.name} was interrupted, and {partial} holds what is done",
            hint="go on with --resume, or begin again with --overwrite",
        )
    journal = Journal.read(partial)
    if others := differences(wanted, journal.header):
        raise InputError(
            f"cannot go on with {partial}: {others[0]}",
            hint="give the options that it was begun with, or begin again with --overwrite",
        )
    return _State(journal=journal)


def _most_animals(run: "Run", asked: int | None) -> int:
    """Return the most animals that are looked for in a frame.

    Raises
    ------
    ConfigError
        Several were asked for, but the run finds one; or less than one.
    """
    if asked is None:
        return run.approach.n_animals
    if asked < 1:
        raise ConfigError(f"expected at least one animal, got {asked}")
    if run.approach.kind == "single" and asked > 1:
        raise ConfigError(
            f"{asked} animals were asked for, but the run {run.name!r} was trained to find one",
            hint="label frames with several animals and train with --approach auto",
        )
    return asked


def _check_candidates(run: "Run", n_candidates: int) -> None:
    if n_candidates < 1:
        raise ConfigError(f"expected at least one candidate for each keypoint, got {n_candidates}")
    if n_candidates > 1 and run.approach.kind != "single":
        raise ConfigError(
            f"{n_candidates} candidates were asked for, but the run {run.name!r} finds several animals",
            hint="peaks beside the highest belong to other animals there; leave out --candidates",
        )


def journal_path(target: Path) -> Path:
    """Return where the unfinished prediction of a file of poses is kept."""
    return target.with_name(target.name + SUFFIX)


def _already_done(
    run: "Run", path: Path, target: Path, entry: dict[str, Any], formats: Sequence[str]
) -> PredictionResult:
    """Leave the poses as they are; files in other formats are written where they are not there yet."""
    return PredictionResult(
        path=path,
        output=target,
        n_frames=int(entry.get("n_frames", 0)),
        seconds=0.0,
        frames_per_s=0.0,
        peak_memory_mb=peak_memory_mb(),
        engine=str(entry.get("engine", "")),
        notes=("done already, and left as it is; --overwrite predicts it again",),
        exports=write_exports(run, target, path, formats, overwrite=False),
    )


def _make_task(
    run: "Run",
    engine_name: str,
    adaptive_crop: AdaptiveCrop,
    device: str,
    batch_size: int | None,
    selection: Selection,
    progress: ProgressCallback,
) -> Task:
    engine, verdict = choose_engine(run, engine_name, device=device, progress=progress)
    if batch_size is not None:
        if batch_size < 1 or BLOCK_FRAMES % batch_size:
            raise ConfigError(f"batch_size must divide {BLOCK_FRAMES}, got {batch_size}")
        engine.batch_size = batch_size
    follow_size, note = _decide_crop(run, adaptive_crop, engine, verdict, selection)
    return Task(run, selection, predictor_of(run, engine), follow_size, progress, [note] if note else [])


def _decide_crop(
    run: "Run", asked: AdaptiveCrop, engine: Engine, verdict: Verdict | None, selection: Selection
) -> tuple[tuple[int, int] | None, str]:
    """Return the size of the crop that follows the animal, or None, and why where the user did not say."""
    if asked not in ("on", "off", "auto"):
        raise ConfigError(f"adaptive_crop is on, off or auto, got {asked!r}")
    if asked == "off":
        return None, ""
    if why := _why_crop_is_impossible(run):
        return None, f"adaptive crop off: {why}" if asked == "on" else ""
    judged = None if verdict is None else verdict.adaptive_crop
    size = judged.size if judged is not None and judged.is_on and judged.size else run.plan.size
    if asked == "on":
        return size, ""
    if selection.step > 1:
        return None, "adaptive crop off: frames are skipped, so the animal moves far between them"
    if judged is None or engine.batch_size > 1:
        return None, "adaptive crop off: it was not judged with this engine"
    return size if judged.is_on else None, f"adaptive crop {'on' if judged.is_on else 'off'}: {judged.reason}"


def _why_crop_is_impossible(run: "Run") -> str:
    if run.approach.kind != "single":
        return "several animals are looked for in every frame"
    if run.plan.kind == "whole":
        return f"this run measures the whole frame at once ({run.plan.reason})"
    return ""


def _predict_video(
    task: Task, path: Path, target: Path, journal: Journal | None, formats: Sequence[str]
) -> PredictionResult:
    """Predict one video into its journal, then make its file of poses."""
    from marey.video import open_video

    began = time.perf_counter()
    request = describe_request(
        task.run,
        path,
        task.selection,
        engine=task.predictor.engine.name,
        follow_size=journal.header["follow_size"] if journal else task.follow_size,
        batch_size=task.predictor.engine.batch_size,
        n_animals=task.predictor.n_animals,
        n_candidates=task.predictor.n_candidates,
    )
    n_before = journal.n_rows if journal else 0
    with open_video(path) as video:
        task.selection.check_fits(video)
        if journal is None:
            journal = Journal.create(journal_path(target), request)
        elif others := differences(request, journal.header, tuple(request)):
            raise InputError(
                f"cannot go on with {journal.path}: {others[0]}", hint="begin again with --overwrite"
            )
        else:
            journal.cut()
        try:
            told = stream_poses(task, video, path, journal, request["follow_size"])
        except VideoError:
            if journal.n_rows == 0:  # there is nothing that could be gone on with
                journal.path.unlink()
            raise
        notes = [*task.notes, *told]
        attributes = _attributes(video, path, task.run, request, journal.n_rows)
    write_poses_file(journal, target, attributes)
    journal.path.unlink()
    exports = write_exports(task.run, target, path, formats)
    seconds = time.perf_counter() - began
    return PredictionResult(
        path=path,
        output=target,
        n_frames=journal.n_rows,
        seconds=seconds,
        frames_per_s=(journal.n_rows - n_before) / seconds,
        peak_memory_mb=peak_memory_mb(),
        engine=task.predictor.engine.name,
        notes=tuple(notes),
        exports=exports,
    )


def _attributes(
    video: "FrameSource", path: Path, run: "Run", request: dict[str, Any], n_frames: int
) -> dict[str, Any]:
    entry = {"operation": "predict", "datetime": utc_now(), **request, "n_frames": n_frames}
    return {
        "ds_type": "poses",
        "source_software": "marey",
        "time_unit": "seconds" if video.fps else "frames",
        **({"fps": float(video.fps)} if video.fps else {}),
        "source_file": path.name,
        "scorer": run.name,
        SCORER_ATTRIBUTE: dlc_scorer(run),
        "skeleton": json.dumps(run.skeleton.to_dict(), ensure_ascii=False),
        "log": json.dumps([entry], ensure_ascii=False),
    }
