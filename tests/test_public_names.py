"""What ``import marey`` promises; a change here is a change for every user."""

import inspect

import pytest

import marey

PUBLIC = {
    "Instance",
    "LabeledFrame",
    "Labels",
    "MareyError",
    "Project",
    "Run",
    "Skeleton",
    "TrainingConfig",
    "__version__",
    "evaluate",
    "load_labels",
    "load_poses",
    "open_video",
    "predict",
    "render_video",
    "save_labels",
    "save_poses",
    "smooth",
    "suggest_frames",
    "train",
}


def test_the_public_names_are_these():
    assert set(marey.__all__) == PUBLIC
    assert set(dir(marey)) == PUBLIC


@pytest.mark.parametrize("name", sorted(PUBLIC - {"__version__"}))
def test_every_name_is_there_and_documented(name):
    item = getattr(marey, name)
    assert item.__name__ == name
    assert len(inspect.getdoc(item)) > 20


def test_an_unknown_name():
    with pytest.raises(AttributeError, match="module 'marey' has no attribute 'analyze_videos'"):
        _ = marey.analyze_videos
