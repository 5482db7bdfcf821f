"""Marey turns videos of animals into measurements of behaviour, without markers.

Names are loaded when they are first used, so ``import marey`` costs a few milliseconds.

>>> import marey
>>> marey.Skeleton(("snout", "tailbase")).keypoints
('snout', 'tailbase')
"""

import importlib
from typing import Any

__version__ = "0.1.0"

_HOMES = {
    "Instance": "marey.model",
    "LabeledFrame": "marey.model",
    "Labels": "marey.model",
    "MareyError": "marey.errors",
    "Project": "marey.project",
    "Run": "marey.runs",
    "Skeleton": "marey.model",
    "TrainingConfig": "marey.runs",
    "evaluate": "marey.evaluation",
    "load_labels": "marey.formats",
    "load_poses": "marey.formats",
    "open_video": "marey.video",
    "predict": "marey.prediction",
    "render_video": "marey.visualisation",
    "save_labels": "marey.formats",
    "save_poses": "marey.formats",
    "smooth": "marey.refinement",
    "suggest_frames": "marey.selection",
    "train": "marey.training",
}

__all__ = ["__version__", *sorted(_HOMES)]  # noqa: PLE0604 - the names are strings


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'marey' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return __all__
