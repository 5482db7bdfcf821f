"""DeepLabCut: labels and predictions, both ways, and what is wrong with them."""

import shutil

import h5py
import numpy as np
import pandas as pd
import pytest
import yaml

from marey.errors import AlreadyExistsError, FormatError, InputError, LabelsError, NotFoundError
from marey.formats import detect_format, export_poses, load_labels, load_poses, save_labels
from marey.formats.deeplabcut import dlc_file_name, dlc_scorer_name
from marey.model import Instance, LabeledFrame, Labels, Origin, Visibility, create_poses

SCORER = "DLC_Resnet50_openfieldOct30shuffle6_snapshot_best-20"

LABELS_CSV = """scorer,,,ada,ada,ada,ada
bodyparts,,,nose,nose,tail,tail
coords,,,x,y,x,y
labeled-data,vid,img042.png,1,2,3.5,4
labeled-data,vid,img007.png,5,6,,
"""

PREDICTIONS_CSV = """scorer,net,net,net
bodyparts,nose,nose,nose
coords,x,y,likelihood
0,1,2,0.5
1,3,4,0.75
"""


def write(path, text, **options):
    path.write_text(text, **options)
    return path


# --- labels ---------------------------------------------------------------------------------------------


def test_one_table_of_labels_in_the_new_layout(tmp_path):
    folder = tmp_path / "labeled-data" / "vid"
    folder.mkdir(parents=True)
    (folder / "img042.png").touch()
    source = load_labels(write(folder / "CollectedData_ada.csv", LABELS_CSV))
    assert source.labels.skeleton.keypoints == ("nose", "tail")
    assert [f.key for f in source.labels] == [("vid", 42), ("vid", 7)]
    assert source.labels.frames[0].instances[0].points.tolist() == [[1, 2], [3.5, 4]]
    assert source.labels.frames[0].instances[0].authors == ["ada", "ada"]
    assert source.labels.frames[1].instances[0].visibility.tolist() == [Visibility.VISIBLE, 0]
    assert source.images == {("vid", 42): folder / "img042.png"}
    assert any("that were not found: 1 of 2" in note for note in source.notes)


def test_old_and_new_rows_semicolons_and_byte_order_marks_give_the_same(tmp_path):
    new = load_labels(write(tmp_path / "new.csv", LABELS_CSV)).labels
    old_text = LABELS_CSV.replace("labeled-data,vid,", "labeled-data/vid/").replace(",,,", ",", 3)
    old_text = old_text.replace("img007.png,5,6,\n", "img007.png,5,6,,\n")
    german = LABELS_CSV.replace(",", ";").replace("3.5", "3,5")
    windows = old_text.replace("labeled-data/vid/", "labeled-data\\vid\\")
    assert load_labels(write(tmp_path / "old.csv", old_text)).labels == new
    assert load_labels(write(tmp_path / "bom.csv", LABELS_CSV, encoding="utf-8-sig")).labels == new
    assert load_labels(write(tmp_path / "utf16.csv", LABELS_CSV, encoding="utf-16")).labels == new
    assert load_labels(write(tmp_path / "german.csv", german)).labels == new
    assert load_labels(write(tmp_path / "windows.csv", windows)).labels == new


def test_images_without_numbers_get_their_rank(tmp_path):
    text = LABELS_CSV.replace("img042", "left").replace("img007", "right")
    frames = load_labels(write(tmp_path / "t.csv", text)).labels.frames
    assert [(f.frame, f.image) for f in frames] == [(0, "left.png"), (1, "right.png")]


def test_a_row_without_points_is_a_frame_not_labelled_yet(tmp_path):
    text = LABELS_CSV.replace("img007.png,5,6,,", "img007.png")
    labels = load_labels(write(tmp_path / "t.csv", text)).labels
    assert len(labels) == 2
    assert len(labels.confirmed()) == 1


def test_half_a_point_is_none_and_is_said(tmp_path):
    source = load_labels(write(tmp_path / "t.csv", LABELS_CSV.replace("5,6", "5,")))
    assert len(source.labels) == 2
    assert len(source.labels.confirmed()) == 1
    assert "points with only one of x and y, taken as missing: 1" in source.notes


def test_what_comes_with_a_likelihood_is_of_a_model(tmp_path):
    text = LABELS_CSV.replace("ada,ada,ada,ada", "net,net,net").replace(
        "nose,nose,tail,tail", "nose,nose,nose"
    )
    text = text.replace("x,y,x,y", "x,y,likelihood").replace("2,3.5,4", "2,0.9").replace("5,6,,", "5,6,0.8")
    (of_model, *_) = load_labels(write(tmp_path / "machinelabels-iter0.csv", text)).labels.frames
    assert of_model.instances[0].origin.tolist() == [Origin.MODEL]
    (of_person, *_) = load_labels(write(tmp_path / "CollectedData_ada.csv", text)).labels.frames
    assert of_person.instances[0].origin.tolist() == [Origin.PERSON]


@pytest.mark.data
def test_several_animals_and_unique_keypoints(shared_data):
    folder = shared_data / "formats/dlc/labeled-data/video"
    old = load_labels(folder / "maudlc_testdata.csv").labels
    assert old == load_labels(folder / "maudlc_testdata_v2.csv").labels
    assert old.individuals == ("Animal1", "Animal2", "single")
    assert old.skeleton.keypoints == ("A", "B", "C", "D", "E")
    second = {i.individual: i.points for i in old.frames[1].instances}
    np.testing.assert_array_equal(second["Animal1"][:3], [[12, 13], [np.nan, np.nan], [15, 16]])
    np.testing.assert_array_equal(second["single"][3:], [[22, 23], [24, 25]])
    assert np.isnan(second["single"][:3]).all()


@pytest.mark.data
def test_the_open_field_project(shared_data):
    source = load_labels(shared_data / "openfield")
    frames = source.labels.frames
    assert (len(frames), len(source.images)) == (116, 116)
    assert [f.frame for f in frames] == list(range(116))
    assert frames[0].image_key == "m4s1/img0000.png"
    assert frames[0].instances[0].points[0].tolist() == [21.521, 265.428]
    assert all(i.visibility.min() == Visibility.VISIBLE for f in frames for i in f.instances)
    assert source.metadata == {"name": "openfield", "scorer": "Pranav", "date": "Oct30"}
    csv = load_labels(shared_data / "openfield/labeled-data/m4s1/CollectedData_Pranav.csv")
    h5 = load_labels(shared_data / "openfield/labeled-data/m4s1/CollectedData_Pranav.h5")
    assert csv.labels == h5.labels == source.labels


@pytest.mark.data
def test_our_reader_of_hdf5_agrees_with_pandas(shared_data, tmp_path):
    path = shared_data / "openfield/labeled-data/m4s1/CollectedData_Pranav.h5"
    copy = shutil.copy(path, tmp_path / "labels.h5")
    with pd.HDFStore(copy, "r") as store:
        values = store["df_with_missing"].to_numpy()
    ours = np.stack([f.instances[0].points.ravel() for f in load_labels(path).labels])
    np.testing.assert_array_equal(ours, values)


def test_a_project_is_written_and_read_back(single_labels, tmp_path):
    images = {}
    for frame in single_labels.frames[:2]:
        images[frame.key] = tmp_path / f"source {frame.image}"
        images[frame.key].write_bytes(bytes([frame.frame]))
    target = tmp_path / "projet é"
    losses = save_labels(single_labels, target, format="dlc", images=images, name="maze")
    assert losses == [
        "labelled frames without an image here, which DeepLabCut needs: 1",
        "DeepLabCut's config.yaml has no place for left/right pairs",
    ]
    again = load_labels(target)
    assert again.labels.frames == single_labels.frames
    assert again.labels.skeleton.edges == single_labels.skeleton.edges
    assert again.metadata["name"] == "maze"
    assert again.images["clip", 42].read_bytes() == bytes([42])
    assert (target / "labeled-data/clip/CollectedData_ada.csv").read_text().splitlines()[:4] == [
        "scorer,,,ada,ada,ada,ada,ada,ada",
        "bodyparts,,,snout,snout,ear_left,ear_left,ear_right,ear_right",
        "coords,,,x,y,x,y,x,y",
        "labeled-data,clip,img0042.png,1.5,2.25,3.0,4.0,5.0,6.0",
    ]


def test_pandas_reads_our_hdf5_as_deeplabcut_would(single_labels, tmp_path):
    save_labels(single_labels, tmp_path / "l.h5", format="dlc")
    with pd.HDFStore(tmp_path / "l.h5", "r") as store:
        assert store.keys() == ["/df_with_missing"]
        frame = store["df_with_missing"]
    assert list(frame.columns.names) == ["scorer", "bodyparts", "coords"]
    assert frame.index[0] == ("labeled-data", "clip", "img0042.png")
    assert frame["ada"]["snout"]["x"].tolist()[:2] == [1.5, 10.0]
    assert load_labels(tmp_path / "l.h5").labels.frames == single_labels.frames


def test_several_animals_round_trip(pair_labels, tmp_path):
    save_labels(pair_labels, tmp_path / "project", format="dlc")
    again = load_labels(tmp_path / "project").labels
    assert again.frames == pair_labels.frames
    assert again.individuals == pair_labels.individuals
    config = yaml.safe_load((tmp_path / "project/config.yaml").read_text())
    assert config["multianimalproject"] is True
    assert config["multianimalbodyparts"] == ["snout", "ear_left", "ear_right"]


@pytest.mark.data
def test_unique_keypoints_round_trip(shared_data, tmp_path):
    source = load_labels(shared_data / "formats/dlc/madlc_230_config.yaml")
    save_labels(source.labels, tmp_path / "p", format="dlc")
    config = yaml.safe_load((tmp_path / "p/config.yaml").read_text())
    assert config["uniquebodyparts"] == ["D", "E"]
    assert load_labels(tmp_path / "p").labels.frames == source.labels.frames


def test_what_a_model_placed_is_not_exported_and_losses_are_said(tmp_path, single_labels):
    by_model = Instance(np.ones((3, 2)), origin=np.full(3, Origin.MODEL))
    hidden = Instance(
        [[1, 2], [3, 4], [np.nan, np.nan]],
        visibility=[Visibility.VISIBLE, Visibility.OCCLUDED, Visibility.ABSENT],
        authors=["ada", "bob", "bob"],
        times=["2026-01-01T00:00:00Z", "", ""],
    )
    frames = [LabeledFrame("v", 0, (by_model,)), LabeledFrame("v", 1, (hidden,)), LabeledFrame("v", 2)]
    losses = save_labels(Labels(single_labels.skeleton, frames), tmp_path / "l.csv", format="dlc")
    text = " / ".join(losses)
    for part in (
        "points that only a model placed, left out: 3",
        "occluded points, which became plain points: 1",
        "points marked as absent, which became empty cells: 1",
        "as if not labelled: 1",
        "times",
        "one scorer",
    ):
        assert part in text
    again = load_labels(tmp_path / "l.csv").labels
    assert [f.frame for f in again.confirmed()] == [1]


# --- bad labels -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("a,b,c\n1,2,3\n", "no format of labels"),
        (
            LABELS_CSV.replace("3.5", "1e999"),
            "has inf for tail / x in the row of labeled-data/vid/img042",
        ),
        (LABELS_CSV.replace("3.5", "-1e300"), r"has -1e\+300 for tail / x .*: no image is so large"),
        (LABELS_CSV.replace("3.5", "three"), r"number in line 4, column 6, of .*t\.csv, got 'three'"),
        (LABELS_CSV.replace("img007", "img042"), "two rows for labeled-data/vid/img042.png"),
        (LABELS_CSV.replace("img007.png,5,6,,", "img007.png,5,6"), "expected 7 cells in line 5"),
        (LABELS_CSV.replace("tail,tail", "nose,nose"), "column nose / x several times"),
        (LABELS_CSV.replace("x,y,x,y", "a,b,a,b"), "expected x and y"),
        (LABELS_CSV.replace("nose,nose,tail,tail", "nose,nose,tail"), "differ in length"),
    ],
)
def test_bad_tables_say_what_is_wrong(tmp_path, text, message):
    with pytest.raises(InputError, match=message):
        load_labels(write(tmp_path / "t.csv", text))


def make_project(folder, labels_csv=LABELS_CSV, bodyparts=("nose", "tail")):
    target = folder / "labeled-data" / "vid"
    target.mkdir(parents=True)
    (target / "CollectedData_ada.csv").write_text(labels_csv)
    config = {
        "Task": "maze",
        "scorer": "ada",
        "bodyparts": list(bodyparts),
        "video_sets": {"D:\\données\\vid.mp4": {"crop": "0, 1, 0, 1"}},
        "skeleton": [["nose", "tail"], ["nose", "gone"]],
    }
    (folder / "config.yaml").write_text(yaml.safe_dump(config, allow_unicode=True), encoding="utf-8")
    return folder


def test_a_windows_path_of_a_missing_video_still_names_the_video(tmp_path):
    source = load_labels(make_project(tmp_path))
    assert list(source.videos) == ["vid"]
    assert not source.videos["vid"].exists()
    notes = " ".join(source.notes)
    assert "videos not found" in notes
    assert "nose - gone" in notes
    assert source.labels.skeleton.edges == (("nose", "tail"),)


def test_images_of_a_video_without_labels_wait(tmp_path):
    folder = make_project(tmp_path / "p")
    for name in ("new/img3.png", "new/img5.png", "vid/img042.png", "vid_labeled/img042.png"):
        path = folder / "labeled-data" / name
        path.parent.mkdir(exist_ok=True)
        path.touch()
    source = load_labels(folder)
    assert set(source.images) == {("vid", 42), ("new", 3), ("new", 5)}
    assert "images without a row, waiting to be labelled: 2" in source.notes


def test_a_configuration_of_another_name_is_found(tmp_path):
    folder = make_project(tmp_path / "p")
    (folder / "config.yaml").rename(folder / "my config.yaml")
    assert detect_format(folder, "load_labels").name == "dlc"
    assert len(load_labels(folder).labels) == 2
    shutil.copy(folder / "my config.yaml", folder / "copy of it.yaml")
    with pytest.raises(NotFoundError, match=r"expected DeepLabCut's config\.yaml in") as caught:
        load_labels(folder, format="dlc")
    assert "CollectedData" in caught.value.hint


def test_a_moved_video_is_found_in_the_project(tmp_path):
    make_project(tmp_path)
    (tmp_path / "videos").mkdir()
    (tmp_path / "videos/vid.mp4").touch()
    assert load_labels(tmp_path).videos == {"vid": tmp_path / "videos/vid.mp4"}


def test_a_keypoint_that_the_project_does_not_have(tmp_path):
    message = r"CollectedData_ada.* labels the keypoint 'tail', which the project does not have"
    with pytest.raises(LabelsError, match=message) as caught:
        load_labels(make_project(tmp_path, bodyparts=("nose",)))
    assert "keypoints are nose" in str(caught.value)


def test_a_damaged_h5_beside_a_whole_csv_is_no_disaster(tmp_path):
    make_project(tmp_path)
    (tmp_path / "labeled-data/vid/CollectedData_ada.h5").write_bytes(b"\x89HDF\r\n\x1a\n" + b"\0" * 50)
    source = load_labels(tmp_path)
    assert len(source.labels) == 2
    assert any("could not be read" in note for note in source.notes)


def test_pickled_objects_in_an_h5_are_never_executed(tmp_path):
    with h5py.File(tmp_path / "evil.h5", "w") as file:
        group = file.create_group("df_with_missing")
        group.attrs["pandas_type"] = np.bytes_(b"frame_table")
        group.attrs["non_index_axes"] = np.bytes_(b"cos\nsystem\n(S'touch /tmp/owned'\ntR.")
        group["table"] = np.zeros(1, dtype=[("index", "i8"), ("values_block_0", "f8", (2,))])
    with pytest.raises(FormatError, match=r"asks for os\.system"):
        load_poses(tmp_path / "evil.h5")


@pytest.mark.data
def test_a_pickle_is_refused_with_a_reason(shared_data):
    with pytest.raises(FormatError, match="pickle files can run code"):
        load_labels(shared_data / "formats/dlc/Documentation_data-real_numpy.pickle")


# --- predictions ----------------------------------------------------------------------------------------


@pytest.mark.data
@pytest.mark.parametrize("suffix", ["", "_filtered"])
def test_what_deeplabcut_wrote_is_read_and_written_back_the_same(shared_data, tmp_path, suffix):
    folder = shared_data / "formats/dlc_predictions"
    theirs_csv = folder / dlc_file_name("m3v1_300.mp4", SCORER, filtered=bool(suffix), suffix=".csv")
    theirs_h5 = theirs_csv.with_suffix(".h5")
    poses = load_poses(theirs_h5)
    assert poses.sizes["time"] == 300
    assert detect_format(theirs_h5, "load_poses").name == "dlc"
    np.testing.assert_array_equal(
        load_poses(theirs_csv)["position"].astype("float32"), poses["position"].astype("float32")
    )

    export_poses(poses, tmp_path / "ours.csv", format="dlc")
    export_poses(poses, tmp_path / "ours.h5", format="dlc")
    assert (tmp_path / "ours.csv").read_text() == theirs_csv.read_text()
    with pd.HDFStore(tmp_path / "ours.h5", "r") as ours, pd.HDFStore(theirs_h5, "r") as theirs:
        assert ours.keys() == theirs.keys() == ["/df_with_missing"]
        pd.testing.assert_frame_equal(ours["df_with_missing"], theirs["df_with_missing"])
    with h5py.File(tmp_path / "ours.h5") as ours, h5py.File(theirs_h5) as theirs:
        for name in ("df_with_missing", "df_with_missing/table"):
            assert set(theirs[name].attrs) <= set(ours[name].attrs)


@pytest.mark.parametrize("what", ["poses", "labels"])
def test_older_pandas_finds_the_layout_version_that_it_asks_for(tmp_path, mouse_poses, single_labels, what):
    path = tmp_path / "ours.h5"
    if what == "poses":
        export_poses(mouse_poses, path, format="dlc")
    else:
        save_labels(single_labels, path, format="dlc")
    with h5py.File(path) as file:
        assert file["df_with_missing"].attrs["pandas_version"] == b"0.15.2"


def test_the_scorer_is_named_as_deeplabcut_does():
    name = dlc_scorer_name(network="Resnet50", task="openfield", date="Oct30", shuffle=6, snapshot="best-20")
    assert name == SCORER
    assert dlc_file_name("dir/m3v1.mp4", name) == f"m3v1{SCORER}.h5"


def test_one_animal(tmp_path):
    poses = load_poses(write(tmp_path / "p.csv", PREDICTIONS_CSV))
    assert poses["position"].values[:, :, 0, 0].tolist() == [[1, 2], [3, 4]]
    assert poses["confidence"].values[:, 0, 0].tolist() == [0.5, 0.75]
    assert poses.attrs["scorer"] == "net"


@pytest.mark.parametrize("suffix", [".csv", ".h5"])
def test_several_animals_keep_every_digit(pair_poses, tmp_path, suffix):
    path = tmp_path / f"p{suffix}"
    losses = export_poses(pair_poses, path, format="dlc", scorer="net")
    assert losses == ["DeepLabCut's table holds frame numbers, not times or the frame rate"]
    again = load_poses(path)
    np.testing.assert_array_equal(again["position"], pair_poses["position"])
    np.testing.assert_array_equal(again["confidence"], pair_poses["confidence"])
    assert again["individual"].values.tolist() == ["ann", "bob"]


@pytest.mark.parametrize("suffix", [".csv", ".h5"])
def test_frame_numbers_are_kept(mouse_poses, tmp_path, suffix):
    export_poses(mouse_poses, tmp_path / f"p{suffix}", format="dlc")
    assert load_poses(tmp_path / f"p{suffix}")["frame"].values.tolist() == [10, 11, 12, 13]


def test_unordered_rows_are_put_in_order(tmp_path):
    text = PREDICTIONS_CSV.replace("0,1,2,0.5\n1,3,4,0.75\n", "7,3,4,0.75\n2,1,2,0.5\n")
    poses = load_poses(write(tmp_path / "p.csv", text))
    assert poses["frame"].values.tolist() == [2, 7]
    assert poses["position"].values[:, 0, 0, 0].tolist() == [1, 3]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (PREDICTIONS_CSV.replace("1,3,4,0.75", "0,3,4,0.75"), "frame 0 in several rows"),
        (PREDICTIONS_CSV.replace("0.75", "high"), "line 5, column 4, .*got 'high'"),
        (PREDICTIONS_CSV.replace("1,3,4,0.75\n", "1,3"), "expected 4 cells in line 5"),
        (LABELS_CSV, "frame numbers in the first column"),
    ],
)
def test_bad_predictions_say_what_is_wrong(tmp_path, text, message):
    with pytest.raises(FormatError, match=message):
        load_poses(write(tmp_path / "p.csv", text))


def test_a_cut_h5_is_said_to_be_damaged(mouse_poses, tmp_path):
    path = tmp_path / "p.h5"
    export_poses(mouse_poses, path, format="dlc")
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(FormatError, match="damaged or incomplete"):
        load_poses(path)


def test_nothing_is_overwritten_unless_told(mouse_poses, tmp_path):
    path = write(tmp_path / "p.csv", "precious")
    with pytest.raises(AlreadyExistsError):
        export_poses(mouse_poses, path, format="dlc")
    assert path.read_text() == "precious"
    export_poses(mouse_poses, path, format="dlc", overwrite=True)
    assert load_poses(path).sizes["time"] == 4


def test_words_in_the_encoding_of_windows_are_understood(tmp_path):
    path = tmp_path / "t.csv"
    path.write_bytes(LABELS_CSV.replace(",vid,", ",souris é,").encode("cp1252"))
    assert load_labels(path).labels.videos == ("souris é",)


def test_a_header_without_rows_has_no_labels(tmp_path):
    text = "\n".join(LABELS_CSV.splitlines()[:3]) + "\n"
    assert len(load_labels(write(tmp_path / "t.csv", text), format="dlc").labels) == 0


def test_headers_of_many_animals_are_long(tmp_path):
    poses = create_poses(
        np.ones((2, 2, 30, 60)),
        keypoints=[f"keypoint number {k}" for k in range(30)],
        individuals=[f"animal number {i}" for i in range(60)],
    )
    export_poses(poses, tmp_path / "p.csv", format="dlc", scorer="DLC_" + 60 * "x")
    assert len((tmp_path / "p.csv").read_text().splitlines()[0]) > 300_000
    np.testing.assert_array_equal(load_poses(tmp_path / "p.csv")["position"], poses["position"])
