import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from marey.errors import LabelsError
from marey.model import Instance, LabeledFrame, Labels, Origin, Skeleton, Visibility

NAN = (np.nan, np.nan)
PAIR = Skeleton(("nose", "tail"))


def animal(*points, **values):
    return Instance(np.array(points, dtype=float), **values)


class TestInstance:
    def test_visibility_follows_from_the_positions(self):
        instance = animal((1, 2), NAN)
        assert instance.visibility.tolist() == [Visibility.VISIBLE, Visibility.UNLABELED]
        assert instance.origin.tolist() == [Origin.PERSON, Origin.PERSON]
        assert (instance.authors, instance.times) == (["", ""], ["", ""])
        assert instance.has_position.tolist() == [True, False]

    def test_half_a_position_is_none(self):
        instance = animal((1, np.nan), (np.nan, 2))
        assert np.isnan(instance.points).all()
        assert not instance.has_position.any()

    def test_does_not_share_its_arrays_with_the_caller(self):
        points = np.ones((2, 2))
        instance = Instance(points)
        instance.points[0] = 7
        assert points.tolist() == [[1, 1], [1, 1]]

    @pytest.mark.parametrize("name", ["", "  ", None])
    def test_an_empty_name_is_no_name(self, name):
        assert animal((1, 2), individual=name).individual is None

    def test_a_name_has_no_spaces_around(self):
        assert animal((1, 2), individual=" ben ").individual == "ben"

    def test_bounds_are_those_of_the_points_with_a_position(self):
        assert animal((5, 1), (2, 9), NAN).bounds.tolist() == [2, 1, 5, 9]
        assert np.isnan(animal(NAN).bounds).all()

    def test_only_what_a_person_placed_or_accepted_is_confirmed(self):
        instance = animal(
            (1, 1), (2, 2), (3, 3), NAN, origin=[Origin.PERSON, Origin.ACCEPTED, Origin.MODEL, Origin.PERSON]
        )
        assert instance.is_confirmed.tolist() == [True, True, False, False]
        np.testing.assert_array_equal(instance.confirmed_points(), [[1, 1], [2, 2], NAN, NAN])

    @pytest.mark.parametrize(
        ("points", "values", "message"),
        [
            ([[1, 2, 3]], {}, r"must have shape \(n_keypoints, 2\), got \(1, 3\)"),
            ([1, 2], {}, r"must have shape \(n_keypoints, 2\), got \(2,\)"),
            ([[np.inf, 2]], {}, r"within 1e\+07 px, or NaN, got inf"),
            ([[1, 2], [3, -1e300]], {}, r"within 1e\+07 px, or NaN, got -1e\+300"),
            (
                [[1, 2]],
                {"visibility": [3, 3]},
                "visibility must have one entry for each of 1 keypoints, got 2",
            ),
            ([[1, 2]], {"authors": ["a", "b"]}, "authors must have one entry"),
            ([[1, 2]], {"visibility": [7]}, r"visibility must be one of 0 \(unlabeled\).*got 7"),
            ([[1, 2]], {"origin": [-1]}, r"origin must be one of 0 \(person\).*got -1"),
            ([[1, 2]], {"visibility": [Visibility.ABSENT]}, "keypoint 0 is absent but its position is"),
            ([NAN], {"visibility": [Visibility.OCCLUDED]}, "keypoint 0 is occluded but its position is"),
        ],
    )
    def test_contradictions(self, points, values, message):
        with pytest.raises(LabelsError, match=message):
            Instance(np.array(points, dtype=float), **values)

    def test_equality_looks_at_everything_and_takes_nan_for_equal(self):
        assert animal((1, 2), NAN) == animal((1, 2), NAN)
        assert animal((1, 2)) != animal((1, 3))
        assert animal((1, 2)) != animal((1, 2), authors=["ada"])
        assert animal((1, 2)) != "animal"

    def test_cannot_be_hashed_because_it_changes(self):
        with pytest.raises(TypeError):
            hash(animal((1, 2)))


class TestLabeledFrame:
    def test_keys(self):
        assert LabeledFrame("m1", 42).key == ("m1", 42)
        assert LabeledFrame("m1", 42).image_key == "m1/42"
        assert LabeledFrame("m1", 42, image="img00042.png").image_key == "m1/img00042.png"

    def test_frame_numbers_of_numpy_become_plain(self):
        assert type(LabeledFrame("m1", np.int64(3)).frame) is int

    def test_negative_frames(self):
        with pytest.raises(LabelsError, match="count from 0, got -1 in m1"):
            LabeledFrame("m1", -1)


class TestLabels:
    @pytest.mark.parametrize(
        ("frames", "message"),
        [
            ([LabeledFrame("v", 1), LabeledFrame("v", 1)], "frame 1 of v is labelled twice"),
            ([LabeledFrame("v", 1, (animal((1, 2)),))], "instance of 1 keypoints, but the skeleton has 2"),
            (
                [LabeledFrame("v", 1, [animal(NAN, NAN, individual="ben") for _ in range(2)])],
                "'ben' is labelled twice in frame 1 of v",
            ),
        ],
    )
    def test_contradictions(self, frames, message):
        with pytest.raises(LabelsError, match=message):
            Labels(PAIR, frames)

    @pytest.mark.parametrize("individuals", [("ben", "ben "), ("ben", "")])
    def test_individuals_need_different_names(self, individuals):
        with pytest.raises(LabelsError, match="individuals must have different names"):
            Labels(PAIR, individuals=individuals)

    def test_finding_and_selecting(self):
        frames = [LabeledFrame("b", 2), LabeledFrame("a", 2), LabeledFrame("b", 1, (animal(NAN, NAN),))]
        labels = Labels(PAIR, frames)
        assert labels.videos == ("b", "a")
        assert labels.find("a", 2) is frames[1]
        assert labels.find("a", 1) is None
        assert labels.select(lambda frame: frame.video == "b").frames == [frames[0], frames[2]]
        assert (len(labels), labels.max_instances, list(labels)) == (3, 1, frames)

    def test_confirmed_keeps_frames_that_a_person_saw_empty(self):
        model = [Origin.MODEL, Origin.MODEL]
        frames = [
            LabeledFrame("v", 0),
            LabeledFrame("v", 1, (animal((1, 1), (2, 2), origin=model),)),
            LabeledFrame("v", 2, (animal((1, 1), (2, 2), origin=[Origin.MODEL, Origin.ACCEPTED]),)),
        ]
        confirmed = Labels(PAIR, frames).confirmed()
        assert [frame.frame for frame in confirmed] == [0, 2]
        kept = confirmed.frames[1].instances[0]
        np.testing.assert_array_equal(kept.points, [NAN, (2, 2)])
        assert kept.visibility.tolist() == [Visibility.UNLABELED, Visibility.VISIBLE]
        assert confirmed.confirmed() == confirmed

    def test_array_of_unnamed_animals(self):
        labels = Labels(PAIR, [LabeledFrame("v", 0), LabeledFrame("v", 1, (animal((1, 2), NAN),))])
        array = labels.to_array()
        assert array.shape == (2, 1, 2, 2)
        np.testing.assert_array_equal(array[1, 0], [(1, 2), NAN])
        assert np.isnan(array[0]).all()

    def test_array_gives_named_animals_their_place_and_others_the_free_ones(self):
        frame = LabeledFrame(
            "v", 0, [animal((9, 9), NAN), animal((2, 2), NAN, individual="ben"), animal((8, 8), NAN)]
        )
        array = Labels(PAIR, [frame], individuals=("anna", "ben")).to_array()
        assert array[0, :, 0, 0].tolist() == [9, 2, 8]

    @given(st.lists(st.sampled_from(["anna", "ben", "carl", None]), max_size=6), st.integers(0, 3))
    def test_array_holds_every_animal_once(self, names, n_individuals):
        unique = [name for i, name in enumerate(names) if name is None or name not in names[:i]]
        animals = [animal((i, i), NAN, individual=name) for i, name in enumerate(unique)]
        individuals = ("anna", "ben", "carl")[:n_individuals]
        array = Labels(PAIR, [LabeledFrame("v", 0, animals)], individuals).to_array()
        found = array[0, :, 0, 0]
        assert sorted(found[~np.isnan(found)]) == list(range(len(unique)))

    def test_array_of_nothing(self):
        assert Labels(PAIR).to_array().shape == (0, 1, 2, 2)
