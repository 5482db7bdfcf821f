"""Who is who: tracks of several animals, how sure they are, how good, and their repair by hand."""

from marey.tracking.certainty import Doubt, doubts_of
from marey.tracking.compare import evaluate_instances, evaluate_tracks
from marey.tracking.edits import Confirm, Delete, Edit, Interpolate, Join, Rename, Split, Swap
from marey.tracking.files import track_file
from marey.tracking.reading import load_animals, load_truth
from marey.tracking.repair import Entry, History, OpenedTracks, TrackEditor
from marey.tracking.review import Suspicion, find_suspicions
from marey.tracking.track import Tracking, track

__all__ = [
    "Confirm",
    "Delete",
    "Doubt",
    "Edit",
    "Entry",
    "History",
    "Interpolate",
    "Join",
    "OpenedTracks",
    "Rename",
    "Split",
    "Suspicion",
    "Swap",
    "TrackEditor",
    "Tracking",
    "doubts_of",
    "evaluate_instances",
    "evaluate_tracks",
    "find_suspicions",
    "load_animals",
    "load_truth",
    "track",
    "track_file",
]
