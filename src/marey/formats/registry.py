"""The formats that Marey reads and writes: one record each, and the choice among them by content.

A new format is a module with the functions it can offer and one :class:`Format` in :data:`FORMATS`.
"""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from marey.errors import FormatError, InputError, NotFoundError


@dataclass(frozen=True)
class Format:
    """One format of one tool.

    Parameters
    ----------
    name
        The word on the command line.
    title
        What people call it.
    module
        Where its functions are, below ``marey.formats``; imported when it is first used.
    suffix
        What its files end in; "" for folders.
    can
        Which of ``load_labels``, ``save_labels``, ``load_poses`` and ``save_poses`` the module has. It also
        has ``detect(path) -> bool``.
    keeps_waiting
        Whether its folders hold images that nobody has labelled yet.
    """

    name: str
    title: str
    module: str
    suffix: str
    can: frozenset[str]
    keeps_waiting: bool = False

    def function(self, name: str) -> Callable[..., Any]:
        """Return one of the module's functions.

        Raises
        ------
        InputError
            The format cannot do that.
        """
        if name not in self.can and name != "detect":
            raise InputError(
                f"{self.title} cannot be used to {name.replace('_', ' ')}",
                hint=f"formats that can: {', '.join(item.name for item in FORMATS if name in item.can)}",
            )
        module = importlib.import_module(f"marey.formats.{self.module}")
        return getattr(module, name)


def _format(
    name: str, title: str, module: str, suffix: str, can: str, *, keeps_waiting: bool = False
) -> Format:
    return Format(name, title, module, suffix, frozenset(can.split()), keeps_waiting)


_POSES = "load_poses save_poses"
_ALL = "load_labels save_labels load_poses save_poses"

# The order is that of detection: the stricter test first.
FORMATS: tuple[Format, ...] = (
    _format("marey", "Marey's netCDF", "native", ".nc", _POSES),
    _format("sleap", "SLEAP", "sleap", ".slp", _ALL),
    _format("sleap-analysis", "SLEAP analysis", "sleap.analysis", ".analysis.h5", _POSES),
    _format(
        "lightning-pose",
        "Lightning Pose",
        "lightning_pose",
        "",
        "load_labels save_labels",
        keeps_waiting=True,
    ),
    _format("coco", "COCO keypoints", "coco", ".json", "load_labels save_labels"),
    _format("nwb", "NWB", "nwb", ".nwb", _ALL),
    _format("jabs", "JABS", "jabs", ".h5", "load_labels load_poses"),
    _format("ultralytics", "Ultralytics pose", "ultralytics", "", "load_labels"),
    _format("anipose", "Anipose's 3D table", "anipose", ".csv", _POSES),
    _format("c3d", "C3D", "c3d", ".c3d", _POSES),
    _format("trc", "TRC", "trc", ".trc", _POSES),
    _format("table", "Marey's table", "plain_tables", ".csv", _ALL),
    _format("dlc", "DeepLabCut", "deeplabcut", ".h5", _ALL, keeps_waiting=True),
)


def format_named(name: str) -> Format:
    """Return the format of that name.

    Raises
    ------
    InputError
        There is none.
    """
    for item in FORMATS:
        if item.name == name:
            return item
    raise InputError(
        f"there is no format {name!r}", hint=f"the formats are {', '.join(item.name for item in FORMATS)}"
    )


def detect_format(path: Path, *needs: str) -> Format:
    """Return the format that `path` is in, judged by content.

    Parameters
    ----------
    path
        A file or a folder.
    needs
        What is to be done with it: ``"load_labels"`` or ``"load_poses"``, or both, where either will do.

    Raises
    ------
    NotFoundError
        There is nothing at `path`.
    FormatError
        No format fits.
    """
    if not path.exists():
        raise NotFoundError(f"expected a file or folder at {path}, but there is none")
    fitting = [item for item in FORMATS if item.function("detect")(path)]
    for item in fitting:
        if item.can.intersection(needs):
            return item
    what = " or ".join(need.removeprefix("load_") for need in needs)
    if fitting:
        raise FormatError(f"{path} is in the format {fitting[0].title}, of which Marey reads no {what}")
    raise FormatError(_why_unknown(path, what), hint=_hint(path, needs))


def _why_unknown(path: Path, what: str) -> str:
    if path.is_file() and path.stat().st_size == 0:
        return f"{path} is empty"
    return f"{path} is in no format of {what} that Marey knows"


def _hint(path: Path, needs: tuple[str, ...]) -> str:
    if path.suffix.lower() in (".pickle", ".pkl"):
        return (
            "pickle files can run code when they are opened, so Marey does not read them; "
            "give the CSV or H5 file of the same labels or poses, or the project's folder"
        )
    if (path / "project.yaml").is_file():
        return f'this is a project of Marey; its labels are written by: marey export "{path}"'
    return f"known are {', '.join(item.title for item in FORMATS if item.can.intersection(needs))}"
