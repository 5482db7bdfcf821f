"""Frames of a project's videos."""

import pytest

from make_videos import numbered_video
from marey.errors import InputError, NotFoundError
from marey.model import Skeleton
from marey.project import Project
from marey.selection import extract_frames


@pytest.fixture
def project(tmp_path):
    project = Project.create(tmp_path / "projet é", skeleton=Skeleton(("snout", "tail")))
    for name, n in (("long", 90), ("short", 30), ("tiny", 4)):
        project.add_video(numbered_video(tmp_path / f"{name}.mp4", n=n))
    return project


def counts(images):
    return {key: len(paths) for key, paths in images.items()}


def test_a_budget_is_spread_by_length(project):
    images = extract_frames(project, 12)
    assert counts(images) == {"long": 8, "short": 3, "tiny": 1}
    assert all(path.exists() for paths in images.values() for path in paths)


def test_the_same_frame_is_never_extracted_twice(project):
    first = extract_frames(project, n_per_video=3, method="uniform")
    again = extract_frames(project, n_per_video=3, method="uniform")
    assert counts(first) == {"long": 3, "short": 3, "tiny": 3}
    assert counts(again) == {"long": 3, "short": 3, "tiny": 1}
    assert counts(extract_frames(project, 500)) == {"long": 84, "short": 24, "tiny": 0}
    assert project.extracted_frames("long") == list(range(90))


def test_part_of_some_videos(project):
    images = extract_frames(project, 4, videos=["short"], start=10, stop=14)
    assert project.extracted_frames("short") == [10, 11, 12, 13]
    assert list(images) == ["short"]


def test_a_video_that_is_not_there(project):
    with pytest.raises(NotFoundError, match="no video 'mouse'") as caught:
        extract_frames(project, videos=["mouse"])
    assert "long, short, tiny" in caught.value.hint


def test_videos_that_are_elsewhere_are_left_out_and_named(project, tmp_path):
    project.add_video(tmp_path / "on another drive.mp4", missing_ok=True)
    events = []
    images = extract_frames(project, 12, progress=events.append)
    assert counts(images) == {"long": 8, "short": 3, "tiny": 1}
    (told,) = [event.message for event in events if event.message]
    assert told.startswith("left out: the video 'on another drive' is not at")
    with pytest.raises(NotFoundError, match="'on another drive' is not at"):
        extract_frames(project, 10, videos=["long", "on another drive"])


def test_videos_that_are_all_elsewhere(tmp_path):
    project = Project.create(tmp_path / "p", skeleton=Skeleton(("snout",)))
    project.add_video(tmp_path / "on another drive.mp4", missing_ok=True)
    with pytest.raises(NotFoundError, match="'on another drive' is not at"):
        extract_frames(project, 10)


def test_a_project_without_videos(tmp_path):
    with pytest.raises(NotFoundError, match="has no videos"):
        extract_frames(Project.create(tmp_path / "p", skeleton=Skeleton(("snout",))))


@pytest.mark.parametrize("numbers", [{"n": 0}, {"n_per_video": 0}])
def test_no_frames(project, numbers):
    with pytest.raises(InputError, match="at least one frame"):
        extract_frames(project, **numbers)
