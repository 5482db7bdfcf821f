import numpy as np

from marey.demo import render_recording
from marey.progress import Progress
from marey.synthesis import Recording, RecordingSpec
from marey.video import open_video

SPEC = RecordingSpec(n_frames=12, size=(160, 120), seed=2)


def test_the_video_shows_the_frames_of_the_truth(tmp_path):
    events: list[Progress] = []
    rendered = render_recording(SPEC, tmp_path / "Mäuse 🐭.mp4", progress=events.append)
    assert (events[-1].done, events[-1].total) == (12, 12)
    recording = Recording(SPEC)
    np.testing.assert_array_equal(rendered.points, recording.points_px)
    with open_video(rendered.path) as video:
        assert video.n_frames == 12
        assert video.fps == 30
        for index in (0, 7, 11):
            expected = recording.frame(index).image.astype(float)
            errors = [
                np.abs(video.read(other).astype(float) - expected).mean()
                for other in (index, (index + 5) % 12)
            ]
            assert errors[0] < 6  # what compression leaves of the noise
            assert errors[0] < errors[1]
    np.testing.assert_array_equal(rendered.visibility[3], recording.frame(3).visibility)
