"""Every file of labels or poses among the real data is read, and none is read as what it is not."""

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from marey.errors import FormatError, InputError
from marey.formats import detect_format, export_poses, load_labels, load_poses, save_labels

pytestmark = pytest.mark.data

SHARED_DATA = Path(__file__).resolve().parents[3] / "shared" / "data"

# Neither labels nor poses: pictures, videos, calibrations, notes, and parts of what is read by its folder.
OTHER_SUFFIXES = {
    ".png", ".jpg", ".mp4", ".toml", ".md", ".txt", ".mat", ".gitkeep", ".pickle", ".yaml", ".json", ""
}  # fmt: skip
OTHER_NAMES = {"calibration.metadata.h5", "points3d.h5"}

FOLDERS = [
    "openfield",
    "mirror_mouse",
    "formats/ultralytics",
    *(
        f"formats/coco/{name}"
        for name in [
            "category_folders",
            "flat_images",
            "mixed_animals",
            "multi_source",
            "nested_paths",
            "visibility_binary",
            "visibility_ternary",
        ]
    ),
]
FILES_BY_FOLDER_SUFFIX = [
    "formats/dlc/madlc_230_config.yaml",
    "formats/coco/flat_images/annotations_negative_frame.json",
]


def find_files() -> list[str]:
    if not SHARED_DATA.is_dir():
        return []
    files = (path for path in SHARED_DATA.rglob("*") if path.is_file())
    return sorted(
        path.relative_to(SHARED_DATA).as_posix()
        for path in files
        if path.suffix.lower() not in OTHER_SUFFIXES and path.name not in OTHER_NAMES
    )


@pytest.mark.parametrize("name", [*find_files(), *FILES_BY_FOLDER_SUFFIX])
def test_every_file_is_read_as_labels_or_as_poses(shared_data, name):
    path = shared_data / name
    counts, refusals = [], []
    for load in (count_labels, count_poses):
        try:
            counts.append(load(path))
        except InputError as error:
            refusals.append(str(error))
    # A table of labels has no frame numbers, poses alone are no labels, several videos must be named.
    reasons = ("frame numbers", "reads no", "holds no", "of one")
    assert all(any(reason in refusal for reason in reasons) for refusal in refusals)
    assert max(counts) > 0 or name == "formats/slp/imgvideo.slp", "nothing was read"


@pytest.mark.parametrize("name", FOLDERS)
def test_every_folder_is_read(shared_data, name):
    source = load_labels(shared_data / name)
    assert count_points(source.labels) > 0
    assert all(source.images[frame.key].is_file() for frame in source.labels)


def count_points(labels) -> int:
    return sum(int(i.has_position.sum()) for frame in labels for i in frame.instances)


def count_labels(path: Path) -> int:
    return count_points(load_labels(path).labels)


def count_poses(path: Path) -> int:
    poses = load_poses(path)
    confidence = poses["confidence"].values
    assert np.nanmin(confidence, initial=0) >= 0
    assert np.nanmax(confidence, initial=0) <= 1
    missing = np.isnan(poses["position"]).any("space").values
    assert np.isnan(confidence[missing]).all()
    return int((~missing).sum())


@pytest.mark.parametrize("name", sorted(OTHER_NAMES))
def test_what_is_neither_is_refused(shared_data, name):
    with pytest.raises(FormatError, match="in no format"):
        load_poses(shared_data / "arena_4cam" / name)


POSES = [
    "formats/jabs/example_pose_est_v5.h5",
    "formats/analysis-h5/centered_pair_standard.analysis.h5",
    "formats/slp/predictions_1.2.7_provenance_and_tracking.slp",
    "ensembles/ibl-pupil/5285c561-80da-4563-8694-739da92e5dd0.left.rng=0.csv",
    "multicam_person/poses/cam01.csv",
]
TARGETS = [
    ("dlc", ".csv"),
    ("dlc", ".h5"),
    ("sleap", ".slp"),
    ("sleap-analysis", ".analysis.h5"),
    ("table", ".csv"),
]


@pytest.mark.parametrize(("target", "suffix"), TARGETS)
@pytest.mark.parametrize("name", POSES)
def test_real_poses_survive_every_format(shared_data, tmp_path, name, target, suffix):
    poses = load_poses(shared_data / name).isel(time=slice(0, 40))
    path = tmp_path / f"out{suffix}"
    export_poses(poses, path, format=target)
    assert detect_format(path, "load_poses").name == target
    again = load_poses(path)
    if target != "sleap-analysis" and "sleap" in target:  # it holds only animals that are there
        again = again.reindex_like(poses[["position", "confidence"]].drop_vars("frame"))
    # What float32 holds exactly goes into DeepLabCut's CSV with the digits of float32, as its own do.
    dtype = "float32" if (target, suffix) == ("dlc", ".csv") else "float64"
    for variable in ("position", "confidence"):
        ours, theirs = (item[variable].drop_vars("frame").astype(dtype) for item in (again, poses))
        xr.testing.assert_equal(ours, theirs)


LABELS = ["openfield", "mirror_mouse", "centered_pair/centered_pair.slp", "formats/coco/visibility_ternary"]


@pytest.mark.parametrize(
    ("target", "suffix"), [("dlc", ""), ("sleap", ".slp"), ("coco", ".json"), ("table", "")]
)
@pytest.mark.parametrize("name", LABELS)
def test_real_labels_survive_every_format(shared_data, tmp_path, name, target, suffix):
    source = load_labels(shared_data / name)
    path = tmp_path / f"out{suffix}"
    images = source.images if target == "coco" and "visibility" in name else {}
    losses = save_labels(source.labels, path, format=target, images=images)
    again = load_labels(path, format=target).labels
    assert again.skeleton.keypoints == source.labels.skeleton.keypoints
    assert [f.frame for f in again] == [f.frame for f in source.labels]
    kept = source.labels
    if target == "dlc" and "centered_pair" in name:  # hidden points would become plain ones
        kept = source.labels.confirmed()
        assert "points that only a model placed, left out: 147" in losses
    np.testing.assert_array_equal(again.to_array(), kept.to_array())
