"""Minima and maxima over spans, for timelines."""

import os

import numpy as np
import pytest

from marey.errors import FormatError, InputError, NotFoundError
from marey.formats import save_poses
from marey.formats.windows import read_frame_numbers, read_rows, summarise_poses
from marey.model import create_poses
from marey.visualisation.pyramid import build_pyramid, open_pyramid, pyramid_path


def save(path, n=40, *, position=None, **options):
    if position is None:
        position = np.arange(n * 2 * 2 * 1, dtype=float).reshape(n, 2, 2, 1)
    confidence = np.linspace(0, 1, len(position))[:, None, None] * np.ones(position.shape[2:])
    poses = create_poses(position, keypoints=["snout", "tail"], confidence=confidence, fps=25, **options)
    save_poses(poses, path)
    return poses


def test_values_worked_by_hand(tmp_path):
    x = np.zeros((40, 2, 2, 1))
    x[:, 0, 0, 0] = np.arange(40)  # the snout goes right
    x[20, 0, 0, 0] = -5
    x[:16, 1, 1, 0] = np.nan
    x[:16, 0, 1, 0] = np.nan  # the tail is seen from frame 16 on
    save(tmp_path / "p.h5", position=x)
    pyramid = build_pyramid(tmp_path / "p.h5")
    assert [(level.frames_per_bin, level.n_bins) for level in pyramid.levels] == [(16, 3)]
    bins = pyramid.read(0)
    assert bins.shape == (3, 3, 2, 2, 1)
    assert bins[:, 0, :, 0, 0].tolist() == [[0, 15], [-5, 31], [32, 39]]
    assert np.isnan(bins[0, :2, :, 1]).all()
    assert bins[1, 1, :, 1, 0].tolist() == [0, 0]
    assert bins[0, 2, 1, 0, 0] == pytest.approx(15 / 39)


def test_coarser_levels_hold_the_finer_ones(tmp_path):
    rng = np.random.default_rng(3)
    position = rng.normal(size=(20_011, 2, 2, 1))
    position[rng.random(20_011) < 0.3] = np.nan
    save(tmp_path / "p.h5", position=position)
    pyramid = build_pyramid(tmp_path / "p.h5")
    assert [level.n_bins for level in pyramid.levels] == [1251, 313]
    for number, level in enumerate(pyramid.levels):
        bins = pyramid.read(number)
        for i in (0, 7, level.n_bins - 1):
            rows = position[i * level.frames_per_bin : (i + 1) * level.frames_per_bin, :, 1, 0]
            assert np.allclose(bins[i, :2, 0, 1, 0], np.nanmin(rows, axis=0), atol=1e-6)
            assert np.allclose(bins[i, :2, 1, 1, 0], np.nanmax(rows, axis=0), atol=1e-6)
    assert np.array_equal(pyramid.read(0, 100, 110), pyramid.read(0)[100:110], equal_nan=True)


def test_a_pyramid_is_for_the_present_content(tmp_path):
    path = tmp_path / "p.h5"
    save(path)
    assert open_pyramid(path) is None
    built = build_pyramid(path)
    assert np.array_equal(open_pyramid(path).read(0), built.read(0))
    save(path, 50)
    assert open_pyramid(path) is None
    build_pyramid(path)
    pyramid_path(path).write_bytes(b"{broken")
    assert open_pyramid(path) is None


def test_what_cannot_be_asked_for(tmp_path):
    save(tmp_path / "p.h5")
    pyramid = build_pyramid(tmp_path / "p.h5")
    with pytest.raises(InputError, match="level from 0 to 0, got 1"):
        pyramid.read(1)
    with pytest.raises(InputError, match="bins 0 to 2, got 3 to 3"):
        pyramid.read(0, 3)


def test_windows_are_the_rows(tmp_path):
    path = tmp_path / "p.h5"
    poses = save(path, 40, frames=np.arange(100, 140), attributes={"source_file": "day1.mp4"})
    summary = summarise_poses(path)
    assert (summary.n_rows, summary.keypoints, summary.individuals) == (40, ("snout", "tail"), ("animal",))
    assert (summary.frames, summary.fps) == ((100, 139), 25.0)
    assert summary.variables == ("position", "confidence")
    assert summary.attributes["source_file"] == "day1.mp4"
    rows = read_rows(path, "position", 10, 12)
    assert np.array_equal(rows, poses["position"].to_numpy()[10:12].astype(np.float32))
    assert read_rows(path, "confidence", 38, 99).shape == (2, 2, 1)
    assert read_frame_numbers(path)[[0, -1]].tolist() == [100, 139]


def test_errors_of_windows(tmp_path):
    save(tmp_path / "p.h5")
    with pytest.raises(NotFoundError, match=r"poses at .*none\.h5"):
        summarise_poses(tmp_path / "none.h5")
    with pytest.raises(InputError, match="start < stop"):
        read_rows(tmp_path / "p.h5", "position", 5, 5)
    with pytest.raises(InputError, match="has no expected_error"):
        read_rows(tmp_path / "p.h5", "expected_error", 0, 5)
    (tmp_path / "text.h5").write_text("no poses")
    with pytest.raises(FormatError, match="not a netCDF file"):
        summarise_poses(tmp_path / "text.h5")
    os.truncate(tmp_path / "p.h5", 3000)
    with pytest.raises(FormatError):
        read_rows(tmp_path / "p.h5", "position", 0, 40)


def test_no_rows(tmp_path):
    save(tmp_path / "p.h5", position=np.zeros((0, 2, 2, 1)))
    assert build_pyramid(tmp_path / "p.h5").levels[0].n_bins == 0
