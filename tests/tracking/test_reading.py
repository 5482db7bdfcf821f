"""What counts as the truth in a file, and whose it is."""

from dataclasses import replace

import h5py
import numpy as np
import pytest

from marey.errors import InputError, LabelsError
from marey.formats import export_poses, load_labels, save_labels
from marey.model import Instance, LabeledFrame, Labels, Origin, Skeleton, create_poses, with_rate
from marey.tracking import evaluate_tracks, load_animals, load_truth
from marey.tracking.reading import on_every_frame

BODY = np.array([[-12.0, 0.0], [0.0, 5.0], [14.0, 0.0]])
NAMES = ("tail", "back", "head")
NAMED = ("ada", "bo")


def places(frame):
    return [BODY + np.array([50 + frame, y]) for y in (60, 160)]


def labels_of(frames, names=NAMED):
    labelled = [LabeledFrame("clip", frame, tuple(map(animal, places(frame), names))) for frame in frames]
    return Labels(Skeleton(NAMES), labelled, tuple(name for name in names if name))


def animal(points, name):
    return Instance(points, individual=name)


def tracks_of(n_frames):
    points = np.array([places(frame) for frame in range(n_frames)])
    return create_poses(points.transpose(0, 3, 2, 1), keypoints=NAMES, individuals=["one", "other"])


def saved(labels, path, format_):
    save_labels(labels, path, format=format_)
    return path


@pytest.mark.parametrize(("format_", "name", "first"), [("sleap", "few.slp", 0), ("coco", "few.json", 3)])
def test_only_the_frames_that_a_person_labelled_are_the_truth(tmp_path, format_, name, first):
    labels = labels_of([3, 17, 40])
    path = saved(labels, tmp_path / name, format_)
    truth = load_truth(path)
    assert truth["frame"].values.tolist() == [3, 17, 40]
    scores = evaluate_tracks(truth, tracks_of(60))
    assert (scores.n_frames, scores.idf1, scores.mota, scores.n_extra) == (3, 1, 1, 0)
    assert (scores.fragmentations, scores.id_switches) == (0, 0)
    assert load_animals(path)["frame"].values[[0, -1]].tolist() == [first, 40]
    assert len(load_animals(path)["frame"]) > 3  # tracking follows time


def test_a_frame_that_a_person_saw_empty_is_the_truth_too(tmp_path):
    labels = labels_of([3, 17, 40])
    labels.frames.insert(1, LabeledFrame("clip", 9, ()))
    scores = evaluate_tracks(load_truth(saved(labels, tmp_path / "a.json", "coco")), tracks_of(60))
    assert (scores.n_frames, scores.n_extra) == (4, 2)


def test_predictions_tell_of_every_frame_from_their_first_on(tmp_path):
    poses = tracks_of(60)
    poses["position"][:10] = np.nan
    poses["position"][20:30] = np.nan
    poses["confidence"][:] = 0.9
    export_poses(poses, tmp_path / "found.slp", format="sleap")
    scores = evaluate_tracks(load_truth(tmp_path / "found.slp"), tracks_of(60))
    assert (scores.n_frames, scores.n_extra) == (50, 20)


@pytest.mark.parametrize(("format_", "name"), [("sleap", "a.slp"), ("coco", "a.json")])
@pytest.mark.parametrize("names", [(None, None), ("ada", None)])
def test_a_truth_says_who_is_who(tmp_path, format_, name, names):
    path = saved(labels_of([3, 17], names), tmp_path / name, format_)
    with pytest.raises(LabelsError, match="some animal has none in 2 frames, the first of them 3"):
        load_truth(path)


def test_a_single_animal_needs_no_name(tmp_path):
    path = saved(labels_of([3, 17], (None,)), tmp_path / "a.slp", "sleap")
    assert evaluate_tracks(load_truth(path), tracks_of(60)).n_missed == 0


def test_a_row_that_waits_to_be_labelled_is_not_compared(tmp_path):
    labels = labels_of([3, 17, 40])
    nothing = Instance(np.full((3, 2), np.nan))
    labels.frames[1] = LabeledFrame("clip", 17, (nothing,))
    save_labels(labels, tmp_path / "project", format="dlc")
    path = next((tmp_path / "project").rglob("CollectedData*.csv"))
    assert len(load_labels(path).labels.frames) == 3
    scores = evaluate_tracks(load_truth(path), tracks_of(60))
    assert (scores.n_frames, scores.idf1, scores.n_extra) == (2, 1, 0)


def test_a_file_without_a_labelled_frame(tmp_path):
    path = saved(Labels(Skeleton(NAMES)), tmp_path / "none.slp", "sleap")
    with pytest.raises(InputError, match="not one labelled frame"):
        load_truth(path)


def test_what_only_a_model_placed_is_no_truth(tmp_path):
    labels = labels_of([0, 5, 7])
    for row, places_ in ((1, (0, 1)), (2, (1,))):
        frame = labels.frames[row]
        animals = list(frame.instances)
        for place in places_:
            animals[place] = Instance(
                animals[place].points, individual=NAMED[place], origin=np.full(3, Origin.MODEL)
            )
        labels.frames[row] = replace(frame, instances=tuple(animals))
    truth = load_truth(saved(labels, tmp_path / "some.slp", "sleap"))
    assert truth["frame"].values.tolist() == [0, 7]
    assert np.isfinite(truth["position"].values).all(axis=(1, 2)).sum(axis=1).tolist() == [2, 1]


def test_names_of_unnamed_animals_are_new_ones(tmp_path):
    path = saved(labels_of([3, 17], ("animal 2", None)), tmp_path / "a.json", "coco")
    assert load_animals(path)["individual"].values.tolist() == ["animal 2", "animal 1"]


def test_a_video_is_named_in_any_format_that_holds_several(tmp_path):
    export_poses(tracks_of(5), tmp_path / "a.nwb", format="nwb")
    with h5py.File(tmp_path / "a.nwb", "r+") as file:
        file.copy("processing/behavior", "processing/camB")
    with pytest.raises(InputError, match="2 processing modules"):
        load_animals(tmp_path / "a.nwb")
    assert load_animals(tmp_path / "a.nwb", video="camB").sizes["time"] == 5
    with pytest.raises(InputError, match="no processing module 'camC'"):
        load_animals(tmp_path / "a.nwb", video="camC")


def test_what_is_there_once_in_a_scene_is_no_animal(tmp_path):
    points = np.concatenate(
        [np.array([places(frame) for frame in range(5)]), np.full((5, 1, 3, 2), np.nan)], 1
    )
    points = np.concatenate([points, np.full((5, 3, 1, 2), np.nan)], axis=2)
    points[:, 2, 3] = 7.0
    poses = create_poses(
        points.transpose(0, 3, 2, 1), keypoints=[*NAMES, "corner"], individuals=["one", "other", "single"]
    )
    poses["confidence"][:] = 0.9
    export_poses(poses, tmp_path / "cDLC_net.csv", format="dlc")
    animals = load_animals(tmp_path / "cDLC_net.csv")
    assert animals["individual"].values.tolist() == ["one", "other"]
    assert animals["keypoint"].values.tolist() == list(NAMES)


def test_rows_are_apart_as_frames_are():
    poses = with_rate(tracks_of(20), 10.0).assign(
        is_interpolated=(("time", "keypoint", "individual"), np.zeros((20, 3, 2), dtype=bool))
    )
    few = poses.isel(time=[0, 1, 2, 9, 19])
    every = on_every_frame(few)
    assert every["frame"].values.tolist() == list(range(20))
    assert every["time"].values == pytest.approx(np.arange(20) / 10)
    assert np.isfinite(every["position"].values[:, 0, 0, 0]).nonzero()[0].tolist() == [0, 1, 2, 9, 19]
    assert every["is_interpolated"].dtype == bool
    assert every.attrs == few.attrs
    tenth = poses.isel(time=slice(None, None, 5))
    assert on_every_frame(tenth) is tenth
    assert on_every_frame(poses.isel(time=[0, 5, 15]))["frame"].values.tolist() == [0, 5, 10, 15]
    with pytest.raises(InputError, match="5 frames lie between 0 and 50000000"):
        on_every_frame(few.assign_coords(frame=("time", [0, 1, 2, 9, 50_000_000])))
