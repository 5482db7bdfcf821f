"""Which engine a run is predicted with: the fastest one that gives the same poses.

Every installed engine predicts the run's own validation frames. One may be used when its poses move by
at most a quarter of a pixel (median) against PyTorch in float32, and its error is within 2 % of it. An
engine that this processor is no good at, such as bfloat16 without instructions for it, is not shown the
frames: it can take minutes. The verdict is kept with the run, for this machine and these versions; the
adaptive crop is judged likewise.
"""

import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from marey.errors import MareyError, StorageError
from marey.files import utc_now, write_json
from marey.metrics import euclidean_errors, find_truth, lone_size, take_matched
from marey.networks.views import View
from marey.prediction.crop_trial import CropTrial, mean_error, try_adaptive_crop
from marey.prediction.engines import (
    ENGINES,
    Engine,
    create_engine,
    describe_machine,
    gpu_kind,
    usable_engines,
)
from marey.prediction.frames import ImageFrame
from marey.prediction.predictor import Predictor, pipelined
from marey.prediction.several import SeveralPredictor, predictor_of
from marey.prediction.translation import NetworkFiles
from marey.progress import Progress, ProgressCallback, ignore_progress

if TYPE_CHECKING:
    from torch import nn

    from marey.project import Project
    from marey.runs import Run

FILE_NAME = "gate.json"
MAX_MOVEMENT_PX = 0.25
MAX_ERROR_GROWTH = 0.02
MAX_FRAMES = 100
MAX_SHIFTS = 8
SHIFT_PX = 6
TIMING_ROUNDS = 4
TIMED_IMAGES = 16
# How much slower than float32 at a glance, which is easily off by two on a busy machine, is not worth a look.
MAX_SLOWDOWN = 4
GLANCED_IMAGES = 2


@dataclass(frozen=True)
class Trial:
    """How one engine did.

    Parameters
    ----------
    engine
        Its name.
    frames_per_s
        Of the network alone, on the measuring view.
    movement_px
        Median distance of its points from float32 PyTorch's.
    error_px
        Mean distance from the labels.
    is_allowed
        Whether it may be chosen.
    reason
        Why not, or "".
    """

    engine: str
    frames_per_s: float = float("nan")
    movement_px: float = float("nan")
    error_px: float = float("nan")
    is_allowed: bool = False
    reason: str = ""

    def describe(self) -> str:
        """Say in a line what was measured, and why the engine is out where it is."""
        figures = [
            text.format(value)
            for text, value in (
                ("{:.3g} frames/s", self.frames_per_s),
                ("moves {:.3f} px", self.movement_px),
                ("error {:.2f} px", self.error_px),
            )
            if np.isfinite(value)
        ]
        reason = f"({self.reason})" if self.reason else ""
        return f"{self.engine}: {', '.join(figures)} {reason}".rstrip()


@dataclass(frozen=True)
class Verdict:
    """What :func:`prepare_engines` found out.

    Parameters
    ----------
    engine
        The engine to use.
    device
        Where it computes.
    n_frames
        Validation frames that it was judged on.
    trials
        One per installed engine.
    adaptive_crop
        Whether to follow the animal.
    max_movement_px, max_error_growth
        The limits that were applied.
    weights, machine
        What the verdict holds for.
    """

    engine: str
    device: str
    n_frames: int
    trials: tuple[Trial, ...]
    adaptive_crop: CropTrial
    max_movement_px: float
    max_error_growth: float
    weights: str
    machine: dict[str, Any] = field(default_factory=dict)
    created: str = ""

    def describe(self) -> list[str]:
        """Say what was chosen and why, a line for each engine."""
        lines = [f"engine {self.engine}, chosen on {self.n_frames} validation frames"]
        for trial in self.trials:
            lines.append(f"  {trial.describe()}")
        lines.append(
            f"adaptive crop {'on' if self.adaptive_crop.is_on else 'off'}: {self.adaptive_crop.reason}"
        )
        return lines

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "Verdict":
        """Build a verdict from JSON."""
        trials = tuple(Trial(**_numbers(trial)) for trial in data["trials"])
        size = data["adaptive_crop"].get("size")
        crop = CropTrial(**{**_numbers(data["adaptive_crop"]), "size": tuple(size) if size else None})
        return cls(**{**data, "trials": trials, "adaptive_crop": crop})


def prepare_engines(
    run: "Run",
    project: "Project | None" = None,
    *,
    device: str = "auto",
    max_movement_px: float = MAX_MOVEMENT_PX,
    max_error_growth: float = MAX_ERROR_GROWTH,
    progress: ProgressCallback = ignore_progress,
) -> Verdict:
    """Translate a run's network for the installed engines, judge them, and keep the verdict with the run.

    Parameters
    ----------
    run
        A trained run.
    project
        Where its validation frames are; by default the project in whose folder the run lies.
    device
        ``"cpu"``, ``"cuda"``, ``"mps"``, or ``"auto"`` for a GPU where there is one.
    max_movement_px, max_error_growth
        How far poses may move (median), and the error grow (as a share), for an engine to be allowed.
    progress
        Told about each engine.
    """
    device = resolve_device(device)
    images, truths = _validation_frames(run, project)
    network = _LoadedOnce.of(run)
    reference = "torch" if device == "cpu" else f"torch-{device}"
    names = [reference, *(name for name in usable_engines(device) if name != reference)]
    judged: list[tuple[Trial, Predictor | None]] = []
    measured: _Reference | None = None
    for i, name in enumerate(names):
        progress(Progress("comparing engines", i, len(names)))
        trial, predictor, measured = _try_engine(run, name, network, images, truths, measured)
        judged.append((trial, predictor))
    progress(Progress("comparing engines", len(names), len(names)))
    trials = _time_engines(judged, images)
    trials = [_apply_limits(trial, trials[0], max_movement_px, max_error_growth) for trial in trials]
    allowed = [trial for trial in trials if trial.is_allowed]
    chosen = max(allowed, key=lambda trial: trial.frames_per_s).engine
    predictor = judged[[trial.engine for trial in trials].index(chosen)][1]
    assert predictor is not None
    verdict = Verdict(
        engine=chosen,
        device=device,
        n_frames=len(images),
        trials=tuple(trials),
        adaptive_crop=_try_crop(predictor, images, truths),
        max_movement_px=max_movement_px,
        max_error_growth=max_error_growth,
        weights=run.weights_hash,
        machine=describe_machine(),
        created=utc_now(),
    )
    _keep(run, verdict)
    return verdict


def load_verdict(run: "Run", device: str) -> Verdict | None:
    """Return the verdict of :func:`prepare_engines` where it holds for these weights and this machine."""
    try:
        data = json.loads((run.engines_folder / FILE_NAME).read_text(encoding="utf-8"))
        verdict = Verdict.from_dict(data[device])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    is_valid = verdict.weights == run.weights_hash and verdict.machine == describe_machine()
    return verdict if is_valid else None


def choose_engine(
    run: "Run",
    name: str = "auto",
    *,
    device: str = "auto",
    project: "Project | None" = None,
    progress: ProgressCallback = ignore_progress,
) -> tuple[Engine, Verdict | None]:
    """Make the engine that a run is predicted with.

    Parameters
    ----------
    run
        A trained run.
    name
        An engine's name, or ``"auto"`` for the verdict's; it is made now if there is none for this machine.
    device, project, progress
        As :func:`prepare_engines` takes them.

    Returns
    -------
    engine
        Ready to be given images.
    verdict
        What is known about the engines, or None.
    """
    if name != "auto":
        device = ENGINES[name].device if name in ENGINES else "cpu"
        return create_engine(name, NetworkFiles.of(run)), load_verdict(run, device)
    device = resolve_device(device)
    verdict = load_verdict(run, device) or prepare_engines(run, project, device=device, progress=progress)
    return create_engine(verdict.engine, NetworkFiles.of(run)), verdict


def resolve_device(device: str) -> str:
    """Return where to compute: what was asked for, or a GPU where there is one, else the CPU."""
    return (gpu_kind() or "cpu") if device == "auto" else device


@dataclass(frozen=True)
class _Reference:
    """What is measured, what float32 PyTorch sees there, shape (n_jobs, n_keypoints, 2), and how fast it is.

    Without jobs whole frames are predicted, and there is a row for each labelled animal.
    """

    jobs: Sequence[tuple[ImageFrame, View]]
    points: np.ndarray
    frames_per_s: float


class _LoadedOnce(NetworkFiles):
    """The network's files, where the network is loaded at most once however many engines ask."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        load = self.load
        loaded: list[nn.Module] = []

        def load_once() -> Any:
            import copy

            if not loaded:
                loaded.append(load())
            return copy.deepcopy(loaded[0])

        self.load = load_once


def _validation_frames(run: "Run", project: "Project | None") -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Return the validation images of a run and the labels of each, (n_animals, K, 2).

    Nothing where they cannot be read. A run that finds one animal is judged on frames with one.
    """
    nothing: tuple[list[np.ndarray], list[np.ndarray]] = ([], [])
    wanted = set(run.split.validation)
    try:
        if project is None:
            from marey.project import Project

            project = Project.open(run.path.parent.parent)
        frames = [frame for frame in project.load_labels().frames if frame.image_key in wanted]
        is_single = run.approach.kind == "single"
        frames = [
            frame for frame in frames if frame.instances and (len(frame.instances) == 1 or not is_single)
        ]
        step = max(1, -(-len(frames) // MAX_FRAMES))
        images = list(project.read_images(frames[::step]))
    except MareyError:
        return nothing
    return images, [np.stack([i.confirmed_points() for i in frame.instances]) for frame in frames[::step]]


def _try_engine(
    run: "Run",
    name: str,
    network: NetworkFiles,
    images: Sequence[np.ndarray],
    truths: Sequence[np.ndarray],
    reference: _Reference | None,
) -> tuple[Trial, Predictor | None, _Reference | None]:
    """Measure the validation frames with one engine; one that fails or is slow is out but for the first."""
    try:
        predictor = predictor_of(run, create_engine(name, network))
        for size in {run.plan.size, run.plan.locate_size}:
            predictor.engine.prepare(size)
        speed = _time_network(predictor, images, GLANCED_IMAGES)
        if reference is not None and speed * MAX_SLOWDOWN < reference.frames_per_s:
            trial = Trial(name, frames_per_s=speed, reason="slower than PyTorch in float32")
            return trial, None, reference
        jobs: Sequence[tuple[ImageFrame, View]] = ()
        if isinstance(predictor, SeveralPredictor):
            points = _find_labelled(predictor, images, truths)
        else:
            jobs = _jobs(predictor, images) if reference is None else reference.jobs
            points = _measure(predictor, jobs)
    except Exception as error:
        if reference is None:
            raise
        # Whatever a foreign engine cannot do with this network, the others can.
        return Trial(name, reason=f"failed: {str(error)[:200]}"), None, reference
    reference = reference or _Reference(jobs, points, speed)
    truth = np.concatenate([np.zeros((0, *points.shape[1:])), *truths])
    truth = np.tile(truth, (len(points) // max(len(truth), 1), 1, 1))
    moved = euclidean_errors(points, reference.points)[np.isfinite(truth).all(axis=-1)]
    moved = moved[np.isfinite(moved)]
    movement = float(np.median(moved)) if moved.size else float("nan")
    return Trial(name, movement_px=movement, error_px=mean_error(points, truth)), predictor, reference


def _jobs(predictor: Predictor, images: Sequence[np.ndarray]) -> list[tuple[ImageFrame, View]]:
    """Return which views of the validation frames all engines measure, about a hundred.

    Few frames are shown several times, slightly shifted: a single point that jumps between two equal peaks
    would otherwise decide about an engine.
    """
    if not len(images):
        return []
    frames = [ImageFrame(image) for image in images]
    views = [pose.view for _, pose in predictor.search(frames)]
    rng = np.random.default_rng(0)
    jobs = list(zip(frames, views, strict=True))
    for _ in range(min(MAX_SHIFTS, MAX_FRAMES // len(frames)) - 1):
        for frame, view in zip(frames, views, strict=True):
            dx, dy = (round(d / view.scale) for d in rng.uniform(-SHIFT_PX, SHIFT_PX, size=2))
            jobs.append((frame, replace(view, corner=(view.corner[0] + dx, view.corner[1] + dy))))
    return jobs


def _measure(predictor: Predictor, jobs: Sequence[tuple[ImageFrame, View]]) -> np.ndarray:
    """Return the points that an engine sees, shape (n_jobs, n_keypoints, 2)."""
    started = pipelined(jobs, lambda job: predictor.start(*job), predictor.engine.n_in_flight)
    points = [pose.points for _, pose in started]
    return np.array(points).reshape(-1, len(predictor.keypoints), 2)


def _find_labelled(
    predictor: Predictor, images: Sequence[np.ndarray], truths: Sequence[np.ndarray]
) -> np.ndarray:
    """Return where an engine sees each labelled animal, shape (n_animals, n_keypoints, 2); NaN: nowhere."""
    seen = [found.points for found in predictor.predict_animals(images)]
    matches = find_truth(seen, truths, lone_px=lone_size(predictor.plan.frame_size))
    points = [take_matched(found, rows) for found, rows in zip(seen, matches, strict=True)]
    return np.concatenate([np.zeros((0, len(predictor.keypoints), 2)), *points])


def _time_engines(
    judged: Sequence[tuple[Trial, Predictor | None]], images: Sequence[np.ndarray]
) -> list[Trial]:
    """Add the frames/s of each engine: the best of several rounds, in turns, as other programs disturb."""
    trials = [trial for trial, _ in judged]
    for _ in range(TIMING_ROUNDS):
        for i, (_, predictor) in enumerate(judged):
            if predictor is not None:
                speed = _time_network(predictor, images, TIMED_IMAGES)
                trials[i] = replace(trials[i], frames_per_s=float(np.fmax(trials[i].frames_per_s, speed)))
    return trials


def _time_network(predictor: Predictor, images: Sequence[np.ndarray], n_images: int) -> float:
    """Return the frames/s of the network on at least `n_images` and two batches of the measuring view."""
    engine, plan = predictor.engine, predictor.plan
    image = images[0] if len(images) else np.zeros((*plan.frame_size[::-1], 3), dtype=np.uint8)
    view = plan.crop_view((image.shape[1] / 2, image.shape[0] / 2))
    batch = np.repeat(view.cut(image)[None], engine.batch_size, axis=0)
    n_calls = max(2, n_images // engine.batch_size)
    began = time.perf_counter()
    for _ in pipelined([batch] * n_calls, engine.start, engine.n_in_flight):
        pass
    return n_calls * len(batch) / (time.perf_counter() - began)


def _apply_limits(trial: Trial, reference: Trial, max_movement_px: float, max_error_growth: float) -> Trial:
    is_judged = np.isfinite(reference.error_px)
    if trial.reason:
        return trial
    if not is_judged and not ENGINES[trial.engine].is_exact:
        return replace(trial, reason="not in float32, and there are no validation frames to judge it on")
    if is_judged and not trial.movement_px <= max_movement_px:
        return replace(trial, reason=f"moves poses by more than {max_movement_px} px")
    if is_judged and not trial.error_px <= reference.error_px * (1 + max_error_growth):
        return replace(trial, reason=f"its error is over {max_error_growth:.0%} above float32's")
    return replace(trial, is_allowed=True)


def _try_crop(predictor: Predictor, images: Sequence[np.ndarray], truths: Sequence[np.ndarray]) -> CropTrial:
    if isinstance(predictor, SeveralPredictor):
        return CropTrial(is_on=False, reason="several animals are looked for in every frame")
    truth = np.concatenate([np.zeros((0, len(predictor.keypoints), 2)), *truths])
    return try_adaptive_crop(predictor, images, truth)


def _keep(run: "Run", verdict: Verdict) -> None:
    path = run.engines_folder / FILE_NAME
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        kept = {}
    try:
        write_json(path, {**kept, verdict.device: _plain(asdict(verdict))})
    except StorageError:  # a run on a drive that cannot be written is judged each time
        return


def _plain(value: Any) -> Any:
    """Replace NaN by None, which JSON can hold."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return None if isinstance(value, float) and not np.isfinite(value) else value


def _numbers(data: dict[str, Any]) -> dict[str, Any]:
    return {key: float("nan") if value is None else value for key, value in data.items()}
