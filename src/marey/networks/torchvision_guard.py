"""Lets timm be imported where torchvision's compiled part does not fit the installed torch.

A CUDA build of torchvision beside a CPU build of torch (an easy mix to install) fails to load its compiled
operators, and ``import torchvision`` then stops with "operator torchvision::nms does not exist". The Python
parts need only the names of two operators, so they are declared here; nothing in Marey calls them.
"""

import importlib.util
from functools import cache
from typing import Any

_SCHEMAS = {
    "nms": "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms": "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
}


@cache
def import_timm() -> Any:
    """Import timm, declaring torchvision's operators first where they cannot be loaded."""
    if importlib.util.find_spec("torchvision") is not None and not _compiled_part_loads():
        _declare_operators()
    import timm

    return timm


def _compiled_part_loads() -> bool:
    """Load torchvision's operators the way torchvision does, without importing it."""
    import torch

    origin = importlib.util.find_spec("torchvision").origin  # type: ignore[union-attr]
    from pathlib import Path

    for library in Path(str(origin)).parent.glob("_C*"):
        try:
            torch.ops.load_library(library)
        except OSError:
            return False
    return hasattr(torch.ops.torchvision, "nms")


@cache
def _declare_operators() -> Any:
    import torch

    library = torch.library.Library("torchvision", "FRAGMENT")
    for name, schema in _SCHEMAS.items():
        if not hasattr(torch.ops.torchvision, name):
            library.define(schema)
    return library  # the declarations live as long as this object, which the cache keeps
