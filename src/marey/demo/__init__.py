"""The first five minutes: the whole workflow, on recordings that Marey renders itself.

Everything but the rendering and the labels, which follow from the rendered truth, is the code that real data
goes through. What is heavy is loaded when it is first used.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from marey.demo.recording import RenderedRecording, render_recording
    from marey.demo.workflow import DemoPlan, DemoResult, run_demo

_HOMES = {
    "DemoPlan": "workflow",
    "DemoResult": "workflow",
    "RenderedRecording": "recording",
    "render_recording": "recording",
    "run_demo": "workflow",
}

__all__ = ["DemoPlan", "DemoResult", "RenderedRecording", "render_recording", "run_demo"]


def __getattr__(name: str) -> Any:
    import importlib

    if name not in _HOMES:
        raise AttributeError(f"module 'marey.demo' has no attribute {name!r}")
    return getattr(importlib.import_module(f"marey.demo.{_HOMES[name]}"), name)
