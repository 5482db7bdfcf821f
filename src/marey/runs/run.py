"""The folder of one training run."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from marey.errors import FormatError, InputError, NotFoundError
from marey.files import sha256_of_bytes, write_bytes, write_json
from marey.model import Skeleton
from marey.networks.approach import Approach
from marey.networks.views import ViewPlan
from marey.runs.config import TrainingConfig

if TYPE_CHECKING:
    import torch

    from marey.networks.network import PoseNetwork
    from marey.networks.two_views import TwoViewNetwork


@dataclass(frozen=True)
class Split:
    """Which images train the network, select its weights, and judge it; image keys ``video/image``."""

    train: tuple[str, ...] = ()
    validation: tuple[str, ...] = ()
    test: tuple[str, ...] = ()
    description: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        seen: dict[str, str] = {}
        for part in ("train", "validation", "test"):
            for key in getattr(self, part):
                if key in seen:
                    raise InputError(f"{key} is in the {seen[key]} part and in the {part} part of the split")
                seen[key] = part


@dataclass(frozen=True)
class Identity:
    """Whom a network tells apart, as its validation frames say.

    Parameters
    ----------
    individuals
        Their names.
    accuracy, n_checked
        The share of the named validation animals that were given their own name, and how many these were.
    temperature
        What scores are divided by before they become probabilities.
    """

    individuals: tuple[str, ...]
    accuracy: float
    n_checked: int
    temperature: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "individuals", tuple(self.individuals))


class Run:
    """A run that exists on disk.

    Parameters
    ----------
    path
        Its folder. Use :meth:`open`, which checks it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def open(cls, path: str | Path) -> "Run":
        """Open the run in the folder `path`.

        Raises
        ------
        NotFoundError
            There is no run, or its training has not finished.
        """
        run = cls(Path(path))
        if not run.config_path.is_file():
            others = sorted(p.parent.name for p in run.path.parent.glob("*/config.yaml"))
            raise NotFoundError(
                f"there is no run {run.name!r} in {run.path.parent}",
                hint=f"the runs are {', '.join(others)}" if others else "train one with `marey train`",
            )
        if not run.weights_path.is_file():
            raise NotFoundError(
                f"the training of the run {run.name!r} has not finished",
                hint=f"go on with it: marey train … --run {run.name} --resume",
            )
        return run

    def __repr__(self) -> str:
        return f"Run({str(self.path)!r})"

    @property
    def name(self) -> str:
        """The name of the run."""
        return self.path.name

    @property
    def config_path(self) -> Path:
        """Where the resolved configuration is."""
        return self.path / "config.yaml"

    @property
    def weights_path(self) -> Path:
        """Where the selected weights are."""
        return self.path / "weights.safetensors"

    @property
    def engines_folder(self) -> Path:
        """Where translations of the network for inference engines are kept."""
        return self.path / "engines"

    @property
    def evaluation_folder(self) -> Path:
        """Where the evaluation is written."""
        return self.path / "evaluation"

    @cached_property
    def config(self) -> TrainingConfig:
        """The resolved configuration."""
        return TrainingConfig.load(self.config_path)

    @cached_property
    def skeleton(self) -> Skeleton:
        """The keypoints that the network was trained for."""
        return Skeleton.from_dict(self._read("skeleton.json"))

    @cached_property
    def split(self) -> Split:
        """Which images trained, selected and judge the network."""
        data = self._read("split.json")
        parts = {part: tuple(data.get(part, ())) for part in ("train", "validation", "test")}
        return Split(**parts, description=data.get("description", ""))

    @cached_property
    def plan(self) -> ViewPlan:
        """The views that the network is shown."""
        return ViewPlan.from_dict(self._read("views.json"))

    @cached_property
    def approach(self) -> Approach:
        """How animals are found, and what the network's channels mean."""
        if not (self.path / "approach.json").is_file():
            return Approach("single", len(self.skeleton))
        approach = Approach.from_dict(self._read("approach.json"))
        return approach if self.identity is None else replace(approach, individuals=self.identity.individuals)

    @cached_property
    def identity(self) -> "Identity | None":
        """Whom the network tells apart, and how well; None where it does not."""
        return Identity(**self._read("identity.json")) if self.identity_path.is_file() else None

    @property
    def identity_path(self) -> Path:
        """Where it is said whom the network tells apart."""
        return self.path / "identity.json"

    @cached_property
    def calibration(self) -> dict[str, Any] | None:
        """How raw peaks become confidences and expected errors, or None where nothing could be fitted."""
        return self._read("calibration.json") if (self.path / "calibration.json").is_file() else None

    @cached_property
    def provenance(self) -> dict[str, Any]:
        """Versions, hashes, times and the command that made the run."""
        return self._read("provenance.json")

    @cached_property
    def weights_hash(self) -> str:
        """The SHA-256 of the weights: what identifies the network."""
        return sha256_of_bytes(self.weights_path.read_bytes())

    def create_network(self, *, weights: str) -> "PoseNetwork":
        """Build the network of this run's approach and settings, with other weights than its own.

        Parameters
        ----------
        weights
            Of the backbone: ``"default"``, ``"none"``, or a file; the rest is random.
        """
        from marey.networks.network import PoseNetwork

        return PoseNetwork(
            self.approach.n_heatmaps,
            n_fields=len(self.approach.edges),
            n_individuals=len(self.approach.individuals),
            backbone=self.config.backbone,
            weights=weights,
            stride=self.config.stride,
            width=self.config.pyramid_width,
        )

    def load_network(self) -> "PoseNetwork | TwoViewNetwork":
        """Load the network with its selected weights, in evaluation mode, on the CPU, float32.

        Raises
        ------
        InputError
            The weights belong to another skeleton or another configuration.
        """
        from safetensors.torch import load_file

        from marey.networks.two_views import OF_CROPS, TwoViewNetwork

        network = self.create_network(weights="none")
        try:
            weights = load_file(self.weights_path)
            of_crops = {
                name.removeprefix(OF_CROPS): weights.pop(name)
                for name in list(weights)
                if name.startswith(OF_CROPS)
            }
            network.load_state_dict(weights)
            if of_crops:
                return TwoViewNetwork(network, of_crops, self.plan.size).eval()
        except Exception as error:
            raise InputError(
                f"{self.weights_path} does not hold the network of this run ({len(self.skeleton)} keypoints, "
                f"backbone {self.config.backbone}): {str(error)[:300]}",
                hint="the file was replaced or damaged: train again, or copy the whole run folder",
            ) from error
        return network.eval()

    def load_measuring_network(self) -> "PoseNetwork":
        """Load the network as it sees the views in which animals are measured; see :meth:`load_network`."""
        from marey.networks.two_views import TwoViewNetwork

        network = self.load_network()
        return network.crops if isinstance(network, TwoViewNetwork) else network

    def write_weights(self, weights: "Mapping[str, torch.Tensor]") -> None:
        """Replace the weights, atomically."""
        from safetensors.torch import save

        # Encoded in memory, because safetensors tells a full disk in an error of its own.
        write_bytes(self.weights_path, save({name: value.contiguous() for name, value in weights.items()}))

    def check_skeleton(self, skeleton: Skeleton) -> None:
        """Refuse a project whose keypoints are not the ones that the network was trained for."""
        if self.skeleton.keypoints != skeleton.keypoints:
            raise InputError(
                f"the run {self.name!r} was trained for the keypoints {', '.join(self.skeleton.keypoints)}, "
                f"but the project has {', '.join(skeleton.keypoints)}",
                hint="train a new run for the present skeleton",
            )

    def _read(self, name: str) -> dict[str, Any]:
        path = self.path / name
        try:
            return json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise NotFoundError(f"the run {self.name!r} lacks its file {name}") from None
        except ValueError as error:
            raise FormatError(f"{path} is not valid JSON: {error}") from error

    def write_description(
        self,
        config: TrainingConfig,
        skeleton: Skeleton,
        split: Split,
        plan: ViewPlan,
        approach: Approach | None = None,
    ) -> None:
        """Write what is fixed before training begins; without an approach it is that of a single animal."""
        approach = approach or Approach("single", len(skeleton))
        write_json(self.path / "approach.json", approach.to_dict())
        write_json(self.path / "skeleton.json", skeleton.to_dict())
        write_json(self.path / "split.json", asdict(split))
        write_json(self.path / "views.json", plan.to_dict())
        config.save(self.config_path)
