"""A split that somebody wrote down: which frames a file of row numbers or names means."""

import json
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

from marey.errors import FormatError, InputError, NotFoundError
from marey.model import LabeledFrame
from marey.progress import Progress, ProgressCallback

NAMED_AT_MOST = 20
"""So many frames that were left out are named; of more, the number is told."""


class KnownFrames:
    """What a file can call the frames of a project.

    Parameters
    ----------
    frames
        Those with labels.
    rows
        The image key of each row; None: the rows are `frames`.
    unlabelled
        Image keys of further frames without labels.
    """

    def __init__(
        self, frames: Sequence[LabeledFrame], rows: Sequence[str] | None, unlabelled: Collection[str]
    ) -> None:
        self._places = {frame.image_key: place for place, frame in enumerate(frames)}
        self._rows = list(self._places) if rows is None else rows
        names = [(f.image_key, f.image or "", f"{f.video}/{f.frame}") for f in frames]
        others = sorted({*self._rows, *unlabelled} - self._places.keys())
        # A short name means a frame with labels where there is one.
        self._names = (
            _index(zip(self._places, names, strict=True)),
            _index((key, (key, key.rpartition("/")[2])) for key in others),
        )

    def place(self, key: str) -> int | None:
        """Return the place of a frame among those with labels, or None where it has none."""
        return self._places.get(key)

    def find(self, item: object, path: Path) -> str:
        """Return the image key of what a file calls by number or by name.

        Raises
        ------
        InputError
            No frame or several are called so.
        """
        if isinstance(item, int) and not isinstance(item, bool):
            if 0 <= item < len(self._rows):
                return self._rows[item]
            raise InputError(
                f"{path} names row {item}, but the project has the rows 0 to {len(self._rows) - 1}"
            )
        text = str(item).replace("\\", "/")
        labelled, others = self._names
        found: set[str] = set()
        for name in (text, "/".join(text.split("/")[-2:]), text.rsplit("/", 1)[-1]):
            found = labelled.get(name) or others.get(name) or set()
            if len(found) == 1:
                return next(iter(found))
        raise InputError(
            f"{path} names {item!r}, which fits {len(found)} frames of the project instead of one",
            hint="name frames by video/image, e.g. m4s1/img0042.png",
        )


def read_split_file(
    path: Path, known: KnownFrames, progress: ProgressCallback
) -> tuple[list[int], list[int], list[int]]:
    """Return the places of the training, test and validation frames among those with labels.

    The last part may be empty. Frames without labels are left out, and `progress` is told which.

    Raises
    ------
    NotFoundError, FormatError
        There is no such file, or it holds no split.
    InputError
        It names what is not there, or a frame in two parts, or leaves nothing to train on.
    """
    if not path.is_file():
        raise NotFoundError(f"expected a split file at {path}, but there is none")
    try:
        data = json.loads(path.read_text(encoding="utf-8-sig"))
        named = [list(part) for part in (data["train"], data["test"], data.get("validation") or [])]
    except (ValueError, KeyError, TypeError) as error:
        raise FormatError(
            f'{path} should hold {{"train": [...], "test": [...]}} of row numbers or image names: {error!r}'
        ) from error
    keys = [[known.find(item, path) for item in part] for part in named]
    left_out = dict.fromkeys(key for part in keys for key in part if known.place(key) is None)
    _tell_left_out(path, list(left_out), progress)
    train, test, validation = (
        {key: place for key in part if (place := known.place(key)) is not None} for part in keys
    )
    if both := [key for key in test if key in train or key in validation]:
        raise InputError(f"{path} puts {both[0]} into the training and the test part")
    if both := [key for key in validation if key in train]:
        raise InputError(f"{path} puts {both[0]} into the training and validation part")
    if not train:
        raise InputError(f"the split {str(path)!r} leaves no frame to train on")
    return list(train.values()), list(test.values()), list(validation.values())


def _index(names_of_keys: Iterable[tuple[str, tuple[str, ...]]]) -> dict[str, set[str]]:
    """Return the keys that each name can mean."""
    index: dict[str, set[str]] = {}
    for key, names in names_of_keys:
        for name in names:
            index.setdefault(name, set()).add(key)
    return index


def _tell_left_out(path: Path, keys: list[str], progress: ProgressCallback) -> None:
    if keys:
        n_more = len(keys) - NAMED_AT_MOST
        names = ", ".join(keys[:NAMED_AT_MOST]) + (f" and {n_more} more" if n_more > 0 else "")
        message = f"{path} names frames without labels, which were left out: {len(keys)} ({names})"
        progress(Progress("splitting", 0, message=message))
