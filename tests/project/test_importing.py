"""Projects made from labels of other tools, and labels given back to them."""

import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml

from marey.errors import AlreadyExistsError, FormatError, InputError, LabelsError, StorageError
from marey.formats import load_labels, save_labels
from marey.model import Instance, LabeledFrame, Labels, Origin, Skeleton
from marey.project import Project
from marey.project.importing import export_project, import_project
from marey.video import VideoWriter

from .conftest import write_video

MOUSE = Skeleton(("snout", "ear_left", "ear_right"), edges=(("snout", "ear_left"),))


def instance(*points, **options):
    return Instance(np.array(points, dtype=float), **options)


def make_dlc_project(folder, videos=("clip", "élan 2")):
    """A DeepLabCut project with two frames a video and no video files."""
    frames, images = [], {}
    for video in videos:
        for number in (42, 7):
            frame = LabeledFrame(
                video, number, (instance((1, 2), (3, 4), (5, number)),), f"img{number:04d}.png"
            )
            path = folder.parent / f"{video} {frame.image}"
            path.write_bytes(cv2.imencode(".png", np.full((8, 9), number, np.uint8))[1].tobytes())
            images[frame.key] = path
            frames.append(frame)
    save_labels(Labels(MOUSE, frames), folder, format="dlc", images=images, scorer="ada", name="maze")
    return folder


def test_labels_images_and_names_come_along_without_the_videos(tmp_path):
    source = make_dlc_project(tmp_path / "dlc")
    report = import_project(source, tmp_path / "mein Projekt 🐭")
    project = report.project
    assert project.root == tmp_path / "mein Projekt 🐭"
    assert project.name == "maze"
    assert (report.format, report.n_frames, report.n_images, report.n_videos) == ("dlc", 4, 4, 0)
    labels = project.load_labels()
    assert [f.image_key for f in labels] == [
        "clip/img0042.png",
        "clip/img0007.png",
        "élan 2/img0042.png",
        "élan 2/img0007.png",
    ]
    assert labels.frames[0].instances[0].authors == ["ada"] * 3
    assert project.read_image(labels.frames[1])[0, 0].tolist() == [7, 7, 7]
    assert project.skeleton.symmetries == (("ear_left", "ear_right"),)
    assert not project.symmetries_confirmed
    assert any("videos that are not here: 2 of 2" in note for note in report.notes)


@pytest.mark.data
def test_the_open_field_labels(shared_data, tmp_path):
    source = tmp_path / "openfield"
    shutil.copytree(shared_data / "openfield", source, ignore=shutil.ignore_patterns("videos"))
    report = import_project(source, tmp_path / "project")
    labels = report.project.load_labels()
    assert labels.frames == load_labels(source).labels.frames
    assert len(report.project.extracted_frames("m4s1")) == 116
    assert all(report.project.image_path(frame) is not None for frame in labels)


@pytest.mark.data
def test_images_without_labels_wait_in_the_project(shared_data, tmp_path):
    source = tmp_path / "wheel"
    shutil.copytree(shared_data / "mirror_mouse", source, ignore=shutil.ignore_patterns("videos"))
    project = import_project(source, tmp_path / "project").project
    assert len(project.load_labels()) == 90
    assert len(project.extracted_frames("wheel")) == 93


@pytest.mark.data
def test_the_images_of_a_package_are_taken_out(shared_data, tmp_path):
    report = import_project(shared_data / "formats/slp/minimal_instance.pkg.slp", tmp_path / "project")
    (frame,) = report.project.load_labels().frames
    assert frame.image == "img00000.png"
    assert report.project.read_image(frame).shape == (384, 384, 3)


@pytest.mark.data
@pytest.mark.parametrize(
    "name",
    [
        "formats/coco/multi_source",
        "formats/coco/mixed_animals",
        "formats/ultralytics",
        "formats/nwb/minimal.annotations.nwb",
        "formats/dlc/madlc_230_config.yaml",
        "formats/slp/multiview.slp",
    ],
)
def test_every_kind_of_source_gives_a_project_with_the_same_points(shared_data, tmp_path, name):
    source = load_labels(shared_data / name).labels
    project = import_project(shared_data / name, tmp_path / "project").project
    assert Project.open(project.root).skeleton.keypoints == source.skeleton.keypoints
    np.testing.assert_array_equal(project.load_labels().to_array(), source.to_array())


def test_what_only_a_model_labelled_is_left_out(tmp_path):
    by_model = instance((1, 1), (2, 2), (3, 3), origin=np.full(3, Origin.MODEL))
    frames = [
        LabeledFrame("v", 0, (by_model,)),
        LabeledFrame("v", 1, (instance((1, 2), (3, 4), (5, 6)), by_model)),
    ]
    save_labels(Labels(MOUSE, frames), tmp_path / "l.slp", format="sleap")
    report = import_project(tmp_path / "l.slp", tmp_path / "project")
    assert [f.frame for f in report.project.load_labels()] == [1]
    assert any("frames that only a model labelled, left out: 1" in note for note in report.notes)


def mixed_table(folder):
    """A table with the rows of two videos in turn, some of them without a point."""
    rows = [("b", 3, "5,6"), ("a", 9, ","), ("a", 2, "1,2"), ("b", 1, ","), ("a", 5, "3,4"), ("b", 0, "7,8")]
    text = "scorer,,,eve,eve\nbodyparts,,,nose,nose\ncoords,,,x,y\n"
    text += "".join(f"labeled-data,{video},img{frame}.png,{point}\n" for video, frame, point in rows)
    path = folder / "CollectedData_eve.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_row_numbers_are_those_of_the_source_whatever_is_labelled_later(tmp_path):
    project = import_project(mixed_table(tmp_path), tmp_path / "p").project
    rows = [f"{video}/img{frame}.png" for video, frame in ("b3", "a9", "a2", "b1", "a5", "b0")]
    assert project.row_keys() == rows
    new = LabeledFrame("b", 2, (instance((1, 1)),))
    project.save_labels("b", [new, *(f for f in project.load_labels("b") if f.frame)])
    assert project.row_keys() == [*rows[:5], "b/0", "b/2"]


def test_without_an_import_rows_are_those_of_the_labels(tmp_path):
    project = Project.create(tmp_path / "p", skeleton=Skeleton(("nose",)))
    project.add_video(tmp_path / "clip.mp4", missing_ok=True)
    project.save_labels("clip", [LabeledFrame("clip", i, (instance((1, 1)),)) for i in (7, 3)])
    assert project.row_keys() == ["clip/7", "clip/3"]


@pytest.mark.parametrize("text", ["{", "[]", '{"rows": [1]}'])
def test_rows_that_were_edited_by_hand_are_explained(tmp_path, text):
    project = import_project(mixed_table(tmp_path), tmp_path / "p").project
    (project.labels_folder / "imported_rows.json").write_text(text, encoding="utf-8")
    with pytest.raises(FormatError, match=r"imported_rows.json should hold"):
        project.row_keys()


def test_the_author_is_stated_where_the_source_does_not_say(tmp_path):
    save_labels(
        Labels(MOUSE, [LabeledFrame("v", 1, (instance((1, 2), (3, 4), (5, 6)),))]),
        tmp_path / "l.slp",
        format="sleap",
    )
    project = import_project(tmp_path / "l.slp", tmp_path / "p", author="eve", name="bees").project
    assert project.load_labels().frames[0].instances[0].authors == ["eve"] * 3
    assert project.name == "bees"


def test_names_that_are_no_file_names_are_changed(tmp_path):
    frame = LabeledFrame("b?<c", 1, (instance((1, 2), (3, 4), (5, 6)),))
    save_labels(Labels(MOUSE, [frame]), tmp_path / "l.json", format="coco")
    project = import_project(tmp_path / "l.json", tmp_path / "p").project
    assert list(project.videos) == ["b__c"]
    assert len(project.load_labels("b__c")) == 1


def test_a_failed_import_leaves_nothing_behind(tmp_path):
    source = make_dlc_project(tmp_path / "dlc")
    before = sorted(p.name for p in tmp_path.iterdir())
    table = source / "labeled-data/élan 2/CollectedData_ada.csv"
    table.with_suffix(".h5").unlink()
    table.write_text(table.read_text().replace("img0042", "img0007"))
    with pytest.raises(LabelsError, match="two rows"):
        import_project(source, tmp_path / "project")
    assert sorted(p.name for p in tmp_path.iterdir()) == before


def test_a_disk_that_takes_no_more_leaves_nothing_behind(tmp_path, full_disk):
    source = make_dlc_project(tmp_path / "dlc")
    noise = np.random.default_rng(0).integers(0, 255, (300, 300), dtype=np.uint8)
    (source / "labeled-data/élan 2/img0007.png").write_bytes(cv2.imencode(".png", noise)[1].tobytes())
    before = sorted(p.name for p in tmp_path.iterdir())
    with full_disk(20_000), pytest.raises(StorageError):  # the large image does not fit
        import_project(source, tmp_path / "project")
    assert sorted(p.name for p in tmp_path.iterdir()) == before


def test_a_folder_with_something_in_it_is_left_alone(tmp_path):
    source = make_dlc_project(tmp_path / "dlc")
    (tmp_path / "project").mkdir()
    (tmp_path / "project/thesis.txt").write_text("precious")
    with pytest.raises(AlreadyExistsError):
        import_project(source, tmp_path / "project")
    assert [p.name for p in (tmp_path / "project").iterdir()] == ["thesis.txt"]


@pytest.mark.parametrize(
    ("format", "output"),
    [
        ("dlc", "out"),
        ("sleap", "out.slp"),
        ("coco", "out"),
        ("lightning-pose", "out"),
        ("table", "out"),
        ("nwb", "out.nwb"),
    ],
)
def test_an_imported_project_is_exported_again(tmp_path, format, output):  # noqa: A002
    if format == "nwb":
        pytest.importorskip("ndx_pose")
    source = make_dlc_project(tmp_path / "dlc")
    project = import_project(source, tmp_path / "project").project
    export_project(project.root, tmp_path / output, format=format)
    again = load_labels(tmp_path / output, format=format).labels
    assert [f.key for f in again] == [f.key for f in project.load_labels()]
    np.testing.assert_array_equal(again.to_array(), project.load_labels().to_array())


@pytest.mark.parametrize(("format", "output"), [("dlc", "out"), ("lightning-pose", "out")])
def test_images_that_wait_and_videos_without_labels_are_exported_too(tmp_path, format, output):  # noqa: A002
    project = import_project(make_dlc_project(tmp_path / "dlc"), tmp_path / "project").project
    project.add_image("clip", 99, np.full((8, 9, 3), 99, np.uint8))
    video = tmp_path / "new.mp4"
    with VideoWriter(video, fps=30, size=(32, 32)) as writer:
        writer.write(np.zeros((32, 32, 3), np.uint8))
    project.add_video(video)
    losses = export_project(project, tmp_path / output, format=format)
    assert not any("waiting" in loss for loss in losses)
    again = load_labels(tmp_path / output)
    waiting = again.images.keys() - {frame.key for frame in again.labels}
    assert waiting == {("clip", 99)}
    if format == "dlc":
        assert again.videos["new"].samefile(video)


def test_videos_of_one_file_name_keep_their_own_labels_in_deeplabcut(tmp_path):
    """DeepLabCut trains on the labels in the folders that are called like the files of its videos."""
    project = Project.create(tmp_path / "project", skeleton=MOUSE)
    for seed, folder in enumerate(("monday", "tuesday")):
        key = project.add_video(write_video(tmp_path / folder / "cam.mp4", seed=seed))
        frame = LabeledFrame(key, 3 + seed, (instance((1, 2), (3, 4), (5, 6)),))
        project.save_labels(key, [frame])
    losses = export_project(project, tmp_path / "dlc", format="dlc")
    assert "videos that DeepLabCut looks for under the name of their labels: cam.mp4 as cam_2.mp4" in losses
    config = yaml.safe_load((tmp_path / "dlc" / "config.yaml").read_text("utf-8"))
    assert [Path(video).stem for video in config["video_sets"]] == ["cam", "cam_2"]
    again = load_labels(tmp_path / "dlc")
    assert [frame.key for frame in again.labels] == [("cam", 3), ("cam_2", 4)]


def test_where_images_cannot_wait_it_is_said(tmp_path):
    project = import_project(make_dlc_project(tmp_path / "dlc"), tmp_path / "project").project
    project.add_image("clip", 99, np.full((8, 9, 3), 99, np.uint8))
    for format_, output in (("sleap", "out.slp"), ("coco", "out"), ("dlc", "out.csv")):
        losses = export_project(project, tmp_path / output, format=format_)
        assert "images waiting to be labelled, left out: 1" in losses


def test_a_project_without_labels_has_nothing_to_export(tmp_path):
    project = Project.create(tmp_path / "empty", skeleton=MOUSE)
    with pytest.raises(InputError, match="no labels to export"):
        export_project(project, tmp_path / "out", format="dlc")


@pytest.mark.data
def test_videos_are_linked_and_labelled_frames_extracted_from_them(shared_data, tmp_path):
    report = import_project(shared_data / "centered_pair/centered_pair.slp", tmp_path / "project")
    project = report.project
    assert (report.n_frames, report.n_images, report.n_videos) == (70, 70, 1)
    video = "centered_pair_low_quality"
    assert project.video_path(video) == shared_data / "centered_pair/centered_pair_low_quality.mp4"
    frame = project.load_labels().frames[3]
    with project.open_video(video) as opened:
        np.testing.assert_array_equal(project.read_image(frame), opened.read(frame.frame))


@pytest.mark.data
def test_videos_can_be_copied_and_frames_left_in_them(shared_data, tmp_path):
    source = tmp_path / "source"
    source.mkdir()
    for name in ("centered_pair.slp", "centered_pair_low_quality.mp4"):
        shutil.copyfile(shared_data / "centered_pair" / name, source / name)
    report = import_project(source / "centered_pair.slp", tmp_path / "p", copy_videos=True, extract=False)
    assert report.project.video_path("centered_pair_low_quality").parent == tmp_path / "p" / "videos"
    assert report.n_images == 0
    assert report.project.load_labels().frames[0].image is None
    assert any("without an image in the project: 70" in note for note in report.notes)


def in_capitals(path):
    return path.rename(path.with_suffix(path.suffix.upper()))


@pytest.mark.parametrize("table_says", [".PNG", ".png"])
@pytest.mark.parametrize("removed", [".H5", ".CSV"])
def test_endings_in_capitals_are_endings_too(tmp_path, removed, table_says):
    source = make_dlc_project(tmp_path / "dlc", videos=("clip",))
    video = source / "videos/clip.avi"
    with VideoWriter(video, fps=30, size=(32, 32)) as writer:
        for _ in range(50):
            writer.write(np.zeros((32, 32, 3), np.uint8))
    text = (source / "config.yaml").read_text(encoding="utf-8").replace("clip.mp4", "clip.AVI")
    (source / "config.yaml").write_text(text, encoding="utf-8")
    table = source / "labeled-data/clip/CollectedData_ada.csv"
    table.write_text(table.read_text(encoding="utf-8").replace(".png", table_says), encoding="utf-8")
    files = [path for path in source.rglob("*") if path.is_file()]
    for path in map(in_capitals, files):
        if path.suffix == removed:
            path.unlink()
    report = import_project(source, tmp_path / "p")
    assert (report.n_frames, report.n_images, report.n_videos) == (2, 2, 1)
    first = report.project.load_labels().frames[0]
    assert first.image == "img0042.PNG"
    assert report.project.read_image(first)[0, 0].tolist() == [42, 42, 42]
    assert load_labels(next(source.rglob(f"*{'.CSV' if removed == '.H5' else '.H5'}"))).labels.frames


def test_a_damaged_video_does_not_keep_the_labels_out(tmp_path):
    source = make_dlc_project(tmp_path / "dlc", videos=("clip",))
    (source / "videos").mkdir()
    (source / "videos/clip.mp4").write_bytes(b"not a video")
    report = import_project(source, tmp_path / "project")
    assert len(report.project.load_labels()) == 2
    assert any("the video clip was not added" in note for note in report.notes)
