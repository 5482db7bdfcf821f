"""Who is looking at which frame: so that two labellers know of each other."""

import threading
import time
from dataclasses import dataclass

from marey.server.schemas.labels import Lease, LeaseRequest

LEASE_S = 30.0


@dataclass
class _Holder:
    labeller: str
    page: str
    until: float


class Leases:
    """Who has which frame for the next seconds; in memory, because nothing depends on it but a notice."""

    def __init__(self) -> None:
        self._holders: dict[tuple[str, int], _Holder] = {}
        self._lock = threading.Lock()

    def take(self, video: str, frame: int, request: LeaseRequest) -> Lease:
        """Take or renew the lease of a frame, or learn who has it."""
        now = time.monotonic()
        with self._lock:
            self._holders = {key: holder for key, holder in self._holders.items() if holder.until > now}
            holder = self._holders.get((video, frame))
            if holder is None or holder.page == request.page:
                # A page looks at one frame at a time.
                self._holders = {k: h for k, h in self._holders.items() if h.page != request.page}
                holder = _Holder(request.labeller, request.page, now + LEASE_S)
                self._holders[video, frame] = holder
            return Lease(
                labeller=holder.labeller,
                is_yours=holder.page == request.page,
                seconds_left=round(holder.until - now, 1),
            )
