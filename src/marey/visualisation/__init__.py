"""Poses made visible: labelled videos and figures, in colours that colour-blind people can tell apart."""

from typing import TYPE_CHECKING, Any

from marey.visualisation.palettes import PALETTES, choose_colours
from marey.visualisation.style import RenderStyle

if TYPE_CHECKING:
    from marey.visualisation.figures import (
        plot_confidence,
        plot_coordinates,
        plot_heatmap,
        plot_steps,
        plot_trajectory,
    )
    from marey.visualisation.gallery import FIGURES, plot_poses, save_figure
    from marey.visualisation.render import render_video

# Matplotlib and OpenCV are loaded with what needs them, so that choosing a style costs nothing.
_HOMES = {
    "FIGURES": "gallery",
    "plot_confidence": "figures",
    "plot_coordinates": "figures",
    "plot_heatmap": "figures",
    "plot_poses": "gallery",
    "plot_steps": "figures",
    "plot_trajectory": "figures",
    "render_video": "render",
    "save_figure": "gallery",
}

__all__ = [
    "FIGURES",
    "PALETTES",
    "RenderStyle",
    "choose_colours",
    "plot_confidence",
    "plot_coordinates",
    "plot_heatmap",
    "plot_poses",
    "plot_steps",
    "plot_trajectory",
    "render_video",
    "save_figure",
]


def __getattr__(name: str) -> Any:
    import importlib

    if name not in _HOMES:
        raise AttributeError(f"module 'marey.visualisation' has no attribute {name!r}")
    return getattr(importlib.import_module(f"marey.visualisation.{_HOMES[name]}"), name)
