"""The demo, step by step, with the same public functions that real data goes through."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from marey.demo.findings import Findings, compare_with_truth
from marey.demo.folder import DemoFolder
from marey.demo.labelling import label_frames
from marey.demo.recording import RenderedRecording, render_recording
from marey.evaluation import evaluate, write_report
from marey.formats import load_poses, save_poses
from marey.prediction import predict
from marey.progress import Progress, ProgressCallback, ignore_progress
from marey.project import Project
from marey.refinement import smooth
from marey.runs import preset
from marey.selection import select_frames
from marey.synthesis import RecordingSpec
from marey.training import train
from marey.visualisation import RenderStyle, plot_poses, render_video

if TYPE_CHECKING:
    from marey.runs import Run

AUTHOR = "demo"
RUN_NAME = "first"
UNSEEN = "unseen"

# What lets a network learn ten keypoints in two minutes on two cores: a tight crop, small batches, and no
# more variation than these recordings have. Mirrored images are left out because they put off the moment at
# which the network tells left from right beyond what the demo has time for. Real projects keep the defaults.
TRAINING_SETTINGS = {
    "batch_size": 4,
    "crop_side": 160,
    "augmentation.flip": False,
    "augmentation.scale": 1.15,
    "augmentation.brightness": 12,
    "augmentation.contrast": 1.15,
    "augmentation.gamma": 1.15,
    "augmentation.blur_px": 0.8,
    "augmentation.noise": 4,
    "augmentation.occluders": 0,
}


@dataclass(frozen=True)
class DemoPlan:
    """How much the demo does.

    Parameters
    ----------
    n_recordings
        How many recordings are labelled; one more is kept for the end.
    train_s, unseen_s
        Length of each labelled recording, and of the unseen one.
    labels_per_recording
        How many frames of each are labelled.
    steps
        Training steps.
    size
        Width and height of the recordings in pixels.
    """

    n_recordings: int = 3
    train_s: float = 12.0
    unseen_s: float = 20.0
    labels_per_recording: int = 40
    steps: int = 1300
    size: tuple[int, int] = (320, 240)

    def spec(self, seed: int, number: int) -> RecordingSpec:
        """Return what to render as the recording of that number; the last one is the unseen one."""
        spec = RecordingSpec(species="mouse", size=self.size, seed=1000 * seed + number)
        seconds = self.unseen_s if number == self.n_recordings else self.train_s
        return replace(spec, n_frames=max(1, round(seconds * spec.fps)))


@dataclass(frozen=True)
class DemoResult:
    """What a demo made and found.

    Parameters
    ----------
    folder, project, video, poses, smoothed_poses, labelled_video, report, plots
        Where things are.
    predicted, smoothed
        Errors on the unseen recording against the exact truth, before and after smoothing.
    steps, planned_steps
        How many steps the network was trained for, and for how many it would have been with time enough.
    seconds
        Time by step, and in all.
    """

    folder: Path
    project: Path
    video: Path
    poses: Path
    smoothed_poses: Path
    labelled_video: Path
    report: Path
    plots: tuple[Path, ...]
    predicted: Findings
    smoothed: Findings
    steps: int
    planned_steps: int
    seconds: dict[str, float] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return asdict(self)


def run_demo(
    folder: str | Path,
    *,
    seed: int = 0,
    time_limit_minutes: float | None = None,
    plan: DemoPlan | None = None,
    overwrite: bool = False,
    progress: ProgressCallback = ignore_progress,
) -> DemoResult:
    """Render recordings, and go with them from a new project to measured poses.

    Parameters
    ----------
    folder
        Where to; new, empty, or made by an earlier demo.
    seed
        Another seed renders other recordings.
    time_limit_minutes
        What training may take at most; a slow machine then sees fewer images.
    plan
        How much is done.
    overwrite
        Whether `folder` may be one that holds other things; they stay.
    progress
        Told what is being done.

    Raises
    ------
    AlreadyExistsError
        There is something else in `folder`.
    """
    plan, clock = plan or DemoPlan(), _Clock()
    place = DemoFolder.claim(folder, overwrite=overwrite)
    with clock.time("render"):
        recordings = [
            _render(plan.spec(seed, number), place, plan, number, progress)
            for number in range(plan.n_recordings + 1)
        ]
    *labelled, unseen = recordings
    with clock.time("project and labels"):
        project = _make_project(place, labelled, plan, seed, progress)
    with clock.time("train"):
        run = _train(project, plan, seed, time_limit_minutes, progress)
    with clock.time("evaluate"):
        report = _evaluate(project, run, progress)
    with clock.time("predict"):
        (prediction,) = predict(run, unseen.path, place.results, progress=progress)
    with clock.time("smooth"):
        poses = load_poses(prediction.output)
        smoothed, smoothed_path = smooth(poses), place.results / f"{UNSEEN}-smoothed.nc"
        save_poses(smoothed, smoothed_path)
    with clock.time("show"):
        labelled_video = place.results / f"{UNSEEN}-labelled.mp4"
        render_video(
            unseen.path,
            smoothed,
            labelled_video,
            style=RenderStyle(scale=3.0, trail_s=0.5),
            skeleton=project.skeleton,
            progress=progress,
        )
        plots = _plot(smoothed, unseen, place, progress)
    length, truth = unseen.body_length_px, unseen.poses
    result = DemoResult(
        folder=place.root,
        project=place.project,
        video=unseen.path,
        poses=prediction.output,
        smoothed_poses=smoothed_path,
        labelled_video=labelled_video,
        report=report,
        plots=tuple(plots),
        predicted=compare_with_truth(poses, truth, length),
        smoothed=compare_with_truth(smoothed, truth, length),
        steps=run.provenance["steps"],
        planned_steps=plan.steps,
        seconds=clock.seconds,
    )
    place.write_mark({"finished": True, "seed": seed, "mean_error_px": result.smoothed.mean_error_px})
    return result


def _render(
    spec: RecordingSpec, place: DemoFolder, plan: DemoPlan, number: int, progress: ProgressCallback
) -> RenderedRecording:
    name = UNSEEN if number == plan.n_recordings else f"mouse{number + 1}"
    rendered = render_recording(spec, place.recordings / f"{name}.mp4", progress=progress)
    save_poses(rendered.poses, place.recordings / f"{name}-truth.nc")
    return rendered


def _make_project(
    place: DemoFolder,
    recordings: list[RenderedRecording],
    plan: DemoPlan,
    seed: int,
    progress: ProgressCallback,
) -> Project:
    """Make a project, choose frames that differ, extract and label them."""
    project = Project.create(place.project, name="demo", skeleton=recordings[0].skeleton)
    rng = np.random.default_rng((seed, 4))
    for recording in recordings:
        video = project.add_video(recording.path)
        with project.open_video(video) as opened:
            frames = select_frames(opened, plan.labels_per_recording, seed=seed, progress=progress)
        project.add_frames(video, frames, progress=progress)
        labels = label_frames(video, frames, recording.points, recording.visibility, rng)
        images = project.frame_images(video)
        labels = [replace(frame, image=images.get(frame.frame)) for frame in labels]
        project.save_labels(video, labels, author=AUTHOR, note="placed by the demo")
    return project


def _train(
    project: Project,
    plan: DemoPlan,
    seed: int,
    time_limit_minutes: float | None,
    progress: ProgressCallback,
) -> "Run":
    config = preset("fast").with_settings(
        {
            **TRAINING_SETTINGS,
            "steps": plan.steps,
            "seed": seed,
            "time_limit_minutes": time_limit_minutes,
            "validate_every": max(1, plan.steps // 5),
        }
    )
    return train(project, RUN_NAME, config, split="blocks:0.8", progress=progress)


def _evaluate(project: Project, run: "Run", progress: ProgressCallback) -> Path:
    evaluation = evaluate(project, run, progress=progress)
    return write_report(evaluation, project, run.evaluation_folder / "report.html")


def _plot(
    poses: Any, recording: RenderedRecording, place: DemoFolder, progress: ProgressCallback
) -> list[Path]:
    from marey.video import open_video

    progress(Progress("drawing plots", 0, 1))
    with open_video(recording.path) as video:
        background = video.read(0)
    paths = plot_poses(poses, place.results / "plots", background=background)
    progress(Progress("drawing plots", 1, 1))
    return paths


class _Clock:
    """Measures how long each step takes."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._started = time.monotonic()

    @contextmanager
    def time(self, step: str) -> Iterator[None]:
        started = time.monotonic()
        yield
        self.seconds[step] = round(time.monotonic() - started, 1)
        self.seconds["total"] = round(time.monotonic() - self._started, 1)
