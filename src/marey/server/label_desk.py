"""Labels while people work on them: read and written frame by frame, nothing lost, nobody overwritten.

A write goes into the journal (:mod:`.label_journal`) before it is answered. The table of labels, with its
history, is written a little later by the project itself: at once when something else is about to read it.
"""

import contextlib
import logging
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from marey.errors import ConflictError, InputError, MareyError, NotFoundError
from marey.model import LabeledFrame
from marey.project.frame_store import number_images
from marey.project.stamps import carry_stamps, stamp_changes
from marey.server.errors import PreconditionError, describe
from marey.server.label_journal import FOLDER, LabelJournal
from marey.server.leases import Leases
from marey.server.reviews import Reviews
from marey.server.schemas.labels import (
    ConflictProblem,
    FrameLabels,
    LabelConflict,
    LabelsWrite,
    Review,
    Revision,
)
from marey.server.wire import NO_LABELS, frame_from_wire, instance_to_wire, revision_of

if TYPE_CHECKING:
    from marey.server.context import OpenProject

IDLE_S = 3.0
"""The table is written when nobody has changed anything for so long ..."""
AT_LATEST_S = 30.0
"""... or so long after the first change."""

log = logging.getLogger("marey.server")

Stamp = tuple[int, int, int] | None


class LabelConflictError(ConflictError):
    """Somebody else saved first.

    Parameters
    ----------
    message
        Who and when.
    current
        What is saved.
    """

    def __init__(self, message: str, current: FrameLabels) -> None:
        super().__init__(message, hint="look at both versions; nothing was overwritten")
        self.current = current


def conflict_of(error: LabelConflictError) -> LabelConflict:
    """Return the body of the 409."""
    problem = describe(error)
    return LabelConflict(
        error=ConflictProblem(kind="ConflictError", message=problem.message, hint=problem.hint),
        current=error.current,
    )


@dataclass
class _Sheet:
    """The labels of one video in memory."""

    frames: dict[int, LabeledFrame]
    revision: str
    stamp: Stamp
    journal: LabelJournal
    keypoints: tuple[str, ...]
    authors: set[str] = field(default_factory=set)
    first_change: float = 0.0
    last_change: float = 0.0

    @property
    def is_dirty(self) -> bool:
        return self.journal.n_pending > 0


class LabelDesk:
    """The labels of one project.

    Parameters
    ----------
    project
        Whose labels.
    """

    def __init__(self, project: "OpenProject") -> None:
        self._owner = project
        self._folder = project.project.labels_folder
        self.leases = Leases()
        self.reviews = Reviews(self._folder / "review.json")
        self._sheets: dict[str, _Sheet] = {}
        self._lock = threading.RLock()
        self._wake, self._is_closing = threading.Event(), False
        self._take_up_what_a_crash_left()
        self._thread = threading.Thread(target=self._write_tables, name="marey-labels", daemon=True)
        self._thread.start()

    def frames(self, video: str) -> dict[int, LabeledFrame]:
        """Return the labelled frames of a video by number, as they are now."""
        with self._lock:
            return dict(self._sheet(video).frames)

    def read(self, video: str, frame: int) -> FrameLabels:
        """Return the labels of one frame."""
        with self._lock:
            return self._describe(self._sheet(video), video, frame)

    def write(self, video: str, frame: int, labels: LabelsWrite, expected: str | None) -> FrameLabels:
        """Put `labels` in place of those of one frame; they are on disk when this returns.

        Raises
        ------
        PreconditionError
            `expected` is missing.
        LabelConflictError
            The frame is not at the revision `expected` any more; nothing was written.
        LabelsError, InputError
            The labels do not fit the skeleton or the video.
        """
        if expected is None:
            raise PreconditionError(
                "expected the revision that the labels were made from, in If-Match",
                hint="read the labels first",
            )
        with self._lock:
            sheet = self._sheet(video)
            self._check_frame(video, frame)
            current = sheet.frames.get(frame)
            if expected.strip().strip('"') != revision_of(current):
                raise LabelConflictError(_who_was_first(current), self._describe(sheet, video, frame))
            image = current.image if current is not None else self._image_of(video, frame)
            new = frame_from_wire(video, frame, image, labels, len(sheet.keypoints))
            if new is not None:
                new = carry_stamps(new, current)
                (new,) = stamp_changes([new], [current] if current else [], labels.labeller)
            if revision_of(new) != revision_of(current):
                sheet.journal.append(frame, new, sheet.keypoints)
                self._put(sheet, frame, new, labels.labeller)
            return self._describe(sheet, video, frame)

    def set_review(self, video: str, frame: int, review: Review) -> FrameLabels:
        """Note whether somebody should look at a frame again."""
        self._owner.require_video(video)
        self.reviews.set(video, frame, review)
        return self.read(video, frame)

    def history(self, video: str) -> list[Revision]:
        """Return the saved states of the labels of a video, latest first."""
        project = self._owner.project
        with self._lock:
            self._sheet(video)
            self.flush(video)
            present = project.label_revision(video)
        states = project.labels_history(video)
        return [
            Revision(
                id=state.id,
                number=state.number,
                time=state.time,
                author=state.author,
                note=state.note,
                n_frames=state.n_frames,
                is_present=state.id == present,
            )
            for state in reversed(states)
        ]

    def restore(self, video: str, revision: str, *, author: str) -> list[Revision]:
        """Go back to an earlier state; what is there now stays in the history."""
        with self._lock:
            self._sheet(video)
            self.flush(video)
            self._owner.project.restore_labels(video, revision, author=author)
            self._sheets.pop(video, None)
        return self.history(video)

    def flush(self, video: str | None = None) -> None:
        """Write the tables of all videos, or of one, that are behind their journals."""
        with self._lock:
            for key in list(self._sheets) if video is None else [video]:
                sheet = self._sheets.get(key)
                if sheet is not None and sheet.is_dirty:
                    self._write_table(key, sheet)

    def forget(self) -> None:
        """Forget what was read, because the skeleton or the videos changed; call :meth:`flush` before."""
        with self._lock:
            self._sheets.clear()

    def close(self) -> None:
        """Write what is unwritten, and stop."""
        self._is_closing = True
        self._wake.set()
        self._thread.join(timeout=10)
        self.flush()

    def _sheet(self, video: str) -> _Sheet:
        """Return the labels of a video as they are on disk, with what the table does not have yet."""
        project = self._owner.project
        project._entry(video)
        sheet = self._sheets.get(video)
        keypoints = project.skeleton.keypoints
        stamp = self._stamp_of(video)
        if sheet is not None and sheet.stamp == stamp and sheet.keypoints == keypoints:
            return sheet
        revision = project.label_revision(video)
        frames = {frame.frame: frame for frame in project.load_labels(video)}
        journal = LabelJournal(self._folder / FOLDER / f"{video}.jsonl", video)
        sheet = _Sheet(frames, revision, stamp, journal, keypoints)
        for number, labels in journal.read(keypoints).items():
            self._put(sheet, number, labels, "")
        self._sheets[video] = sheet
        return sheet

    def _put(self, sheet: _Sheet, frame: int, labels: LabeledFrame | None, author: str) -> None:
        if labels is None:
            sheet.frames.pop(frame, None)
        elif frame in sheet.frames or not sheet.frames or frame > max(sheet.frames):
            sheet.frames[frame] = labels
        else:
            in_order = list(sheet.frames) == sorted(sheet.frames)
            sheet.frames[frame] = labels
            if in_order:
                sheet.frames = dict(sorted(sheet.frames.items()))
        now = time.monotonic()
        sheet.first_change = sheet.first_change or now
        sheet.last_change = now
        if author:
            sheet.authors.add(author)
        self._wake.set()

    def _write_table(self, video: str, sheet: _Sheet) -> None:
        project = self._owner.project
        try:
            self._save(video, sheet)
        except ConflictError:
            # Somebody changed the table outside of this server: our changes go on top of theirs, which stay
            # in the history.
            self._sheets.pop(video, None)
            sheet = self._sheet(video)
            self._save(video, sheet)
        sheet.revision = project.label_revision(video)
        sheet.stamp = self._stamp_of(video)
        sheet.journal.begin(sheet.keypoints)
        sheet.authors.clear()
        sheet.first_change = 0.0

    def _save(self, video: str, sheet: _Sheet) -> None:
        self._owner.project.save_labels(
            video,
            sheet.frames.values(),
            author=", ".join(sorted(sheet.authors)),
            expected_revision=sheet.revision,
            note="labelled in the browser",
        )

    def _write_tables(self) -> None:
        while not self._is_closing:
            self._wake.wait(timeout=1.0 if self._has_dirty() else None)
            self._wake.clear()
            now = time.monotonic()
            with self._lock:
                due = [
                    (video, sheet)
                    for video, sheet in self._sheets.items()
                    if sheet.is_dirty
                    and (now - sheet.last_change > IDLE_S or now - sheet.first_change > AT_LATEST_S)
                ]
                for video, sheet in due:
                    try:
                        self._write_table(video, sheet)
                    except (MareyError, OSError) as error:  # the journal has it: try again later
                        log.warning("the labels of %s could not be written: %s", video, error)
                        sheet.last_change = now

    def _has_dirty(self) -> bool:
        with self._lock:
            return any(sheet.is_dirty for sheet in self._sheets.values())

    def _take_up_what_a_crash_left(self) -> None:
        videos = self._owner.project.videos
        for path in sorted((self._folder / FOLDER).glob("*.jsonl")):
            if path.stem in videos:
                with contextlib.suppress(MareyError):  # it will be told to whoever opens that video
                    self._sheet(path.stem)
        self.flush()

    def _describe(self, sheet: _Sheet, video: str, frame: int) -> FrameLabels:
        labels = sheet.frames.get(frame)
        instances = labels.instances if labels is not None else ()
        review = self.reviews.get(video, frame)
        return FrameLabels(
            video=video,
            frame=frame,
            image=labels.image if labels is not None else self._image_of(video, frame),
            instances=[instance_to_wire(instance) for instance in instances],
            no_animal=labels is not None and not instances,
            revision=NO_LABELS if labels is None else revision_of(labels),
            number=sheet.journal.number,
            needs_review=review is not None,
            review_note=review or "",
        )

    def _check_frame(self, video: str, frame: int) -> None:
        n_frames = self._owner.project.videos[video].n_frames
        if frame < 0 or (n_frames is not None and frame >= n_frames):
            raise InputError(f"{video} has the frames 0 to {(n_frames or 1) - 1}, got {frame}")

    def _image_of(self, video: str, frame: int) -> str | None:
        names = self._owner.project.image_names(video)
        return next((name for name, number in number_images(names) if number == frame), None)

    def _stamp_of(self, video: str) -> Stamp:
        try:
            status = (self._folder / f"{video}.csv").stat()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise NotFoundError(f"the labels of {video} cannot be read: {error}") from error
        return status.st_mtime_ns, status.st_size, status.st_ino


def _who_was_first(current: LabeledFrame | None) -> str:
    if current is None:
        return "these labels were removed in the meantime"
    stamped = [
        (time_, author)
        for instance in current.instances
        for time_, author in zip(instance.times, instance.authors, strict=True)
        if time_
    ]
    who = f" by {max(stamped)[1]}" if stamped and max(stamped)[1] else ""
    return f"these labels were changed{who} in the meantime"
