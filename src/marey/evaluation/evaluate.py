"""A run's errors on each part of its split, never mixed, found by the predictor that users run."""

import csv
import io
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from marey.errors import NotFoundError
from marey.evaluation.part import Part, part_of_one, part_of_several, unlabelled_animals
from marey.evaluation.summary import summarise_part
from marey.files import write_json, write_text
from marey.metrics import lone_size, reference_length
from marey.progress import Progress, ProgressCallback, ignore_progress
from marey.runs import Run

if TYPE_CHECKING:
    from marey.model import LabeledFrame, Labels
    from marey.prediction import Prediction
    from marey.project import Project

PARTS = ("test", "validation", "train")
DEFAULT_CONFIDENCE_CUT = 0.6
# An offset of all points is worth a word when it is so large, and so large a part of the usual error.
LEAST_OFFSET_PX = 1.0
OFFSET_SHARE = 0.6
PREDICTIONS_COLUMNS = (
    "part", "image", "keypoint", "true_x", "true_y", "x", "y",
    "error_px", "confidence", "expected_error_px", "error_90_px", "animal",
)  # fmt: skip


class ImagePredictor(Protocol):
    """Finds the animals in images; :class:`marey.prediction.Predictor` does."""

    def predict_images(self, images: Any) -> "Prediction":
        """Return the poses of uint8 RGB images with one animal."""
        ...

    def predict_animals(self, images: Any) -> "list[Prediction]":
        """Return the poses of all animals in each image."""
        ...


@dataclass(frozen=True)
class Evaluation:
    """The evaluation of one run.

    Parameters
    ----------
    run
        What was evaluated.
    parts
        Truth and prediction by part; a part without frames is left out.
    reference_px
        The animal's typical size: the unit of relative PCK.
    confidence_cut
        The confidence below which points are left out in ``with_confidence_cut``.
    """

    run: Run
    parts: dict[str, Part]
    reference_px: float
    confidence_cut: float
    engine: str = ""
    metrics: dict[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return all figures as plain values: a mapping per part, see the command's ``--json``."""
        return self.metrics


def evaluate(
    project: "Project",
    run: Run,
    *,
    parts: Sequence[str] = PARTS,
    confidence_cut: float = DEFAULT_CONFIDENCE_CUT,
    predictor: ImagePredictor | None = None,
    progress: ProgressCallback = ignore_progress,
) -> Evaluation:
    """Evaluate a run on the confirmed labels of the frames named in its split.

    A run that finds several animals is not blamed for finding one that is in the labels, but of which nothing
    is confirmed: such predictions are left out and counted as ``n_ignored_instances``. In other frames, every
    animal counts as labelled.

    Parameters
    ----------
    parts
        Which of ``test``, ``validation`` and ``train``.
    confidence_cut
        For the figures that leave out unsure points.
    predictor
        What finds the poses; left out: the one that :func:`marey.predict` uses.

    Returns
    -------
    Evaluation
        It is also written to the run's ``evaluation`` folder: ``metrics.json``, and every point in
        ``predictions.csv``.

    Raises
    ------
    InputError
        The project's keypoints are not the run's.
    NotFoundError
        None of the frames has labels any more.
    """
    run.check_skeleton(project.skeleton)
    labels = project.load_labels()
    by_key = {frame.image_key: frame for frame in labels.confirmed()}
    engine = "given"
    if predictor is None:
        from marey.prediction import open_predictor

        opened = open_predictor(run, progress=progress)
        predictor, engine = opened, opened.engine.name
    found = {}
    for part in parts:
        frames = [by_key[key] for key in getattr(run.split, part) if key in by_key]
        if frames:
            found[part] = _predict_part(project, labels, frames, predictor, run, part, progress)
    if not found:
        raise NotFoundError(
            f"none of the frames of the run {run.name!r} has labels in {project.root} any more",
            hint="was the project relabelled or its videos renamed? Train a new run",
        )
    reference = reference_length(np.concatenate([part.truth for part in found.values()]))
    metrics: dict[str, Any] = {
        "run": run.name,
        "approach": run.approach.kind,
        "split": run.split.description,
        "engine": engine,
        "reference_length_px": reference,
        "confidence_means_within_px": (run.calibration or {}).get("threshold_px"),
    }
    for name, seen in found.items():
        metrics[name] = summarise_part(
            seen,
            run.skeleton.keypoints,
            reference_px=reference,
            confidence_cut=confidence_cut,
            threshold_px=metrics["confidence_means_within_px"],
        )
    evaluation = Evaluation(run, found, reference, confidence_cut, engine, metrics)
    write_json(run.evaluation_folder / "metrics.json", _without_nan(metrics))
    write_text(run.evaluation_folder / "predictions.csv", _predictions_table(found, run.skeleton.keypoints))
    return evaluation


def offset_warning(figures: Mapping[str, Any]) -> str | None:
    """Return a sentence on labels that all lie to one side of what the network finds; None where they don't.

    Parameters
    ----------
    figures
        Those of one part.
    """
    x, y = figures["offset_px"]
    if not figures["n_points"] or np.hypot(x, y) < max(
        LEAST_OFFSET_PX, OFFSET_SHARE * figures["median_error_px"]
    ):
        return None
    return (
        f"the points as a whole lie {x:+.1f}, {y:+.1f} px (x, y) beside the labels: were these labels moved, "
        "or placed differently from those of the training frames?"
    )


def load_evaluation(run: Run) -> dict[str, Any]:
    """Return the figures of the last evaluation of a run.

    Raises
    ------
    NotFoundError
        It has not been evaluated.
    """
    path = run.evaluation_folder / "metrics.json"
    if not path.is_file():
        raise NotFoundError(
            f"the run {run.name!r} has not been evaluated", hint=f"marey evaluate … --run {run.name}"
        )
    return json.loads(path.read_text(encoding="utf-8"))


def _predict_part(
    project: "Project",
    labels: "Labels",
    frames: "list[LabeledFrame]",
    predictor: ImagePredictor,
    run: Run,
    name: str,
    progress: ProgressCallback,
) -> Part:
    frames = sorted(frames, key=lambda frame: frame.key)

    def images() -> Any:
        for i, image in enumerate(project.read_images(frames)):
            progress(Progress(f"evaluating the {name} frames", i + 1, len(frames)))
            yield image

    every = {frame.key: frame for frame in labels}
    labels = replace(labels, frames=frames)
    lone_px = lone_size(run.plan.frame_size)
    if run.approach.kind == "single":
        return part_of_one(labels, predictor.predict_images(images()), lone_px=lone_px)
    return part_of_several(
        labels,
        predictor.predict_animals(images()),
        unlabelled=[unlabelled_animals(every[frame.key], len(labels.skeleton)) for frame in frames],
        lone_px=lone_px,
    )


def _predictions_table(parts: dict[str, Part], keypoints: Sequence[str]) -> str:
    """Return every point as a line of CSV; what is missing is left empty."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(PREDICTIONS_COLUMNS)
    for name, part in parts.items():
        judged = np.stack([part.errors, part.confidence, part.expected_error, part.error_90], axis=-1)
        values = np.concatenate([part.truth, part.points, judged], axis=-1)
        seen: Counter[str] = Counter()
        for key, rows in zip(part.keys, values, strict=True):
            seen[key] += 1
            for keypoint, row in zip(keypoints, rows, strict=True):
                cells = [f"{value:.4f}" if np.isfinite(value) else "" for value in row]
                writer.writerow([name, key, keypoint, *cells, seen[key]])
    return buffer.getvalue()


def _without_nan(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nan(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nan(item) for item in value]
    return None if isinstance(value, float) and not np.isfinite(value) else value
