"""A network as one ONNX file that runs without Marey."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

from marey import __version__
from marey.errors import AlreadyExistsError
from marey.networks.decoding import FEATURE_NAMES, WINDOW_CELLS
from marey.networks.looking import HELPFUL_SHARE, OFF_CENTER_SHARE
from marey.prediction.translation import write_onnx

if TYPE_CHECKING:
    from marey.runs import Run

SCHEMA_VERSION = 1


def export_model(run: "Run", output: str | Path, *, overwrite: bool = False) -> Path:
    """Write a run's network as ONNX with everything that is needed to use it elsewhere.

    The input ``images`` is RGB, uint8, shape (batch, height, width, 3), with sides that are multiples of 32;
    the output ``logits`` is float32, (batch, keypoint, height / stride, width / stride). The metadata entry
    ``marey`` is JSON: keypoints, stride, views, how the animal is found, and how peaks become
    confidences. A network that measures in crops and has statistics of their own for them is written as two
    branches, of which the size of the images chooses one.
    ``examples/run_exported_model.py`` shows how it is used.

    Parameters
    ----------
    run
        A trained run.
    output
        The ``.onnx`` file.
    overwrite
        Replace a file that is there already.

    Returns
    -------
    Path
        The file that was written.

    Raises
    ------
    AlreadyExistsError
        The file is there already.
    MissingExtraError
        The package onnx is not installed.
    """
    output = Path(output)
    if output.exists() and not overwrite:
        raise AlreadyExistsError(
            f"{output} exists already", hint="choose another name, or overwrite it (--overwrite)"
        )
    description = {
        "schema_version": SCHEMA_VERSION,
        "made_by": f"marey {__version__}",
        "run": run.name,
        "weights_sha256": run.weights_hash,
        "skeleton": run.skeleton.to_dict(),
        "stride": run.config.stride,
        "approach": run.approach.to_dict(),
        "views": run.plan.to_dict(),
        "decoding": {"window_cells": WINDOW_CELLS, "features": FEATURE_NAMES},
        "finding": {"helpful_share": HELPFUL_SHARE, "off_center_share": OFF_CENTER_SHARE},
        "calibration": run.calibration,
    }
    metadata = {"marey": json.dumps(description, ensure_ascii=False)}
    write_onnx(run.load_network(), output, run.plan.size, is_dynamic=True, metadata=metadata)
    return output
