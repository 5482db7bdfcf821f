"""The network as a file that other engines read: ONNX, made once for each input size and kept."""

import struct
import tempfile
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Self

from marey.errors import MissingExtraError, StorageError
from marey.files import atomic_path

if TYPE_CHECKING:
    from torch import nn

    from marey.networks.two_views import TwoViewNetwork
    from marey.runs import Run

OPSET = 17
_METADATA_FIELD = 14  # ModelProto.metadata_props in onnx.proto


class NetworkFiles:
    """A network, and its translations on disk.

    Parameters
    ----------
    folder
        Where translations are kept.
    key
        What identifies the weights; translations of other weights are not taken.
    load
        Loads the network in PyTorch; called only when a translation is missing, or for PyTorch itself.
    """

    def __init__(self, folder: Path, key: str, load: "Callable[[], nn.Module]") -> None:
        self.folder = folder
        self.key = key
        self.load = load

    @classmethod
    def of(cls, run: "Run") -> Self:
        """Return the network of a run."""
        return cls(run.engines_folder, run.weights_hash, run.load_network)

    def translated(self, size: tuple[int, int]) -> Path:
        """Return the network as ONNX for one image of `size` (width, height), translating it if need be."""
        name = f"network-{self.key[:12]}-{size[0]}x{size[1]}.onnx"
        elsewhere = Path(tempfile.gettempdir()) / f"marey-{self.key[:32]}" / name
        for path in (self.folder / name, elsewhere):
            if path.is_file():
                return path
        network = self.load()
        try:
            write_onnx(network, self.folder / name, size)
        except StorageError:  # a run on a drive that cannot be written
            write_onnx(network, elsewhere, size)
            return elsewhere
        return self.folder / name


def write_onnx(
    network: "nn.Module",
    path: Path,
    size: tuple[int, int],
    *,
    is_dynamic: bool = False,
    metadata: Mapping[str, str] | None = None,
) -> None:
    """Write a network as ONNX: ``images`` (uint8 RGB, (B, H, W, 3)) to ``logits`` (float32, (B, K, h, w)).

    Parameters
    ----------
    network
        A network as docs/architecture.md has it.
    path
        Where to; atomically.
    size
        (width, height) of the images.
    is_dynamic
        Whether B, H and W stay free; otherwise B is 1, which engines compile best.
    metadata
        Texts that the file carries.

    Raises
    ------
    MissingExtraError
        The package onnx, which PyTorch's exporter needs, is not installed.
    """
    from marey.networks.two_views import TwoViewNetwork

    with atomic_path(path) as temporary:
        if is_dynamic and isinstance(network, TwoViewNetwork):
            _write_two_views(network, temporary)
        else:
            _translate(network, temporary, size, is_dynamic=is_dynamic)
        if metadata:
            with temporary.open("ab") as file:
                file.write(_encode_metadata(metadata))


def _translate(network: "nn.Module", path: Path, size: tuple[int, int], *, is_dynamic: bool) -> None:
    import torch

    class FromPixels(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = network

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            return self.network(images.permute(0, 3, 1, 2).float())

    axes = {"images": {0: "batch", 1: "height", 2: "width"}, "logits": {0: "batch"}} if is_dynamic else None
    example = torch.zeros(1, size[1], size[0], 3, dtype=torch.uint8)
    with warnings.catch_warnings():
        # The tracer warns about sizes that become constants, which is what is wanted here.
        warnings.simplefilter("ignore")
        try:
            torch.onnx.export(
                FromPixels().eval(),
                (example,),
                str(path),
                input_names=["images"],
                output_names=["logits"],
                dynamic_axes=axes,
                opset_version=OPSET,
                dynamo=False,
            )
        except torch.onnx.OnnxExporterError as error:
            if "onnx is not installed" not in str(error):
                raise
            raise MissingExtraError(
                "translating a network needs the package onnx, which is not installed",
                hint="pip install 'marey[fast]'",
            ) from error


def _write_two_views(network: "TwoViewNetwork", path: Path) -> None:
    """Write both networks as branches of one, which the size of the images chooses."""
    written = {}
    for prefix, view in (("crops/", network.crops), ("whole/", network.whole)):
        _translate(view, path, network.crop_size, is_dynamic=True)
        written[prefix] = path.read_bytes()

    import onnx  # is there: PyTorch's exporter has needed it
    from onnx import TensorProto, compose, helper

    models = {prefix: onnx.load_from_string(model) for prefix, model in written.items()}
    crops, whole = (
        compose.add_prefix_graph(model.graph, prefix, rename_inputs=False, rename_outputs=False)
        for prefix, model in models.items()
    )
    # A branch has no inputs of its own: it sees the images of the graph that it belongs to.
    del crops.input[:], whole.input[:]
    width, height = network.crop_size
    nodes = [
        helper.make_node("Shape", ["images"], ["size"], start=1, end=3),
        helper.make_node("Equal", ["size", "crop_size"], ["are_equal"]),
        helper.make_node("Cast", ["are_equal"], ["agree"], to=TensorProto.INT32),
        helper.make_node("ReduceMin", ["agree"], ["both_agree"], keepdims=0),
        helper.make_node("Cast", ["both_agree"], ["is_crop"], to=TensorProto.BOOL),
        helper.make_node("If", ["is_crop"], ["logits"], then_branch=crops, else_branch=whole),
    ]
    crop_size = helper.make_tensor("crop_size", TensorProto.INT64, [2], [height, width])
    model = models["crops/"]
    graph = helper.make_graph(nodes, "two_views", model.graph.input, model.graph.output, [crop_size])
    model.graph.CopyFrom(graph)
    onnx.save(model, path)


def _encode_metadata(metadata: Mapping[str, str]) -> bytes:
    """Encode texts as ONNX metadata; Protocol Buffers messages are merged by putting them end to end."""
    parts = []
    for key, value in metadata.items():
        entry = _field(1, key.encode()) + _field(2, value.encode())
        parts.append(_field(_METADATA_FIELD, entry))
    return b"".join(parts)


def _field(number: int, data: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(data)) + data


def _varint(value: int) -> bytes:
    encoded = b""
    while value >= 0x80:
        encoded += struct.pack("B", value & 0x7F | 0x80)
        value >>= 7
    return encoded + struct.pack("B", value)
