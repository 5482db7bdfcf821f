"""The pages project with the same model: the values that their tests compare with come from here."""

import json
from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

from marey.cameras import Camera

FIXTURE = Path(__file__).parents[2] / "web" / "src" / "engine" / "cameras.fixture.json"


def test_the_values_of_the_pages_tests_are_those_of_the_library():
    fixture = json.loads(FIXTURE.read_text(encoding="utf-8"))
    points = np.array(fixture["points"])
    kinds = set()
    for row in fixture["cameras"]:
        camera = Camera(
            row["name"],
            tuple(row["size"]),
            np.array(row["matrix"]),
            np.array(row["distortion"]),
            Rotation.from_matrix(row["rotation"]).as_rotvec(),
            np.array(row["translation"]),
            fisheye=row["fisheye"],
        )
        kinds.add((camera.fisheye, len(camera.distortion)))
        assert np.allclose(camera.project(points), row["pixels"], atol=1e-9)
        assert np.allclose(camera.undistort(np.array(row["pixels"])), row["rays"], atol=1e-12)
        assert np.allclose(camera.centre, row["centre"])
    assert kinds == {(False, 5), (False, 8), (True, 4)}
