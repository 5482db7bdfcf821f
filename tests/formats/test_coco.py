"""COCO keypoints, both ways."""

import json

import cv2
import numpy as np
import pytest

from marey.errors import FormatError, LabelsError
from marey.formats import load_labels, save_labels
from marey.model import Instance, LabeledFrame, Labels, Visibility

COCO = {
    "images": [
        {"id": 10, "file_name": "a/images/f_003.png", "width": 9, "height": 9},
        {"id": 11, "file_name": "b\\images\\f_003.png", "width": 9, "height": 9},
        {"id": 12, "file_name": "a/images/f_001.png", "width": 9, "height": 9},
    ],
    "annotations": [
        {"id": 1, "image_id": 10, "category_id": 7, "keypoints": [1, 2, 2, 3, 4, 1, 9, 9, 0]},
        {"id": 2, "image_id": 11, "category_id": 7, "keypoints": [0, 0, 0, 5, 6, 2, 0, 0, 0], "track_id": 4},
    ],
    "categories": [{"id": 7, "name": "rat", "keypoints": ["n", "l", "r"], "skeleton": [[1, 2], [1, 3]]}],
}


def write(path, data):
    path.write_text(json.dumps(data))
    return path


def edited(**changes):
    return json.loads(json.dumps(COCO)) | changes


def test_positions_states_edges_and_folders(tmp_path):
    source = load_labels(write(tmp_path / "annotations.json", COCO))
    labels = source.labels
    assert [f.key for f in labels] == [("a", 3), ("b", 3), ("a", 1)]
    assert labels.skeleton.edges == (("n", "l"), ("n", "r"))
    first = labels.frames[0].instances[0]
    assert first.visibility.tolist() == [Visibility.VISIBLE, Visibility.OCCLUDED, Visibility.UNLABELED]
    np.testing.assert_array_equal(first.points, [[1, 2], [3, 4], [np.nan, np.nan]])
    assert labels.frames[1].instances[0].individual == "4"
    assert labels.frames[2].instances == ()
    notes = " / ".join(source.notes)
    assert "images without annotations, taken as frames without an animal: 1" in notes
    assert "positions with visibility 0 (not labelled), dropped: 1" in notes
    assert "images that were not found: 3" in notes


def test_licences_and_facts_that_labels_do_not_hold_are_said(tmp_path, pair_labels):
    data = edited(
        info={"description": "mice", "contributor": "a lab", "url": ""},
        licenses=[{"id": 1, "name": "CC BY-NC", "url": "https://example.org"}],
    )
    data["images"][0]["date_captured"] = "2024-01-01"
    data["annotations"][0] |= {"segmentation": [], "score": 0.5}
    assert [
        note for note in load_labels(write(tmp_path / "annotations.json", data)).notes if "left out" in note
    ] == [
        "licences of the images, left out (CC BY-NC): 1",
        "facts about the whole set, left out (contributor, description): 2",
        "facts about images, left out (date_captured): 1",
        "facts about animals, left out (score): 1",
    ]
    save_labels(pair_labels, tmp_path / "own.json", format="coco")
    assert not any("facts" in note or "licences" in note for note in load_labels(tmp_path / "own.json").notes)


@pytest.mark.data
def test_visibility_of_two_and_of_three_states(shared_data):
    folder = shared_data / "formats/coco"
    binary = load_labels(folder / "visibility_binary").labels.frames[0].instances[0]
    ternary = load_labels(folder / "visibility_ternary").labels.frames[0].instances[0]
    assert binary.visibility[:3].tolist() == [Visibility.UNLABELED, Visibility.VISIBLE, Visibility.VISIBLE]
    assert ternary.visibility[:3].tolist() == [
        Visibility.UNLABELED,
        Visibility.OCCLUDED,
        Visibility.VISIBLE,
    ]


@pytest.mark.data
def test_categories_are_put_into_one_skeleton(shared_data):
    labels = load_labels(shared_data / "formats/coco/mixed_animals").labels
    mouse, fly = labels.frames[0].instances
    assert mouse.has_position.sum() == 17
    assert fly.has_position.sum() == 13


def test_round_trip_as_a_folder(pair_labels, tmp_path):
    images = {}
    for frame in pair_labels:
        images[frame.key] = tmp_path / frame.image
        images[frame.key].write_bytes(cv2.imencode(".png", np.zeros((20, 30), np.uint8))[1].tobytes())
    occluded = Instance([[1, 2], [np.nan, np.nan], [3, 4]], visibility=[2, 0, 2])
    frames = [*pair_labels.frames, LabeledFrame("duo", 50, ()), LabeledFrame("é", 1, (occluded,))]
    labels = Labels(pair_labels.skeleton, frames, pair_labels.individuals)
    save_labels(labels, tmp_path / "out", format="coco", images=images)
    data = json.loads((tmp_path / "out/annotations.json").read_text())
    assert (data["images"][0]["width"], data["images"][0]["height"]) == (30, 20)
    assert data["annotations"][0]["bbox"] == [1, 2, 4, 4]
    assert data["categories"][0]["skeleton"] == [[1, 2], [1, 3]]
    source = load_labels(tmp_path / "out")
    assert [f.key for f in source.labels] == [f.key for f in frames]
    np.testing.assert_array_equal(source.labels.to_array(), labels.to_array())
    assert source.labels.frames[-1].instances[0].visibility.tolist() == [2, 0, 2]
    assert set(source.images) == set(images)


def test_hidden_points_alone_are_not_taken_for_seen_ones(tmp_path, pair_labels):
    hidden = Instance([[1, 2], [3, 4], [5, 6]], visibility=[2, 2, 2])
    labels = Labels(pair_labels.skeleton, [LabeledFrame("v", 0, (hidden,))])
    save_labels(labels, tmp_path / "l.json", format="coco")
    assert load_labels(tmp_path / "l.json").labels.frames[0].instances == (hidden,)


def test_boxes_and_crowds_do_not_make_empty_frames(tmp_path):
    annotations = [
        {"id": 1, "image_id": 10, "category_id": 7, "bbox": [0, 0, 1, 1]},
        {"id": 2, "image_id": 11, "category_id": 7, "iscrowd": 1, "keypoints": [1, 1, 2] * 3},
        {"id": 3, "image_id": 11, "category_id": 7, "keypoints": [1, 1, 2] * 3},
    ]
    source = load_labels(write(tmp_path / "c.json", edited(annotations=annotations)))
    assert [len(f.instances) for f in source.labels] == [1, 2, 0]
    assert not source.labels.frames[0].instances[0].has_position.any()
    crowd, animal = source.labels.frames[1].instances
    assert not crowd.is_confirmed.any()
    assert animal.is_confirmed.all()
    assert "annotations of crowds, each kept as an animal not labelled yet: 1" in " ".join(source.notes)


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"annotations": 3}, FormatError, "expected a list 'annotations'"),
        ({"categories": [{"id": 7, "name": "rat"}]}, FormatError, "none of the categories"),
        (
            {"annotations": [{"id": 5, "image_id": 99, "category_id": 7, "keypoints": []}]},
            LabelsError,
            "annotation 5 .* image 99",
        ),
        (
            {"annotations": [{"id": 5, "image_id": 10, "category_id": 7, "keypoints": [1, 2, 2]}]},
            LabelsError,
            "has 1 keypoints, but its category has 3",
        ),
        (
            {"annotations": [{"id": 5, "image_id": 10, "category_id": 7, "keypoints": ["x", 2, 2] * 3}]},
            FormatError,
            "expected numbers x, y, visibility in annotation 5",
        ),
        (
            {"categories": [{"id": 7, "keypoints": ["a", "b"], "skeleton": [[1, 9]]}]},
            FormatError,
            "names no two keypoints",
        ),
        ({"images": [{"file_name": "a.png"}]}, FormatError, "entry 0 of 'images' in .*c.json has no 'id'"),
        ({"images": [{"id": 1}], "annotations": []}, FormatError, "image 1 in .*c.json has no 'file_name'"),
        (
            {"categories": [{"name": "rat", "keypoints": ["n", "l", "r"]}]},
            FormatError,
            "entry 0 of 'categories' in .* has no 'id'",
        ),
        ({"annotations": [7]}, FormatError, "expected an object as entry 0 of 'annotations' in .*, got '7'"),
        (
            {"annotations": [{"id": 5, "image_id": [10]}]},
            FormatError,
            "expected a number as 'image_id' of entry 0 of 'annotations'",
        ),
        (
            {"annotations": [{"id": 5, "image_id": 10, "keypoints": 3}]},
            FormatError,
            "expected a list as 'keypoints' of entry 0",
        ),
        ({"info": ["x"]}, FormatError, "expected an object as 'info'"),
        ({"licenses": "CC BY"}, FormatError, "expected a list of objects as 'licenses'"),
    ],
)
def test_what_is_wrong_is_said(tmp_path, changes, error, message):
    with pytest.raises(error, match=message):
        load_labels(write(tmp_path / "c.json", edited(**changes)))


def test_animals_that_share_a_track_in_an_image_lose_the_name(tmp_path):
    data = edited()
    data["categories"].append({"id": 8, "name": "mouse", "keypoints": ["n"]})
    data["annotations"] = [
        {"id": 1, "image_id": 10, "category_id": 7, "keypoints": [1, 2, 2] * 3, "track_id": 0},
        {"id": 2, "image_id": 10, "category_id": 8, "keypoints": [5, 6, 2], "track_id": 0},
    ]
    source = load_labels(write(tmp_path / "c.json", data))
    assert [animal.individual for animal in source.labels.frames[0].instances] == ["0", None]
    assert "animals that share their name with another in the image and lost it: 1" in source.notes


def test_a_cut_file(tmp_path):
    path = tmp_path / "c.json"
    path.write_text(json.dumps(COCO)[:-20])
    with pytest.raises(FormatError, match="not valid JSON"):
        load_labels(path)


@pytest.mark.data
def test_boxes_drawn_by_hand_are_counted_and_those_of_the_points_are_not(shared_data, tmp_path):
    source = load_labels(shared_data / "formats/coco/flat_images")
    n_animals = sum(len(frame.instances) for frame in source.labels)
    said = f"boxes drawn around animals, left out: those of the points take their place: {n_animals}"
    assert said in source.notes
    save_labels(source.labels, tmp_path / "again.json", format="coco", images=source.images)
    assert not any("boxes" in note for note in load_labels(tmp_path / "again.json").notes)
