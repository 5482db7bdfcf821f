"""Qualisys' calibration files (``.qca.txt``, XML).

Lengths of the lens are in 1/64 of a pixel; a camera's frame has y up and z towards the viewer, so it is
turned by 180° about x; ``transform`` holds the camera's place in the world in mm and its axes.
"""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from marey.cameras.camera import Camera
from marey.cameras.rig import Rig
from marey.errors import FormatError

SUBPIXELS = 64.0
FLIP = np.diag([1.0, -1.0, -1.0])


def read(path: Path, text: str) -> Rig:
    """Read the cameras of a Qualisys calibration; the world is in mm."""
    if "<!" in text.replace("<!--", ""):
        raise FormatError(f"expected no declarations in {path}: entities in XML are not expanded")
    try:
        root = ElementTree.fromstring(text.encode())  # noqa: S314 - without declarations nothing expands
    except ElementTree.ParseError as error:
        raise FormatError(f"expected XML in {path}: {error}") from error
    tags = root.findall("cameras/camera")
    if not tags:
        raise FormatError(f"expected cameras of Qualisys in {path}, but there are none")
    return Rig(tuple(_camera(path, number, tag) for number, tag in enumerate(tags)), units="mm")


def _camera(path: Path, number: int, tag: ElementTree.Element) -> Camera:
    name = tag.get("serial") or f"camera-{number + 1}"

    def values(inside: str, *keys: str) -> list[float]:
        element = tag.find(inside)
        told = f"expected {inside} with the numbers {', '.join(keys)} for camera {name!r} in {path}"
        try:
            numbers = [float(element.attrib[key]) for key in keys]  # type: ignore[union-attr]
        except (AttributeError, KeyError, ValueError) as error:
            raise FormatError(f"{told}: {error}") from error
        if not np.isfinite(numbers).all():
            raise FormatError(f"{told}, got {', '.join(map(str, numbers))}")
        return numbers

    left, top, right, bottom = values("fov_video", "left", "top", "right", "bottom")
    fx, fy, cx, cy, skew = (
        value / SUBPIXELS
        for value in values(
            "intrinsic", "focalLengthU", "focalLengthV", "centerPointU", "centerPointV", "skew"
        )
    )
    distortion = values(
        "intrinsic",
        "radialDistortion1",
        "radialDistortion2",
        "tangentalDistortion1",
        "tangentalDistortion2",
        "radialDistortion3",
    )
    axes = np.array(values("transform", *(f"r{row}{column}" for row in "123" for column in "123")))
    place = np.array(values("transform", "x", "y", "z"))
    to_camera = FLIP @ axes.reshape(3, 3)
    matrix = np.array([[fx, skew, cx - left], [0, fy, cy - top], [0, 0, 1]])
    camera = Camera(
        name,
        (int(right - left) + 1, int(bottom - top) + 1),
        matrix,
        np.array(distortion),
        np.zeros(3),
        np.zeros(3),
    )
    return camera.placed(to_camera, -to_camera @ place)
