"""What is predicted of a video, and with what: the same request gives the same poses."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from marey import __version__
from marey.errors import ConfigError
from marey.files import fingerprint, sha256_of_bytes

if TYPE_CHECKING:
    from marey.runs import Run
    from marey.video.source import FrameSource

AdaptiveCrop = Literal["on", "off", "auto"]
# What decides about the poses, other than the engine and the adaptive crop, which may be chosen by the gate.
_IDENTITY = ("weights", "video_fingerprint", "start", "stop", "step", "crop", "n_animals", "n_candidates")


@dataclass(frozen=True)
class Selection:
    """Which part of each video is predicted.

    Parameters
    ----------
    start, stop, step
        Frames, as in ``range``; `stop` None is the end.
    crop
        (x, y, width, height) in pixels: what lies outside is not seen. Poses are in pixels of the frame.
    """

    start: int = 0
    stop: int | None = None
    step: int = 1
    crop: tuple[int, int, int, int] | None = None

    def __post_init__(self) -> None:
        stop = self.start + 1 if self.stop is None else self.stop
        if self.start < 0 or stop <= self.start or self.step < 1:
            raise ConfigError(
                f"expected frames start < stop, counted from 0, and a step of at least 1, got "
                f"{self.start}:{'' if self.stop is None else self.stop}:{self.step}"
            )
        if self.crop is not None and (len(self.crop) != 4 or min(self.crop) < 0 or min(self.crop[2:]) < 1):
            raise ConfigError(f"expected a crop as x, y, width, height in pixels, got {self.crop}")

    def check_fits(self, video: "FrameSource") -> None:
        """Refuse frames that the video does not have, and a crop that reaches beyond them."""
        name = video.path.name
        if self.start >= video.n_frames:
            raise ConfigError(
                f"the frames from {self.start} on were asked for, but {name} has only {video.n_frames}"
            )
        if self.crop is None:
            return
        x, y, width, height = self.crop
        if x + width > video.width or y + height > video.height:
            raise ConfigError(
                f"the crop {x},{y},{width},{height} reaches beyond the frames of {name}, which have "
                f"{video.width}x{video.height} pixels"
            )


def describe_request(
    run: "Run",
    path: Path,
    selection: Selection,
    *,
    engine: str,
    follow_size: Sequence[int] | None,
    batch_size: int,
    n_animals: int,
    n_candidates: int = 1,
) -> dict[str, Any]:
    """Return everything that the poses of a video depend on, as plain values."""
    return {
        "marey": __version__,
        "run": run.name,
        "weights": run.weights_hash,
        "keypoints": list(run.skeleton.keypoints),
        "video": path.name,
        "video_fingerprint": fingerprint_source(path),
        "start": selection.start,
        "stop": selection.stop,
        "step": selection.step,
        "crop": None if selection.crop is None else list(selection.crop),
        "engine": engine,
        "follow_size": None if follow_size is None else list(follow_size),
        "batch_size": batch_size,
        "n_animals": n_animals,
        **({"n_candidates": n_candidates} if n_candidates > 1 else {}),
        **({"individuals": list(run.approach.individuals)} if run.approach.individuals else {}),
    }


def differences(wanted: dict[str, Any], found: dict[str, Any], names: Sequence[str] = _IDENTITY) -> list[str]:
    """Return in words what two requests differ in."""
    return [
        f"{name} is {wanted.get(name)} instead of {found.get(name)}"
        for name in names
        if wanted.get(name) != found.get(name)
    ]


def fingerprint_source(path: Path) -> str:
    """Return what identifies the content of a video file or of a folder of images."""
    if not path.is_dir():
        return fingerprint(path)
    files = sorted(file for file in path.iterdir() if file.is_file() and not file.name.startswith("."))
    listing = "\n".join(f"{file.name} {file.stat().st_size}" for file in files)
    return f"{len(files)}-{sha256_of_bytes(listing.encode())[:32]}"


def name_outputs(videos: Sequence[Path], folder: Path) -> list[Path]:
    """Return the file of each video's poses: its name, with more of its path where names clash."""
    names = [video.stem if video.is_file() else video.name for video in videos]
    for longer in (
        lambda video: video.name.replace(".", "-"),
        lambda video: f"{video.parent.name}-{video.name}",
    ):
        clashes = {name for name in names if names.count(name) > 1}
        names = [
            longer(video) if name in clashes else name for name, video in zip(names, videos, strict=True)
        ]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise ConfigError(
            f"several videos would be written to {folder / twice}.h5",
            hint="predict them into different folders",
        )
    return [folder / f"{name}.h5" for name in names]
