"""From one format to another."""

import json

import numpy as np
import pytest

from marey.errors import AlreadyExistsError, FormatError, InputError, NotFoundError, StorageError
from marey.formats import export_poses, load_labels, load_poses, save_labels, save_poses
from marey.formats.conversion import convert
from marey.formats.registry import FORMATS, detect_format, format_named
from marey.model import SKELETON_ATTRIBUTE, Labels, Skeleton, create_poses, read_history, read_skeleton


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("p.csv", "dlc"),
        ("p.h5", "dlc"),
        ("p.slp", "sleap"),
        ("p.analysis.h5", "sleap-analysis"),
        ("q.nc", "marey"),
    ],
)
def test_the_suffix_says_the_format(mouse_poses, tmp_path, name, expected):
    save_poses(mouse_poses, tmp_path / "in.nc")
    report = convert(tmp_path / "in.nc", tmp_path / name)
    assert (report.kind, report.source_format, report.target_format) == ("poses", "marey", expected)
    assert report.n_frames == 4
    assert detect_format(tmp_path / name, "load_poses").name == expected


@pytest.mark.parametrize("name", ["p.slp", "p.analysis.h5", "p.nwb", "p.nc"])
def test_edges_and_pairs_go_with_the_poses(pair_poses, tmp_path, name):
    if name.endswith(".nwb"):
        pytest.importorskip("ndx_pose")
    skeleton = Skeleton(
        tuple(pair_poses["keypoint"].values.tolist()),
        (("snout", "ear_left"), ("ear_right", "snout")),
        (("ear_left", "ear_right"),),
    )
    pair_poses.attrs[SKELETON_ATTRIBUTE] = json.dumps(skeleton.to_dict())
    save_poses(pair_poses, tmp_path / "in.nc")
    report = convert(tmp_path / "in.nc", tmp_path / name, overwrite=True)
    assert any("left/right pairs" in note for note in report.notes) == name.endswith(".nwb")
    again = read_skeleton(load_poses(tmp_path / name))
    assert again.edges == skeleton.edges
    if name.endswith(".nwb"):
        assert again.symmetries == ()
    else:
        assert again.symmetries == skeleton.symmetries

    told = convert(tmp_path / "in.nc", tmp_path / "p.csv").notes
    assert "DeepLabCut's table has no place for the edges of the skeleton" in told
    assert "DeepLabCut's table has no place for left/right pairs" in told


TRACKS = (
    "has no place for how sure it is that an animal is still the same, which points were filled in and never "
    "seen, how sure it is that there is an animal, who each animal may be, where identities are doubtful, "
    "corrections of the tracks"
)


@pytest.mark.parametrize(
    ("name", "format"),
    [
        ("p.csv", "dlc"),
        ("p.slp", "sleap"),
        ("p.analysis.h5", "sleap-analysis"),
        ("p.nwb", "nwb"),
        ("t.csv", "table"),
    ],
)
def test_what_makes_tracks_tracks_is_said_to_be_lost(pair_poses, tmp_path, name, format):  # noqa: A002
    if format == "nwb":
        pytest.importorskip("ndx_pose")
    shape = pair_poses["confidence"].shape
    tracks = pair_poses.assign(
        identity_confidence=(("time", "individual"), np.full((shape[0], 2), 0.9)),
        is_interpolated=(("time", "keypoint", "individual"), np.ones(shape, dtype=bool)),
        score=(("time", "individual"), np.full((shape[0], 2), 0.8)),
        identity_probability=(("time", "individual", "identity"), np.full((shape[0], 2, 2), 0.5)),
    )
    tracks.attrs["identity_doubts"] = json.dumps([{"start": 1, "stop": 2}])
    tracks.attrs["edits"] = json.dumps({"done": [{"kind": "swap"}], "undone": []})
    assert any(TRACKS in line for line in export_poses(tracks, tmp_path / name, format=format))


def test_what_says_nothing_is_not_said_to_be_lost(pair_poses, tmp_path):
    tracks = pair_poses.assign(
        score=(("time", "individual"), np.full((5, 2), np.nan)),
        is_interpolated=(("time", "keypoint", "individual"), np.zeros((5, 3, 2), dtype=bool)),
    )
    tracks.attrs |= {"identity_doubts": "[]", "edits": json.dumps({"done": [], "undone": []})}
    told = [export_poses(p, tmp_path / "p.csv", format="dlc", overwrite=True) for p in (pair_poses, tracks)]
    assert told[0] == told[1]


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "n_edges", "n_pairs"),
    [
        ("analysis-h5/centered_pair_standard.analysis.h5", 23, 10),
        ("slp/predictions_1.2.7_provenance_and_tracking.slp", 12, 0),
        ("jabs/example_pose_est_v5.h5", 11, 3),
        ("nwb/legacy.pose.nwb", 1, 0),
    ],
)
def test_edges_and_pairs_of_other_tools(shared_data, name, n_edges, n_pairs):
    skeleton = read_skeleton(load_poses(shared_data / "formats" / name))
    assert (len(skeleton.edges), len(skeleton.symmetries)) == (n_edges, n_pairs)


def test_the_frame_rate_can_be_stated(mouse_poses, tmp_path):
    save_poses(mouse_poses, tmp_path / "in.nc")
    convert(tmp_path / "in.nc", tmp_path / "out.nc", fps=20)
    poses = load_poses(tmp_path / "out.nc")
    assert poses["time"].values.tolist() == [0.5, 0.55, 0.6, 0.65]
    assert poses.attrs["fps"] == 20
    assert read_history(poses)[-1]["operation"] == "convert"
    with pytest.raises(InputError, match="fps must be above 0"):
        convert(tmp_path / "in.nc", tmp_path / "no.nc", fps=0)


def test_labels_and_poses_in_the_same_format_are_told_apart(pair_labels, mouse_poses, tmp_path):
    save_labels(pair_labels, tmp_path / "labels.csv", format="dlc")
    assert convert(tmp_path / "labels.csv", tmp_path / "l.slp").kind == "labels"
    save_poses(mouse_poses, tmp_path / "in.nc")
    convert(tmp_path / "in.nc", tmp_path / "poses.csv")
    assert convert(tmp_path / "poses.csv", tmp_path / "p.slp").kind == "poses"
    assert convert(tmp_path / "l.slp", tmp_path / "project", kind="labels").kind == "labels"
    again = load_labels(tmp_path / "project").labels
    assert [f.key for f in again] == [f.key for f in pair_labels]


def test_what_the_target_cannot_hold_is_said(pair_poses, tmp_path):
    save_poses(pair_poses, tmp_path / "in.nc")
    report = convert(tmp_path / "in.nc", tmp_path / "out.csv")
    assert report.notes == ("DeepLabCut's table holds frame numbers, not times or the frame rate",)


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "notes"),
    [
        (
            "slp/predictions_1.2.7_provenance_and_tracking.slp",
            ["scores of whole animals, left out: 201", "scores of tracking, left out: 112"],
        ),
        ("analysis-h5/multi_matlab.analysis.h5", ["scores of whole animals, left out: 6"]),
        ("slp/minimal_instance.slp", []),
    ],
)
def test_what_poses_do_not_hold_of_their_file_is_said(shared_data, tmp_path, name, notes):
    assert list(convert(shared_data / "formats" / name, tmp_path / "p.nc", kind="poses").notes) == notes
    assert "left out" not in " ".join(convert(tmp_path / "p.nc", tmp_path / "again.nc").notes)


def test_a_damaged_source_is_reported_and_nothing_is_written(mouse_poses, tmp_path):
    save_poses(mouse_poses, tmp_path / "in.nc")
    (tmp_path / "in.nc").write_bytes((tmp_path / "in.nc").read_bytes()[:2000])
    with pytest.raises(FormatError, match="damaged"):
        convert(tmp_path / "in.nc", tmp_path / "out.csv")
    assert not (tmp_path / "out.csv").exists()


def test_mistakes_of_the_user(mouse_poses, tmp_path):
    save_poses(mouse_poses, tmp_path / "in.nc")
    with pytest.raises(NotFoundError, match="expected a file or folder"):
        convert(tmp_path / "nothing", tmp_path / "out.csv")
    with pytest.raises(InputError, match="does not tell the format"):
        convert(tmp_path / "in.nc", tmp_path / "out.xyz")
    with pytest.raises(InputError, match="no format 'dcl'"):
        convert(tmp_path / "in.nc", tmp_path / "out.csv", target_format="dcl")
    with pytest.raises(InputError, match="does not write it"):
        convert(tmp_path / "in.nc", tmp_path / "out.h5", target_format="jabs")
    with pytest.raises(InputError, match="has no option 'video'"):
        convert(tmp_path / "in.nc", tmp_path / "out.csv", video="cam1")
    with pytest.raises(AlreadyExistsError):
        convert(tmp_path / "in.nc", tmp_path / "in.nc")


def test_every_format_has_the_functions_that_it_says():
    for item in FORMATS:
        for name in ("detect", *item.can):
            assert callable(item.function(name)), (item.name, name)
        assert format_named(item.name) is item
    assert len({item.name for item in FORMATS}) == len(FORMATS)


def test_no_format_claims_what_is_none(tmp_path):
    (tmp_path / "notes.csv").write_text("date,weather\n2026-01-01,rain\n")
    (tmp_path / "noise.h5").write_bytes(b"\x00\x01\x02" * 100)
    (tmp_path / "readme.json").write_text("[]")
    (tmp_path / "folder").mkdir()
    for name in ("notes.csv", "noise.h5", "readme.json", "folder"):
        with pytest.raises(FormatError, match="no format"):
            load_labels(tmp_path / name)
        with pytest.raises(FormatError, match="no format"):
            load_poses(tmp_path / name)


def test_poses_without_keypoints_are_refused(mouse_poses, tmp_path):
    with pytest.raises(InputError, match="at least one keypoint"):
        export_poses(mouse_poses.isel(keypoint=slice(0, 0)), tmp_path / "empty.csv", format="dlc")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.data
def test_images_inside_the_source_that_do_not_come_along_are_counted(shared_data, tmp_path):
    source = shared_data / "formats/slp/minimal_instance.pkg.slp"
    report = convert(source, tmp_path / "out.slp", kind="labels")
    assert any(
        note.startswith("images inside minimal_instance.pkg.slp, left out: 1") for note in report.notes
    )


@pytest.mark.parametrize("n_bytes", [0, 3_000, 12_000, 40_000])
@pytest.mark.parametrize("name", ["p.nc", "p.csv", "p.h5", "p.slp", "p.analysis.h5", "p.nwb"])
def test_a_full_disk_leaves_the_file_before(tmp_path, full_disk, name, n_bytes):
    """What is written by the HDF5 library, too, which may take the process with it."""
    if name.endswith(".nwb"):
        pytest.importorskip("ndx_pose")
    points = np.random.default_rng(0).uniform(0, 640, (3000, 2, 1, 1))
    save_poses(create_poses(points, keypoints=["snout"]), tmp_path / "in.nc")
    (tmp_path / name).write_text("the one before")
    with full_disk(n_bytes), pytest.raises(StorageError, match=r"was there before is unchanged\.\nhint: "):
        convert(tmp_path / "in.nc", tmp_path / name, overwrite=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.nc", name]
    assert (tmp_path / name).read_text() == "the one before"


@pytest.mark.usefixtures("stopped_by_permissions")
@pytest.mark.parametrize("name", ["p.nc", "p.csv", "p.h5", "p.slp", "p.analysis.h5", "p.nwb"])
def test_a_read_only_folder_is_said_and_stays_as_it_is(mouse_poses, tmp_path, name):
    if name.endswith(".nwb"):
        pytest.importorskip("ndx_pose")
    save_poses(mouse_poses, tmp_path / "in.nc")
    folder = tmp_path / "read only"
    folder.mkdir()
    (folder / name).write_text("the one before")
    folder.chmod(0o500)
    try:
        with pytest.raises(StorageError, match=r"permission denied.*\nhint: choose a folder that can"):
            convert(tmp_path / "in.nc", folder / name, overwrite=True)
        assert [(path.name, path.read_text()) for path in folder.iterdir()] == [(name, "the one before")]
    finally:
        folder.chmod(0o700)


@pytest.mark.parametrize(
    ("format", "name"), [("dlc", "out"), ("dlc", "out.csv"), ("lightning-pose", "out"), ("sleap", "out.slp")]
)
def test_without_keypoints_there_is_nothing_to_write(tmp_path, format, name):  # noqa: A002
    with pytest.raises(InputError, match="expected labels of at least one keypoint"):
        save_labels(Labels(Skeleton(())), tmp_path / name, format=format)
    empty = create_poses(np.empty((5, 2, 0, 1)), keypoints=[])
    with pytest.raises(InputError, match="expected poses of at least one keypoint"):
        export_poses(empty, tmp_path / f"{name}.csv", format="table")
    assert list(tmp_path.iterdir()) == []
