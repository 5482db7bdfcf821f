"""Who is looking at which frame: so that labellers know of each other."""

import threading
import time
from dataclasses import dataclass

from marey.server.schemas.labels import Lease, LeaseRequest

LEASE_S = 30.0


@dataclass
class _Visit:
    labeller: str
    video: str
    frame: int
    until: float


class Leases:
    """Who looks at what for the next seconds; in memory, because nothing depends on it but a notice."""

    def __init__(self) -> None:
        # By page, in the order in which the pages came to their frames.
        self._visits: dict[str, _Visit] = {}
        self._lock = threading.Lock()

    def take(self, video: str, frame: int, request: LeaseRequest) -> Lease:
        """Say that a page looks at a frame, and learn who else does; who came first has it."""
        now = time.monotonic()
        with self._lock:
            self._visits = {page: visit for page, visit in self._visits.items() if visit.until > now}
            visit = self._visits.get(request.page)
            if visit is None or (visit.video, visit.frame) != (video, frame):
                self._visits.pop(request.page, None)  # a page looks at one frame at a time
            visit = _Visit(request.labeller, video, frame, now + LEASE_S)
            self._visits[request.page] = visit
            here = {p: v for p, v in self._visits.items() if (v.video, v.frame) == (video, frame)}
            first = next(iter(here))
            return Lease(
                labeller=here[first].labeller,
                is_yours=first == request.page,
                seconds_left=round(here[first].until - now, 1),
                others=[other.labeller for page, other in here.items() if page != request.page],
            )
