"""Every change of labels, on disk before it is answered: what a crash leaves to be taken up again.

One file per video, beside the labels::

    {"keypoints": [...], "number": 41}
    {"frame": 120, "image": "img00120.png", "instances": [...]}
    {"frame": 97, "image": null, "instances": null}

Each line after the first is the whole of one frame's labels (null where it has none any more). The table of
labels is written some seconds later; then the journal begins anew.
"""

import json
import os
from pathlib import Path
from typing import Any

import numpy as np

from marey.files import write_text
from marey.model import Instance, LabeledFrame

FOLDER = ".journal"


class LabelJournal:
    """The journal of one video.

    Parameters
    ----------
    path
        Its file.
    video
        The key of the video.
    """

    def __init__(self, path: Path, video: str) -> None:
        self.path = path
        self.video = video
        self.number = 0
        """Counts the changes of this video since labels were first made in a browser."""
        self.n_pending = 0

    def read(self, keypoints: tuple[str, ...]) -> dict[int, LabeledFrame | None]:
        """Return what was changed since the table was written, by frame; carried over to `keypoints`.

        A line that was cut off while it was written is left out: nobody was told that it was saved.
        """
        try:
            lines = self.path.read_text(encoding="utf-8").split("\n")
        except FileNotFoundError:
            return {}
        records = [record for line in lines if (record := _parse(line)) is not None]
        if not records or "keypoints" not in records[0]:
            return {}
        header, *changes = records
        self.number, self.n_pending = header["number"] + len(changes), len(changes)
        return {item["frame"]: _decode(self.video, item, header["keypoints"], keypoints) for item in changes}

    def begin(self, keypoints: tuple[str, ...]) -> None:
        """Begin anew, because the table holds everything."""
        write_text(self.path, json.dumps({"keypoints": list(keypoints), "number": self.number}) + "\n")
        self.n_pending = 0

    def append(self, frame: int, labels: LabeledFrame | None, keypoints: tuple[str, ...]) -> None:
        """Write one change; it is on disk when this returns."""
        if not self.path.exists():
            self.begin(keypoints)
        with self.path.open("r+b") as file:
            end = file.seek(0, os.SEEK_END)
            file.seek(max(0, end - 1))
            torn = b"" if file.read(1) in (b"\n", b"") else b"\n"
            file.seek(0, os.SEEK_END)
            file.write(torn + json.dumps(_encode(frame, labels), ensure_ascii=False).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        self.number += 1
        self.n_pending += 1


def _encode(frame: int, labels: LabeledFrame | None) -> dict[str, Any]:
    if labels is None:
        return {"frame": frame, "image": None, "instances": None}
    instances = [
        {
            "individual": item.individual,
            "points": [None if np.isnan(xy).any() else xy.tolist() for xy in item.points],
            "visibility": item.visibility.tolist(),
            "origin": item.origin.tolist(),
            "authors": item.authors,
            "times": item.times,
        }
        for item in labels.instances
    ]
    return {"frame": frame, "image": labels.image, "instances": instances}


def _decode(
    video: str, record: dict[str, Any], written: list[str], wanted: tuple[str, ...]
) -> LabeledFrame | None:
    if record["instances"] is None:
        return None
    sources = [written.index(name) if name in written else None for name in wanted]
    instances = tuple(_decode_instance(item, sources) for item in record["instances"])
    return LabeledFrame(video, record["frame"], instances, record["image"])


def _decode_instance(item: dict[str, Any], sources: list[int | None]) -> Instance:
    def carried(name: str, missing: Any) -> list[Any]:
        return [missing if source is None else item[name][source] for source in sources]

    points = [(np.nan, np.nan) if xy is None else xy for xy in carried("points", None)]
    return Instance(
        points=np.array(points, dtype=float).reshape(-1, 2),
        visibility=np.array(carried("visibility", 0)),
        origin=np.array(carried("origin", 0)),
        individual=item["individual"],
        authors=carried("authors", ""),
        times=carried("times", ""),
    )


def _parse(line: str) -> dict[str, Any] | None:
    try:
        record = json.loads(line)
    except ValueError:
        return None
    return record if isinstance(record, dict) else None
