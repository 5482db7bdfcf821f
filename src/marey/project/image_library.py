"""The part of a project that knows the images of its frames, extracted or brought from elsewhere."""

from collections.abc import Generator, Iterable, Mapping
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from marey.errors import InputError, NotFoundError
from marey.model import LabeledFrame
from marey.progress import Progress, ProgressCallback, ignore_progress
from marey.project.frame_store import FrameStore, encode_png, name_frame, number_images, read_image
from marey.project.label_store import LabelStore
from marey.project.video_library import VideoLibrary


class ImageLibrary(VideoLibrary):
    """The images of a project's frames; the labels say which frame an image shows."""

    @property
    def labels_folder(self) -> Path:
        """Holds one table per video."""
        return self.root / "labels"

    def frames_folder(self, video: str) -> Path:
        """Return the folder of the extracted frames of `video`, whether or not it exists."""
        return self.root / "frames" / video

    def image_names(self, video: str) -> list[str]:
        """Return the names of the extracted frames of `video`, sorted."""
        return self._frames.image_names(video)

    @cached_property
    def _labels(self) -> LabelStore:
        return LabelStore(self.labels_folder)

    @cached_property
    def _frames(self) -> FrameStore:
        return FrameStore(self.root / "frames")

    def add_frames(
        self, video: str, indices: Iterable[int], *, progress: ProgressCallback = ignore_progress
    ) -> list[Path]:
        """Extract frames as PNG, exact to the pixel; those that are there already are left alone.

        Parameters
        ----------
        video
            Names the video.
        indices
            Frame numbers, counted from 0 in presentation order.

        Returns
        -------
        list of Path
            The images that were written now, by frame number.

        Raises
        ------
        InputError
            A frame number is beyond the end.
        """
        present = set(self.extracted_frames(video))
        wanted = sorted({int(i) for i in indices} - present)
        if not wanted:
            return []
        paths = []
        with self.open_video(video) as source:
            if wanted[0] < 0 or wanted[-1] >= source.n_frames:
                bad = wanted[0] if wanted[0] < 0 else wanted[-1]
                raise InputError(f"{video} has the frames 0 to {source.n_frames - 1}, got {bad}")
            for done, index in enumerate(wanted, start=1):
                name = name_frame(index, source.n_frames)
                paths.append(self._frames.add(video, name, encode_png(source.read(index))))
                progress(Progress(f"extracting frames of {video}", done, len(wanted)))
        return paths

    def add_image(self, video: str, frame: int, source: str | Path | np.ndarray) -> Path:
        """Add the image of a frame that comes from elsewhere, and return where it lies now.

        Parameters
        ----------
        video, frame
            What it shows; for a file, the labels must say which image belongs to which frame, because
            its name is kept.
        source
            A file, copied byte by byte under its own name, or uint8 RGB of shape (H, W, 3).

        Raises
        ------
        AlreadyExistsError
            Another image of this video has the same name.
        """
        entry = self._entry(video)
        if isinstance(source, np.ndarray):
            return self._frames.add(video, name_frame(frame, entry.n_frames), encode_png(source))
        source = Path(source)
        try:
            data = source.read_bytes()
        except FileNotFoundError as error:
            raise NotFoundError(f"expected an image at {source}, but there is none") from error
        return self._frames.add(video, source.name, data)

    def extracted_frames(self, video: str) -> list[int]:
        """Return the numbers of the frames of `video` that have an image, sorted."""
        return sorted(self.frame_images(video))

    def frame_images(self, video: str) -> dict[int, str]:
        """Return the names of the images of `video` by frame number.

        The labels say which frame an image shows; an image without labels tells it by its name.
        """
        self._entry(video)
        names = self._frames.image_names(video)
        labelled = {frame.image: frame.frame for frame in self._labels.load(video, self.skeleton)}
        images = {number: name for name, number in number_images(names) if name not in labelled}
        images.update({labelled[name]: name for name in names if name in labelled})
        return dict(sorted(images.items()))

    def image_path(self, frame: LabeledFrame) -> Path | None:
        """Return the image of a labelled frame, or None where only the video has it."""
        self._entry(frame.video)
        return self._stored(frame, {} if frame.image else self.frame_images(frame.video))

    def _stored(self, frame: LabeledFrame, images: Mapping[int, str]) -> Path | None:
        """Return the image of a frame, given what :meth:`frame_images` says of its video."""
        name = frame.image or images.get(frame.frame)
        path = None if name is None else self._frames.path(frame.video, name)
        return path if path is not None and path.exists() else None

    def read_image(self, frame: LabeledFrame) -> np.ndarray:
        """Return the pixels of a labelled frame, from its image or else from the video.

        Returns
        -------
        np.ndarray
            uint8 RGB, shape (H, W, 3).

        Raises
        ------
        NotFoundError
            There is neither an image nor a video.
        """
        path = self.image_path(frame)
        if path is not None:
            return read_image(path)
        with self.open_video(frame.video) as video:
            return video.read(frame.frame)

    def beyond_the_end(self, frames: Iterable[LabeledFrame]) -> list[LabeledFrame]:
        """Return the labelled frames that have no image, and that their video is too short to have.

        Raises
        ------
        NotFoundError
            A video is not there, and frames need it.
        """
        by_video: dict[str, list[LabeledFrame]] = {}
        for frame in frames:
            by_video.setdefault(frame.video, []).append(frame)
        beyond = []
        for key, labelled in by_video.items():
            images = self.frame_images(key)
            needed = [frame for frame in labelled if self._stored(frame, images) is None]
            if needed:
                with self.open_video(key) as video:
                    beyond += [frame for frame in needed if frame.frame >= video.n_frames]
        return beyond

    def read_images(self, frames: Iterable[LabeledFrame]) -> Generator[np.ndarray]:
        """Yield the pixels of labelled frames in their order; each video is opened once.

        Quicker than :meth:`read_image` where frames come from videos, most of all in the order of time.
        """
        images: dict[str, dict[int, str]] = {}
        with ExitStack() as opened:
            videos: dict[str, Any] = {}
            for frame in frames:
                if frame.video not in images:
                    images[frame.video] = self.frame_images(frame.video)
                path = self._stored(frame, images[frame.video])
                if path is not None:
                    yield read_image(path)
                    continue
                if frame.video not in videos:
                    videos[frame.video] = opened.enter_context(self.open_video(frame.video))
                yield videos[frame.video].read(frame.frame)
