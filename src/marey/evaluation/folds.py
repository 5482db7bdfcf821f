"""Figures of a cross-validation: the test frames of all folds together."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from marey.errors import InputError
from marey.evaluation.evaluate import Evaluation
from marey.evaluation.part import instance_figures, score_animals
from marey.metrics import interval_coverage, summarise_errors


def pool_folds(evaluations: Sequence[Evaluation]) -> Mapping[str, Any]:
    """Summarise the test parts of several folds, each frame predicted by the network that has not seen it.

    Raises
    ------
    InputError
        A frame is tested by two folds, or there is no test part.
    """
    parts = [evaluation.parts["test"] for evaluation in evaluations if "test" in evaluation.parts]
    if not parts:
        raise InputError("none of the runs has test frames", hint="train with --split kfold:5")
    keys = [key for part in parts for key in dict.fromkeys(part.keys)]
    if len(set(keys)) != len(keys):
        raise InputError("the runs are no folds: some frames are tested by several of them")
    errors = np.concatenate([part.errors for part in parts])
    has_truth = np.concatenate([part.has_truth for part in parts])
    radius = np.concatenate([part.error_90 for part in parts])
    keypoints = evaluations[0].run.skeleton.keypoints
    animals = [frame for part in parts for frame in part.animals or ()]
    return {
        "n_folds": len(parts),
        "n_frames": len(keys),
        **asdict(summarise_errors(errors, has_truth=has_truth)),
        "per_keypoint": {
            name: asdict(summarise_errors(errors[:, i], has_truth=has_truth[:, i]))
            for i, name in enumerate(keypoints)
        },
        "per_fold_mean_error_px": [summarise_errors(part.errors).mean_error_px for part in parts],
        "interval_coverage_90": interval_coverage(radius, errors),
        **(instance_figures(score_animals(animals, len(keypoints))) if animals else {}),
    }
