import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from marey.errors import AlreadyExistsError
from marey.prediction import Predictor, export_model
from marey.prediction.engines import create_engine
from marey.prediction.translation import NetworkFiles, write_onnx
from two_views import logits_of_views

from .blobs import KEYPOINTS, draw_frame, walk

pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")

EXAMPLE = Path(__file__).parents[2] / "examples" / "run_exported_model.py"


@pytest.fixture
def example():
    spec = importlib.util.spec_from_file_location("run_exported_model", EXAMPLE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("kind", ["crop", "whole"])
def test_the_example_finds_what_marey_finds(kind, run, whole_run, tmp_path, example):
    chosen = run if kind == "crop" else whole_run
    path = export_model(chosen, tmp_path / "mödel.onnx")
    session, about = example.load(str(path))
    assert about["skeleton"]["keypoints"] == list(KEYPOINTS)
    assert about["weights_sha256"] == chosen.weights_hash
    images = [draw_frame(points) for points in walk(60)[::20]]
    images.append(draw_frame(np.array([[5.0, 8.0], [40.0, 12.0]])))  # the crop reaches beyond the frame
    images.append(draw_frame(np.array([[110.0, 100.0], [210.0, 120.0]])))  # only both together are the animal
    images.append(draw_frame(np.array([[185.0, 120.0], [150.0, 120.0]])))
    # Spots too small for the coarse view: the crop shows one, and the other only when it has been moved.
    for left, red in ((110, 230), (78, 255)):
        images[-1][118:124, left : left + 6] = (red, 0, 0)
    predictor = Predictor.of(chosen, create_engine("torch", NetworkFiles.of(chosen)))
    expected = predictor.predict_images(images)
    for image, points, peak in zip(images, expected.points, expected.confidence, strict=True):
        found, peaks = example.predict(session, about, image)
        np.testing.assert_allclose(found, points, atol=1e-3)
        np.testing.assert_allclose(peaks, peak, atol=1e-4)


def test_the_example_runs_as_a_command(run, tmp_path):
    import cv2

    model = export_model(run, tmp_path / "model.onnx")
    truth = walk(1)[0]
    picture = tmp_path / "frame.png"
    cv2.imwrite(str(picture), cv2.cvtColor(draw_frame(truth), cv2.COLOR_RGB2BGR))
    result = subprocess.run(
        [sys.executable, EXAMPLE, model, picture], capture_output=True, text=True, check=True
    )
    rows = [line.split("\t") for line in result.stdout.splitlines()]
    assert [row[0] for row in rows] == list(KEYPOINTS)
    np.testing.assert_allclose([[float(row[1]), float(row[2])] for row in rows], truth, atol=0.6)


def test_the_file_is_valid_onnx_with_its_metadata(run, tmp_path):
    import onnx

    path = export_model(run, tmp_path / "model.onnx")
    model = onnx.load(path)
    onnx.checker.check_model(model)
    (entry,) = model.metadata_props
    assert entry.key == "marey"
    assert json.loads(entry.value)["stride"] == 4


def test_one_file_holds_the_network_for_crops_and_for_whole_frames(two_views, tmp_path):
    import onnx

    path = tmp_path / "network.onnx"
    write_onnx(two_views, path, two_views.crop_size, is_dynamic=True, metadata={"marey": "{}"})
    onnx.checker.check_model(path, full_check=True)
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    assert session.get_modelmeta().custom_metadata_map == {"marey": "{}"}
    rng = np.random.default_rng(0)
    for n, height, width, place in ((3, 64, 96, 0), (2, 96, 64, 1), (1, 64, 128, 1), (1, 96, 96, 1)):
        images = rng.integers(0, 256, (n, height, width, 3), dtype=np.uint8)
        (logits,) = session.run(None, {"images": images})
        np.testing.assert_allclose(logits, logits_of_views(two_views, images)[place], atol=2e-3)


def test_a_file_is_not_overwritten_without_being_told(run, tmp_path):
    path = tmp_path / "model.onnx"
    path.write_bytes(b"mine")
    with pytest.raises(AlreadyExistsError, match="--overwrite"):
        export_model(run, path)
    assert path.read_bytes() == b"mine"
    export_model(run, path, overwrite=True)
    assert path.stat().st_size > 100
