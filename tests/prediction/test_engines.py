import sys

import numpy as np
import pytest

from marey.errors import ConfigError
from marey.prediction.engines import ENGINES, create_engine, is_installed, usable_engines
from marey.prediction.translation import NetworkFiles
from two_views import logits_of_views

from .blobs import blob_network, draw_frame

CPU_ENGINES = ("torch", "torch-bf16", "onnxruntime", "openvino", "openvino-bf16")


@pytest.fixture
def network(tmp_path) -> NetworkFiles:
    return NetworkFiles(tmp_path / "engines", "0123456789abcdef", lambda: blob_network().eval())


def expected_logits(images: np.ndarray) -> np.ndarray:
    """The network's arithmetic in NumPy: colour differences, averaged over 4×4 pixels."""
    weight = np.array([[1.0, -0.5, -0.5], [-0.5, 1.0, -0.5]]) / 16
    contrast = images.astype(np.float64) @ weight.T - 4.0
    n, height, width, channels = contrast.shape
    return (
        contrast.reshape(n, height // 4, 4, width // 4, 4, channels).mean(axis=(2, 4)).transpose(0, 3, 1, 2)
    )


@pytest.mark.parametrize("name", CPU_ENGINES)
def test_engines_compute_what_the_network_says(name, network):
    if not all(is_installed(module) for module in ENGINES[name].needs):
        pytest.skip(f"{name} is not installed")
    engine = create_engine(name, network)
    assert engine.name == name
    images = np.stack([draw_frame(np.array([[100.0, 60], [50, 70]]))[:128, :160] for _ in range(3)])
    images[1] = 0
    logits = engine.run(images)
    assert logits.dtype == np.float32
    assert logits.shape == (3, 2, 32, 40)
    tolerance = 1e-4 if ENGINES[name].is_exact else 0.1
    np.testing.assert_allclose(logits, expected_logits(images), atol=tolerance)


@pytest.mark.parametrize("name", ["torch", "onnxruntime", "openvino"])
def test_engines_see_each_size_of_image_by_its_own_statistics(name, two_views, tmp_path):
    if not all(is_installed(module) for module in ENGINES[name].needs):
        pytest.skip(f"{name} is not installed")
    engine = create_engine(name, NetworkFiles(tmp_path, "0" * 64, lambda: two_views))
    rng = np.random.default_rng(0)
    crop, frame = (rng.integers(0, 256, (1, *size, 3), dtype=np.uint8) for size in ((64, 96), (96, 64)))
    as_crop, as_frame = logits_of_views(two_views, crop)
    assert not np.allclose(as_crop, as_frame, atol=1e-2)
    np.testing.assert_allclose(engine.run(crop), as_crop, atol=2e-3)
    np.testing.assert_allclose(engine.run(frame), logits_of_views(two_views, frame)[1], atol=2e-3)


@pytest.mark.parametrize("name", ["torch", "openvino"])
def test_results_belong_to_their_images_when_several_are_on_their_way(name, network):
    if not all(is_installed(module) for module in ENGINES[name].needs):
        pytest.skip(f"{name} is not installed")
    engine = create_engine(name, network)
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (12, 1, 64, 96, 3), dtype=np.uint8)
    waiting = [engine.start(image) for image in images]
    for image, finish in zip(images, waiting, strict=True):
        np.testing.assert_allclose(finish(), expected_logits(image), atol=1e-3)


def test_a_translation_is_made_once_for_each_size(network):
    pytest.importorskip("onnx")
    loads = []
    load = network.load
    network.load = lambda: loads.append(1) or load()
    first = network.translated((64, 96))
    assert network.translated((64, 96)) == first
    assert network.translated((96, 64)) != first
    assert len(loads) == 2
    other = NetworkFiles(network.folder, "fedcba9876543210", network.load)
    assert other.translated((64, 96)) != first


def test_the_translation_goes_elsewhere_when_the_run_cannot_be_written(tmp_path, monkeypatch):
    pytest.importorskip("onnx")
    import tempfile

    blocked = tmp_path / "run"
    blocked.write_text("a file where the folder should be")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "elsewhere"))
    network = NetworkFiles(blocked / "engines", "0" * 64, lambda: blob_network().eval())
    assert (tmp_path / "elsewhere") in network.translated((32, 32)).parents


def test_an_unknown_engine_is_named(network):
    with pytest.raises(ConfigError, match=r"no engine 'warp'\nhint: the engines are torch"):
        create_engine("warp", network)


def test_usable_engines_are_those_of_the_device():
    assert "torch" in usable_engines("cpu")
    assert not set(usable_engines("cpu")) & set(usable_engines("cuda"))


def test_openvino_needs_no_torch_once_translated(network):
    if not is_installed("openvino") or not is_installed("onnx"):
        pytest.skip("openvino is not installed")
    import subprocess

    network.translated((64, 64))
    program = f"""
import sys
from pathlib import Path
import numpy as np
from marey.prediction.engines import create_engine
from marey.prediction.translation import NetworkFiles
network = NetworkFiles(Path({str(network.folder)!r}), {network.key!r}, None)
logits = create_engine("openvino", network).run(np.zeros((1, 64, 64, 3), np.uint8))
assert logits.shape == (1, 2, 16, 16)
print([name for name in ("torch", "timm", "pandas") if name in sys.modules])
"""
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
