"""Which frames are worth labelling: of a new video, and of one that has been predicted."""

from marey.selection.budget import spread_budget
from marey.selection.extraction import extract_frames
from marey.selection.select import METHODS, select_frames
from marey.selection.suggest import Suggestion, suggest_frames

__all__ = [
    "METHODS",
    "Suggestion",
    "extract_frames",
    "select_frames",
    "spread_budget",
    "suggest_frames",
]
