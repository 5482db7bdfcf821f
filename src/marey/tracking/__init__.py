"""Who is who: tracks of several animals, how sure they are, and how good."""

from marey.tracking.certainty import Doubt
from marey.tracking.compare import evaluate_tracks
from marey.tracking.track import Tracking, track

__all__ = ["Doubt", "Tracking", "evaluate_tracks", "track"]
