"""SLEAP's files, both ways."""

import json

import h5py
import numpy as np
import pytest

from marey.errors import FormatError, InputError
from marey.formats import export_poses, load_labels, load_poses, save_labels
from marey.formats.sleap.labels import SlpTables
from marey.formats.sleap.skeletons import decode_skeletons, encode_skeleton
from marey.model import Instance, LabeledFrame, Labels, Origin, Skeleton, Visibility, create_poses


def resave(path, change):
    """Let `change` alter an HDF5 file."""
    with h5py.File(path, "r+") as file:
        change(file)
    return path


def replace(file, name, values):
    del file[name]
    file[name] = values


# --- labels ---------------------------------------------------------------------------------------------


@pytest.mark.data
def test_the_pair_of_flies_with_hidden_points(shared_data):
    source = load_labels(shared_data / "centered_pair/centered_pair.slp")
    labels = source.labels
    assert len(labels) == 70
    assert sum(len(f.instances) for f in labels) == 140
    assert labels.skeleton.keypoints[:4] == ("head", "neck", "thorax", "abdomen")
    assert labels.skeleton.edges[:3] == (("thorax", "neck"), ("neck", "head"), ("thorax", "abdomen"))
    assert labels.frames[1].frame == 15
    visibility = np.concatenate([i.visibility for f in labels for i in f.instances])
    assert (visibility == Visibility.OCCLUDED).sum() == 147
    np.testing.assert_allclose(labels.frames[0].instances[0].points[0], [89.57640048, 206.4289436])
    assert source.videos["centered_pair_low_quality"].is_file()
    # A template put them where they are: SLEAP neither learns from them nor measures by them.
    assert source.notes == ("points marked as not visible, kept but not learned from, as in SLEAP: 147",)
    of_people = np.concatenate([i.visibility for f in labels.confirmed() for i in f.instances])
    np.testing.assert_array_equal(of_people == Visibility.VISIBLE, visibility == Visibility.VISIBLE)
    assert (of_people == Visibility.OCCLUDED).sum() == 0


@pytest.mark.data
def test_tracks_are_individuals(shared_data):
    labels = load_labels(shared_data / "fly_pair/clip.slp").labels
    assert labels.individuals == ("female", "male")
    assert [i.individual for i in labels.frames[0].instances] == ["male", "female"]


@pytest.mark.data
def test_predictions_are_a_models_and_accepted_ones_are_accepted(shared_data):
    labels = load_labels(shared_data / "formats/slp/labels.v002.rel_paths.slp").labels
    origins = [int(i.origin[0]) for f in labels for i in f.instances]
    assert origins.count(Origin.MODEL) == 9
    reviewed = load_labels(shared_data / "formats/slp/multiview.slp").labels
    assert len(reviewed) == 24
    assert len(reviewed.videos) == 8
    assert any("cameras" in note for note in load_labels(shared_data / "formats/slp/multiview.slp").notes)
    accepted = [i.origin[i.visibility == Visibility.VISIBLE] for f in reviewed for i in f.instances]
    assert all(Origin.MODEL not in origin for origin in accepted)
    assert any(Origin.ACCEPTED in origin for origin in accepted)


@pytest.mark.data
def test_a_package_brings_its_images(shared_data):
    source = load_labels(shared_data / "formats/slp/minimal_instance.pkg.slp")
    assert list(source.embedded) == [("centered_pair_low_quality", 0)]
    data = source.embedded["centered_pair_low_quality", 0]
    assert data.startswith(b"\x89PNG")
    import cv2

    assert cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED).shape[:2] == (384, 384)


@pytest.fixture
def package(tmp_path):
    """A package of three images, two PNG and one that had to be made one, without the images beside it."""
    import cv2

    images, frames = {}, []
    for frame, suffix in ((7, ".png"), (3, ".png"), (9, ".bmp")):
        path = tmp_path / f"imágen{frame}{suffix}"
        picture = np.full((12, 16, 3), (frame, 50, 200), np.uint8)  # blue, green, red
        path.write_bytes(cv2.imencode(suffix, picture)[1].tobytes())
        frames.append(LabeledFrame("day1", frame, (Instance([[frame, 2.0]]),), image=path.name))
        images["day1", frame] = path
    frames.append(LabeledFrame("day1", 11, (Instance([[1.0, 2.0]]),)))
    target = tmp_path / "mäuse.pkg.slp"
    losses = save_labels(Labels(Skeleton(("nose",)), frames), target, format="sleap", images=images)
    assert losses == ["frames without an image, which the package lacks: 1"]
    for path in images.values():
        path.unlink()
    return target


def test_a_package_holds_its_images(package):
    source = load_labels(package)
    assert [(frame.frame, frame.instances[0].points[0, 0]) for frame in source.labels] == [
        (7, 7.0), (3, 3.0), (9, 9.0), (11, 1.0),
    ]  # fmt: skip
    assert sorted(source.embedded) == [("day1", 3), ("day1", 7), ("day1", 9)]
    assert all(data.startswith(b"\x89PNG") for data in source.embedded.values())


def test_sleap_io_sees_the_images_of_our_package(package):
    sio = pytest.importorskip("sleap_io")
    labels = sio.load_slp(str(package))
    shown = {item.frame_idx: item.image[0, 0].tolist() for item in labels if item.frame_idx != 11}
    assert shown == {frame: [200, 50, frame] for frame in (3, 7, 9)}


@pytest.mark.data
def test_a_windows_path_is_understood(shared_data):
    source = load_labels(shared_data / "formats/slp/typical.slp")
    assert source.labels.videos == ("centered_pair_low_quality",)


def test_labels_round_trip(pair_labels, tmp_path):
    frames = [*pair_labels.frames, LabeledFrame("duo", 20, (), "img020.png")]
    labels = Labels(pair_labels.skeleton, frames, pair_labels.individuals)
    losses = save_labels(labels, tmp_path / "é.slp", format="sleap")
    assert losses == ["animals that lost who placed their points and when: 3"]
    again = load_labels(tmp_path / "é.slp").labels
    assert again.skeleton == labels.skeleton
    assert again.individuals == labels.individuals
    assert [f.key for f in again] == [("duo", 3), ("duo", 9), ("duo", 20)]
    assert again.frames[2].instances == ()
    np.testing.assert_array_equal(again.to_array(), labels.to_array())


def test_images_without_a_video_become_a_list_of_images(single_labels, tmp_path):
    labels = single_labels.select(lambda frame: frame.video == "clip")
    images = {}
    for frame in labels:
        images[frame.key] = tmp_path / "clip" / frame.image
        images[frame.key].parent.mkdir(exist_ok=True)
        images[frame.key].touch()
    save_labels(labels, tmp_path / "l.slp", format="sleap", images=images)
    source = load_labels(tmp_path / "l.slp")
    assert [(f.key, f.image) for f in source.labels] == [
        (("clip", 42), "img0042.png"),
        (("clip", 7), "img0007.png"),
    ]
    assert source.images == images


def test_what_a_model_placed_stays_a_prediction(tmp_path):
    skeleton = Skeleton(("a", "b"))
    by_model = Instance([[1, 2], [3, 4]], origin=[Origin.MODEL, Origin.MODEL])
    mixed = Instance(
        [[5, 6], [7, 8]], origin=[Origin.PERSON, Origin.MODEL], visibility=[Visibility.OCCLUDED, 3]
    )
    labels = Labels(skeleton, [LabeledFrame("v", 0, (by_model, mixed))])
    losses = " ".join(save_labels(labels, tmp_path / "l.slp", format="sleap"))
    assert "written as predictions with score 0: 1" in losses
    assert "in animals that a person corrected, left out: 1" in losses
    first, second = load_labels(tmp_path / "l.slp").labels.frames[0].instances
    assert first.origin.tolist() == [Origin.MODEL, Origin.MODEL]
    assert second.visibility.tolist() == [Visibility.OCCLUDED, Visibility.UNLABELED]


def test_before_format_1_1_the_corner_of_a_pixel_was_its_origin(pair_labels, tmp_path):
    path = tmp_path / "old.slp"
    save_labels(pair_labels, path, format="sleap")
    resave(path, lambda file: file["metadata"].attrs.modify("format_id", 1.0))
    np.testing.assert_array_equal(load_labels(path).labels.to_array(), pair_labels.to_array() - 0.5)


@pytest.mark.data
@pytest.mark.parametrize("name", ["centered_pair/centered_pair.slp", "formats/slp/multiview.slp"])
def test_sleap_io_agrees_on_what_is_in_the_file(shared_data, name):
    sleap_io = pytest.importorskip("sleap_io")
    theirs = sleap_io.load_slp(str(shared_data / name), open_videos=False)
    ours = load_labels(shared_data / name).labels
    assert tuple(theirs.skeleton.node_names) == ours.skeleton.keypoints
    assert set(theirs.skeleton.edge_names) == set(ours.skeleton.edges)
    for their_frame, frame in zip(theirs.labeled_frames, ours, strict=True):
        their_points = [i.numpy(invisible_as_nan=False) for i in their_frame.user_instances]
        np.testing.assert_array_equal([i.points for i in frame.instances], their_points)


def test_sleap_io_reads_what_we_write(pair_labels, tmp_path):
    sleap_io = pytest.importorskip("sleap_io")
    save_labels(pair_labels, tmp_path / "l.slp", format="sleap")
    theirs = sleap_io.load_slp(str(tmp_path / "l.slp"), open_videos=False)
    assert theirs.skeleton.node_names == list(pair_labels.skeleton.keypoints)
    assert [tuple(e) for e in theirs.skeleton.edge_names] == list(pair_labels.skeleton.edges)
    assert [sorted(s) for s in theirs.skeleton.symmetry_names] == [["ear_left", "ear_right"]]
    assert [t.name for t in theirs.tracks] == ["ann", "bob"]
    np.testing.assert_array_equal(theirs[0].instances[0].numpy(), [[1, 2], [3, 4], [5, 6]])


# --- poses ----------------------------------------------------------------------------------------------


@pytest.mark.data
@pytest.mark.parametrize("camera", ["back", "mid", "side", "top"])
def test_slp_and_analysis_files_of_the_same_poses_agree(shared_data, camera):
    folder = shared_data / "arena_4cam" / camera
    slp = load_poses(folder / f"minimal_{camera}_proofread.slp")
    analysis = load_poses(folder / f"minimal_{camera}_proofread.analysis.h5")
    assert slp.sizes == analysis.sizes
    np.testing.assert_array_equal(slp["keypoint"], analysis["keypoint"])
    np.testing.assert_array_equal(slp["position"], analysis["position"])
    np.testing.assert_array_equal(slp["confidence"], analysis["confidence"])


@pytest.mark.data
def test_edges_are_in_the_order_in_which_they_were_made_as_sleap_has_them(shared_data):
    folder = shared_data / "arena_4cam/back"
    with h5py.File(folder / "minimal_back_proofread.analysis.h5") as file:
        expected = [tuple(name.decode() for name in pair) for pair in file["edge_names"][()]]
    labels = load_labels(folder / "minimal_back_proofread.slp").labels
    assert list(labels.skeleton.edges) == expected


@pytest.mark.data
def test_axes_are_in_the_order_that_the_file_states(shared_data):
    matlab = load_poses(shared_data / "formats/analysis-h5/multi_matlab.analysis.h5")
    assert matlab["position"].sel(individual="animal1", keypoint="head", space="x").values.tolist() == [
        100,
        101,
        102,
    ]
    assert matlab["position"].sel(individual="animal2", keypoint="tail", space="y").values[0] == 450
    standard = load_poses(shared_data / "formats/analysis-h5/centered_pair_standard.analysis.h5")
    assert standard["position"].values[0, :, 0, 0].tolist() == [201, 186]


@pytest.mark.parametrize(("format", "suffix"), [("sleap", ".slp"), ("sleap-analysis", ".analysis.h5")])
def test_poses_round_trip(pair_poses, tmp_path, format, suffix):  # noqa: A002
    path = tmp_path / f"p{suffix}"
    losses = export_poses(pair_poses, path, format=format)
    assert any("not times" in loss for loss in losses)
    again = load_poses(path)
    np.testing.assert_array_equal(again["position"], pair_poses["position"])
    np.testing.assert_array_equal(again["confidence"], pair_poses["confidence"])
    assert again["individual"].values.tolist() == ["ann", "bob"]


@pytest.mark.parametrize(("format", "suffix"), [("sleap", ".slp"), ("sleap-analysis", ".analysis.h5")])
def test_frame_numbers_are_kept_by_filling_up(mouse_poses, tmp_path, format, suffix):  # noqa: A002
    path = tmp_path / f"p{suffix}"
    export_poses(mouse_poses, path, format=format)
    again = load_poses(path)
    assert again["frame"].values.tolist() == list(range(14))
    assert np.isnan(again["position"].values[:10]).all()
    np.testing.assert_array_equal(again["position"].values[10:], mouse_poses["position"])
    assert again["individual"].values.tolist() == ["animal"]


def test_three_dimensions_have_no_place(tmp_path):
    poses = create_poses(np.zeros((1, 3, 1, 1)), keypoints=["nose"])
    for format, suffix in (("sleap", ".slp"), ("sleap-analysis", ".analysis.h5")):  # noqa: A001
        with pytest.raises(InputError, match="3D"):
            export_poses(poses, tmp_path / f"p{suffix}", format=format)
    assert list(tmp_path.iterdir()) == []


def two_rows(path, *groups):
    """A file whose one frame has a row for each group of animals (points, track)."""
    tables = SlpTables(())
    for group in groups:
        start = tables.n_instances
        for points, track in group:
            tables.add_predicted(np.array(points, dtype=float), np.full(len(points), 0.5), track)
        tables.close_frame(0, 4, start)
    tables.write(path, Labels(Skeleton(("a", "b"))), [{"backend": {"filename": "v.mp4"}}])
    return path


@pytest.mark.parametrize("track", [None, "ann"])
def test_animals_of_a_frame_that_has_two_rows_are_all_kept(tmp_path, track):
    one, other = [[1, 2], [3, 4]], [[5, 6], [7, 8]]
    path = two_rows(tmp_path / "twice.slp", [(one, track)], [(other, track)])
    assert len(load_labels(path).labels.frames[0].instances) == 2
    poses = load_poses(path)
    np.testing.assert_array_equal(poses["position"].values[4].transpose(2, 1, 0), [one, other])
    assert poses["individual"].values.tolist() == (
        ["animal1", "animal2"] if track is None else ["ann", "animal1"]
    )
    assert ("lost the name: 1" in poses.attrs["left_out"]) == (track is not None)


def test_a_correction_in_another_row_replaces_the_prediction(tmp_path):
    path = two_rows(tmp_path / "twice.slp", [([[1, 2], [3, 4]], "ann")], [([[5, 6], [7, 8]], "ann")])

    def correct(file):
        instances, points = file["instances"][()], file["points"][()]
        instances["instance_type"][1] = 0
        instances["point_id_start"][1], instances["point_id_end"][1] = 0, 2
        replace(file, "instances", instances)
        replace(file, "points", np.array([(5, 6, True, True), (7, 8, True, True)], dtype=points.dtype))

    poses = load_poses(resave(path, correct))
    np.testing.assert_array_equal(poses["position"].values[4, :, :, 0].T, [[5, 6], [7, 8]])
    assert poses.sizes["individual"] == 1


@pytest.mark.data
def test_of_several_videos_one_must_be_named(shared_data):
    path = shared_data / "formats/slp/multiview.slp"
    with pytest.raises(InputError, match="8 videos"):
        load_poses(path)
    poses = load_poses(path, video="min_session_back")
    assert dict(poses.sizes) == {"time": 3, "space": 2, "keypoint": 15, "individual": 2}
    with pytest.raises(InputError, match="no video 'nope'"):
        load_poses(path, video="nope")


# --- skeletons and damage -------------------------------------------------------------------------------


def test_a_skeleton_with_edges_and_pairs_round_trips():
    skeleton = Skeleton(("n", "l", "r"), (("n", "r"), ("n", "l")), (("l", "r"),), "bee")
    graph, nodes = encode_skeleton(skeleton)
    assert decode_skeletons({"skeletons": [graph], "nodes": nodes}, "here") == [skeleton]


def test_pairs_alone_are_numbered_right():
    skeleton = Skeleton(("al", "ar", "bl", "br"), (), (("al", "ar"), ("bl", "br")))
    graph, nodes = encode_skeleton(skeleton)
    assert decode_skeletons({"skeletons": [graph], "nodes": nodes}, "here") == [skeleton]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: f["metadata"].attrs.modify("json", np.bytes_(b"{")), "expected JSON in the metadata"),
        (lambda f: f["metadata"].attrs.modify("json", np.bytes_(b"{}")), "skeleton in .* not as SLEAP"),
        (lambda f: replace(f, "points", f["points"][:2]), "only 2"),
        (lambda f: replace(f, "instances", f["instances"][:1]), "more instances than it holds"),
        (lambda f: replace(f, "videos_json", np.array([json.dumps(3).encode()])), "not a .slp file"),
    ],
)
def test_damage_is_said(pair_labels, tmp_path, change, message):
    path = tmp_path / "l.slp"
    save_labels(pair_labels, path, format="sleap")
    resave(path, change)
    with pytest.raises(FormatError, match=message):
        load_labels(path)


def test_a_cut_file_is_damaged(pair_labels, tmp_path):
    path = tmp_path / "l.slp"
    save_labels(pair_labels, path, format="sleap")
    path.write_bytes(path.read_bytes()[:4000])
    with pytest.raises(FormatError, match="damaged or incomplete"):
        load_labels(path)


def test_an_analysis_file_whose_arrays_disagree(pair_poses, tmp_path):
    path = tmp_path / "p.analysis.h5"
    export_poses(pair_poses, path, format="sleap-analysis")
    resave(path, lambda file: replace(file, "node_names", np.array([b"a", b"b"])))
    with pytest.raises(FormatError, match="names 2 nodes and 2 tracks"):
        load_poses(path)
