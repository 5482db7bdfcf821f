"""Figures of a cross-validation: each part of all folds together, and never mixed with another."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from marey.errors import InputError
from marey.evaluation.evaluate import PARTS, Evaluation
from marey.evaluation.part import Part
from marey.evaluation.summary import BLOCK_LENGTH, summarise_part
from marey.metrics import reference_length, summarise_errors


def pool_folds(evaluations: Sequence[Evaluation], name: str = "") -> Mapping[str, Any]:
    """Summarise the parts of several folds in the shape that one run's evaluation has.

    In the test part, each frame is predicted by the network that has not seen it. In the training part, a
    frame counts once for every fold that was trained on it. Each part also says what the mean error of each
    fold is: ``per_fold_mean_error_px``.

    Parameters
    ----------
    evaluations
        One per fold.
    name
        What the folds are called together.

    Raises
    ------
    InputError
        A frame is tested by two folds, or there is no test part.
    """
    tested = [evaluation.parts["test"] for evaluation in evaluations if "test" in evaluation.parts]
    if not tested:
        raise InputError("none of the runs has test frames", hint="train with --split kfold:5")
    keys = [key for part in tested for key in dict.fromkeys(part.keys)]
    if len(set(keys)) != len(keys):
        raise InputError("the runs are no folds: some frames are tested by several of them")
    first = evaluations[0]
    reference = reference_length(np.concatenate([part.truth for part in tested]))
    thresholds = _thresholds(evaluations)
    return {
        "run": name,
        "approach": first.run.approach.kind,
        "split": first.run.split.description,
        "engine": ", ".join(dict.fromkeys(evaluation.engine for evaluation in evaluations)),
        "reference_length_px": reference,
        "confidence_means_within_px": None if thresholds is None else float(np.mean(thresholds)),
        "n_folds": len(tested),
        **{
            part: _pool(with_part, part, reference)
            for part in PARTS
            if (with_part := [evaluation for evaluation in evaluations if part in evaluation.parts])
        },
    }


def _thresholds(evaluations: Sequence[Evaluation]) -> list[float] | None:
    """Return what counts as right in the words of each fold's confidence; None where one has no say."""
    found = [evaluation.metrics["confidence_means_within_px"] for evaluation in evaluations]
    return None if None in found else found


def _pool(evaluations: Sequence[Evaluation], name: str, reference_px: float) -> dict[str, Any]:
    parts = [evaluation.parts[name] for evaluation in evaluations]
    order = _in_time(parts)
    pooled = _join(parts, order)
    if any(part.visible for part in parts):
        pooled = replace(pooled, visible=_join([part.visible or part for part in parts], order))
    thresholds = _thresholds(evaluations)
    n_times = round(sum(part.n_frames for part in parts) / pooled.n_frames)
    return {
        **summarise_part(
            pooled,
            evaluations[0].run.skeleton.keypoints,
            reference_px=reference_px,
            confidence_cut=evaluations[0].confidence_cut,
            threshold_px=None
            if thresholds is None
            else np.repeat(thresholds, [len(part.keys) for part in parts])[order],
            block_length=BLOCK_LENGTH * n_times,  # the rows of a frame that several folds have err together
        ),
        "per_fold_mean_error_px": [summarise_errors(part.errors).mean_error_px for part in parts],
    }


def _join(parts: Sequence[Part], order: Sequence[int]) -> Part:
    def rows(name: str) -> np.ndarray:
        return np.concatenate([getattr(part, name) for part in parts])[order]

    keys = [key for part in parts for key in part.keys]
    videos = [video for part in parts for video in part.videos]
    return Part(
        keys=tuple(keys[row] for row in order),
        videos=tuple(videos[row] for row in order),
        truth=rows("truth"),
        area=rows("area"),
        points=rows("points"),
        confidence=rows("confidence"),
        expected_error=rows("expected_error"),
        error_90=rows("error_90"),
        animals=_animals(parts),
        n_ignored=sum(part.n_ignored for part in parts),
    )


def _in_time(parts: Sequence[Part]) -> list[int]:
    """Return the order of the parts' rows by video and image."""
    from marey.video.images import natural_key

    keys = [
        (video, natural_key(key)) for part in parts for video, key in zip(part.videos, part.keys, strict=True)
    ]
    return sorted(range(len(keys)), key=keys.__getitem__)


def _animals(parts: Sequence[Part]) -> Any:
    if any(part.animals is None for part in parts):
        return None
    return tuple(frame for part in parts for frame in part.animals or ())
