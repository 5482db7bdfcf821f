"""A project: a folder of plain files that holds videos, labels, frames, runs and predictions."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from marey.errors import (
    AlreadyExistsError,
    ConflictError,
    NotFoundError,
)
from marey.model import LabeledFrame, Labels, Skeleton, guess_symmetries
from marey.project import skeleton_change
from marey.project.document import build_project_file
from marey.project.image_library import ImageLibrary
from marey.project.label_store import Revision
from marey.project.names import check_name
from marey.project.project_file import (
    FILE_NAME,
    read_project_file,
    write_project_file,
)
from marey.project.rows import list_rows
from marey.project.stamps import stamp_changes

if TYPE_CHECKING:
    from marey.project.findings import Finding


AS_LOADED = "as loaded"


class Project(ImageLibrary):
    """A project on disk; make one with :meth:`create` or :meth:`open`.

    What the properties say is what ``project.yaml`` said when it was read; every change reads the file
    again under a lock, applies itself and writes, so that two people, or a person and a training run,
    can work at the same time. Opening and reading work in a folder that cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> from marey.model import Skeleton
    >>> project = Project.create(tempfile.mkdtemp() + "/mice", skeleton=Skeleton(("nose", "tail")))
    >>> project.name, len(project.load_labels())
    ('mice', 0)
    """

    @classmethod
    def create(
        cls,
        folder: str | Path,
        *,
        name: str | None = None,
        skeleton: Skeleton,
        individuals: Sequence[str] = (),
        conditions: Sequence[str] = (),
    ) -> "Project":
        """Make a new project in `folder`, which may exist but must not hold a project.

        Left/right pairs that the skeleton does not state are guessed from the names of the keypoints and
        marked as not confirmed.

        Raises
        ------
        AlreadyExistsError
            There is a project in this folder.
        ConfigError
            A name is empty or occurs twice.
        """
        root = Path(folder).absolute()
        path = root / FILE_NAME
        if path.exists():
            raise AlreadyExistsError(
                f"there is already a project at {root}", hint="open it, or choose another folder"
            )
        confirmed = bool(skeleton.symmetries)
        if not confirmed:
            skeleton = replace(skeleton, symmetries=guess_symmetries(skeleton.keypoints))
        file = build_project_file(
            name=name or root.name,
            skeleton=skeleton.to_dict(),
            symmetries_confirmed=confirmed,
            individuals=tuple(individuals),
            conditions=tuple(conditions),
        )
        write_project_file(path, file)
        return cls(root, file)

    @classmethod
    def open(cls, path: str | Path) -> "Project":
        """Open the project at `path`: its folder, its ``project.yaml``, or anything inside the folder.

        Raises
        ------
        NotFoundError
            Neither the folder nor any above it holds a project.
        ConfigError, VersionError
            ``project.yaml`` is not what it should be, or newer than this version of Marey.
        """
        start = Path(path).absolute()
        for folder in (start, *start.parents):
            if (folder / FILE_NAME).is_file():
                project = cls(folder, read_project_file(folder / FILE_NAME))
                project._finish_interrupted_change()
                return project
        raise NotFoundError(
            f"expected a project at {start}, but neither it nor a folder above it holds a {FILE_NAME}",
            hint="make one with: marey new FOLDER --keypoints nose,tailbase",
        )

    def __repr__(self) -> str:
        return f"Project({str(self.root)!r}, {len(self.videos)} videos)"

    @property
    def runs_folder(self) -> Path:
        """Holds one folder per training."""
        return self.root / "runs"

    def history_folder(self, video: str) -> Path:
        """Return the folder of all earlier states of the labels of `video`."""
        return self._labels.history_folder(video)

    @property
    def predictions_folder(self) -> Path:
        """Where predictions go unless told otherwise."""
        return self.root / "predictions"

    def run_folder(self, name: str) -> Path:
        """Return the folder of the run `name`, whether or not it exists."""
        check_name(name, "the name of a run")
        return self.runs_folder / name

    def run_names(self) -> list[str]:
        """Return the names of the runs, sorted."""
        if not self.runs_folder.is_dir():
            return []
        folders = (path for path in self.runs_folder.iterdir() if path.is_dir())
        return sorted(path.name for path in folders if not path.name.startswith("."))

    @cached_property
    def _seen(self) -> dict[str, str]:
        """The revision of each video's labels that this object has last loaded or saved."""
        return {}

    def set_skeleton(
        self,
        skeleton: Skeleton,
        *,
        renames: Mapping[str, str] | None = None,
        allow_loss: bool = False,
        author: str = "",
    ) -> None:
        """Rename, add, remove or reorder keypoints, and carry the labels over.

        Parameters
        ----------
        skeleton
            The skeleton from now on.
        renames
            Old name to new name; keypoints that are neither renamed nor in `skeleton` are removed.
        allow_loss
            Whether labels of removed keypoints may be dropped; earlier revisions still hold them.
        author
            Goes into the history of the labels.

        Raises
        ------
        LabelsError
            A name is unknown, or labels would be dropped without `allow_loss`.
        """
        skeleton_change.change_skeleton(
            self.root, self._labels, skeleton, renames or {}, allow_loss=allow_loss, author=author
        )
        self._seen.clear()
        self.reload()

    def reload(self) -> None:
        """Read ``project.yaml`` again, for what others changed."""
        super().reload()
        self._finish_interrupted_change()

    def _finish_interrupted_change(self) -> None:
        if skeleton_change.finish_interrupted(self.root, self._labels):
            self._set(read_project_file(self.root / FILE_NAME))

    def remove_video(self, key: str) -> None:
        """Take a video out of the project; its labels stay in the history, its file and frames on disk."""
        self._entry(key)
        self._seen.pop(key, None)
        self._labels.remove(key, note="the video was removed from the project")
        self._change(lambda file: {"videos": {k: v for k, v in file.videos.items() if k != key}})

    def load_labels(self, video: str | None = None) -> Labels:
        """Return the labels of one video, or of all in the order of ``project.yaml``.

        Raises
        ------
        FormatError, LabelsError
            A table was edited by hand and is not what it should be.
        """
        if video is not None:
            self._entry(video)
        keys = list(self._file.videos) if video is None else [video]
        self._seen |= {key: self._labels.revision(key) for key in keys}
        frames = [frame for key in keys for frame in self._labels.load(key, self.skeleton)]
        return Labels(self.skeleton, frames, self.individuals)

    def row_keys(self) -> list[str]:
        """Return the image key ("video/img0042.png") of every row, labelled or not: what a row number means.

        In an imported project rows are those of the table or file that the labels came from, in its order;
        frames that were labelled since follow. Otherwise they are those of :meth:`load_labels`.
        """
        frames = self.load_labels().frames
        names = {frame.key: frame.image_key for frame in frames}
        for video in self.videos:
            for number, image in self.frame_images(video).items():
                names.setdefault((video, number), f"{video}/{image}")
        return [names.get(key, "/".join(map(str, key))) for key in list_rows(self.labels_folder, frames)]

    def label_revision(self, video: str) -> str:
        """Return the id of the present labels of `video`, "" where there are none."""
        self._entry(video)
        return self._labels.revision(video)

    def save_labels(
        self,
        video: str,
        frames: Iterable[LabeledFrame],
        *,
        author: str = "",
        expected_revision: str | None = AS_LOADED,
        note: str = "",
    ) -> str:
        """Put `frames` in place of the labels of `video`; the previous state stays in the history.

        Parameters
        ----------
        video
            Names the video.
        frames
            All of its labelled frames, in the order in which they are to be kept.
        author
            Who saves. Points that changed since the last save and do not say who set them get this name.
        expected_revision
            What :meth:`label_revision` said when the labels were loaded: nothing is written when it says
            something else by now. Left out, it is the revision that this object has last loaded or saved.
            None puts the frames in place of whatever is there.
        note
            Why; goes into the history.

        Returns
        -------
        str
            The new revision.

        Raises
        ------
        ConflictError
            Somebody else saved in the meantime, or changed the skeleton.
        LabelsError
            The frames do not fit the video or the skeleton.
        """
        self._entry(video)
        if expected_revision == AS_LOADED:
            expected_revision = self._seen.get(video)
        frames = list(frames)
        if author:
            frames = stamp_changes(frames, self._labels.load(video, self.skeleton), author)
        self._seen[video] = self._labels.save(
            video,
            frames,
            self.skeleton,
            author=author,
            expected_revision=expected_revision,
            note=note,
            check=self._check_skeleton_is_current,
        )
        return self._seen[video]

    def _check_skeleton_is_current(self) -> None:
        on_disk = read_project_file(self.root / FILE_NAME).skeleton.to_skeleton()
        if on_disk.keypoints != self.skeleton.keypoints or skeleton_change.is_interrupted(self.root):
            raise ConflictError(
                "the keypoints of the project were changed since it was opened; nothing was written",
                hint="open the project again and repeat the change",
            )

    def labels_history(self, video: str) -> list[Revision]:
        """Return every saved state of the labels of `video`, oldest first."""
        return self._labels.history(video)

    def restore_labels(self, video: str, revision: str | int, *, author: str = "") -> str:
        """Make an earlier state (its id or number) the present one, as a new revision; return its id.

        Raises
        ------
        NotFoundError
            There is no such revision.
        LabelsError
            It has keypoints that the skeleton no longer has.
        """
        self._entry(video)
        self._seen[video] = self._labels.restore(video, revision, self.skeleton, author=author)
        return self._seen[video]

    def check(self, *, deep: bool = False, search: Iterable[str | Path] = ()) -> "list[Finding]":
        """Say what is wrong or suspicious with videos, images and labels, most severe first.

        Parameters
        ----------
        deep
            Also decode every video to its end and every image, which takes a while.
        search
            More folders in which to look for videos that have moved.
        """
        from marey.project.checks import check_project

        return check_project(self, deep=deep, search=search)
