import numpy as np

from marey.model import Instance, LabeledFrame, Origin, Skeleton
from marey.project.label_checks import check_anatomy, check_frames, check_names
from marey.project.project_file import VideoEntry

from .conftest import MOUSE, label
from .test_anatomy import scatter

ENTRY = VideoEntry(path="day1.mp4", n_frames=100, width=64, height=48)


def codes(findings) -> list[tuple[str, int | None]]:
    return [(finding.code, finding.frame) for finding in findings]


def animal(points, **values) -> Instance:
    return Instance(np.asarray(points, dtype=float), **values)


class TestFrames:
    def test_the_edge_of_the_image_is_half_a_pixel_beyond_the_last_centre(self):
        inside = label("day1", 1, (-0.5, -0.5), (63.5, 47.5))
        outside = [label("day1", 2, (-0.6, 5)), label("day1", 3, (5, 47.6))]
        findings = list(check_frames("day1", ENTRY, [inside, *outside], MOUSE))
        assert codes(findings) == [("outside-image", 2), ("outside-image", 3)]
        assert findings[0].message == "snout is at (-0.6, 5.0), outside the 64x48 image"
        assert findings[0].where == "day1, frame 2"
        assert findings[0].hint

    def test_a_video_that_nobody_has_seen_has_no_edges_and_no_end(self):
        entry = VideoEntry(path="day1.mp4")
        assert list(check_frames("day1", entry, [label("day1", 10**6, (-5, 1e6))], MOUSE)) == []

    def test_labels_beyond_the_end(self):
        findings = list(check_frames("day1", ENTRY, [label("day1", 99), label("day1", 100)], MOUSE))
        assert codes(findings) == [("beyond-end", 100)]
        assert findings[0].severity == "error"
        assert "ends with frame 99" in findings[0].message

    def test_the_same_animal_twice(self):
        first = animal([(10, 10), (20, 10), (15, 20), (np.nan, np.nan)])
        frames = [
            LabeledFrame("day1", 1, (first, animal(first.points + 0.1))),
            LabeledFrame("day1", 2, (first, animal(first.points + 9))),
            LabeledFrame("day1", 3, (first, animal(np.full((4, 2), np.nan)))),
        ]
        assert codes(check_frames("day1", ENTRY, frames, MOUSE)) == [("animal-twice", 1)]

    def test_copied_labels(self):
        points = [(10, 10), (20, 10), (15, 20)]
        frames = [label("day1", i, *points) for i in (3, 8)]
        frames += [label("day1", 9, *points[::-1]), LabeledFrame("day1", 10), LabeledFrame("day1", 11)]
        findings = list(check_frames("day1", ENTRY, frames, MOUSE))
        assert codes(findings) == [("copied-labels", None)]
        assert "the frames 3, 8 have exactly the same labels" in findings[0].message


class TestAnatomy:
    SKELETON = Skeleton(MOUSE.keypoints, MOUSE.edges, (("ear_left", "ear_right"),))

    def test_each_finding_names_its_frame_and_keypoints(self):
        points = scatter(40)
        points[3] = points[3][self.SKELETON.flip_indices]
        points[5, 1] += 8 * (points[5, 1] - points[5, 0])
        points[7, 3] = points[7, 0]
        frames = [LabeledFrame("day1", 10 * i, (animal(p),)) for i, p in enumerate(points)]
        findings = {(f.code, f.frame): f.message for f in check_anatomy(self.SKELETON, frames)}
        assert findings["swap", 30] == "ear_left and ear_right look swapped"
        assert findings["long-limb", 50] == "snout and ear_left are 10.2 times as far apart as usual"
        assert findings["coinciding", 70] == "snout and tail lie on top of each other"
        assert len(findings) == 3

    def test_nothing_labelled(self):
        assert list(check_anatomy(self.SKELETON, [LabeledFrame("day1", 1)])) == []


class TestNames:
    def test_unknown_individuals_and_unconfirmed_points(self):
        frames = [
            label("day1", 1, (1, 1), individual="anna"),
            label("day1", 2, (1, 1), (2, 2), individual="bne", origin=[Origin.MODEL] * 4),
        ]
        unknown, unconfirmed = check_names("day1", frames, ("anna", "ben"))
        assert (unknown.code, unknown.severity) == ("unknown-individual", "warning")
        assert unknown.message.endswith(": bne")
        assert (unconfirmed.code, unconfirmed.severity) == ("unconfirmed", "info")
        assert unconfirmed.message.startswith("2 points")

    def test_more_animals_than_the_project_lists(self):
        three = LabeledFrame("day1", 7, tuple(label("day1", 7, (x, 1)).instances[0] for x in (1, 20, 40)))
        (many,) = check_names("day1", [three, label("day1", 8, (1, 1))], ("anna", "ben"))
        assert (many.code, many.severity) == ("too-many-animals", "error")
        assert many.message == "has 3 labelled animals, but the project lists 2"
        assert list(check_names("day1", [three], ())) == []  # who lists none may have any number
