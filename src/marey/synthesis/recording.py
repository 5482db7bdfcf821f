"""A recording: what is to be rendered, the scene that follows from it, and its frames with the truth."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import xarray as xr

from marey.errors import InputError
from marey.model import Skeleton, create_poses
from marey.synthesis.arena import Arena
from marey.synthesis.body import Body
from marey.synthesis.camera import Camera
from marey.synthesis.motion import Motion, simulate
from marey.synthesis.renderer import Frame, Renderer
from marey.synthesis.species import find_species

_USUAL_FLOORS = {"mouse": "bedding", "fly": "matte", "fish": "water"}


@dataclass(frozen=True)
class RecordingSpec:
    """What to render; the same specification gives the same pixels.

    Parameters
    ----------
    species
        ``"mouse"``, ``"fly"`` or ``"fish"``.
    n_frames, fps
        Length and rate.
    size
        Width and height of the image in pixels.
    seed
        Decides everything that is left to chance.
    n_animals
        How many animals.
    coats
        The coat of each animal, by name; repeated where there are fewer. Left out, all have the usual one.
    has_marks
        Whether animals carry dye marks that tell them apart.
    arena
        Left out: one that suits the species.
    exposure_s
        How long the shutter is open; it makes the motion blur.
    noise
        Strength of the sensor's noise; 1 is a usual camera, 0 none.
    light_gradient
        How uneven the light is; 1 is usual, 0 even.
    is_grey
        A monochrome camera; frames still have three channels.
    """

    species: str = "mouse"
    n_frames: int = 300
    fps: float = 30.0
    size: tuple[int, int] = (480, 360)
    seed: int = 0
    n_animals: int = 1
    coats: tuple[str, ...] = ()
    has_marks: bool = False
    arena: Arena | None = None
    exposure_s: float = 0.012
    noise: float = 1.0
    light_gradient: float = 1.0
    is_grey: bool = False

    def __post_init__(self) -> None:
        body = find_species(self.species)
        for name, value in (("n_frames", self.n_frames), ("n_animals", self.n_animals), ("fps", self.fps)):
            if value <= 0:
                raise InputError(f"{name} must be positive, got {value}")
        if min(self.size) < 32:
            raise InputError(f"size must be at least 32 by 32 pixels, got {self.size[0]} by {self.size[1]}")
        if not 0 <= self.exposure_s <= 1 / self.fps:
            raise InputError(
                f"exposure_s must be between 0 and the time of a frame, {1 / self.fps:.4f}, "
                f"got {self.exposure_s}"
            )
        if unknown := [name for name in self.coats if name not in body.coats]:
            raise InputError(
                f"there is no coat {unknown[0]!r} for a {self.species}",
                hint=f"there are {', '.join(body.coats)}",
            )

    @property
    def body(self) -> Body:
        """The species' body."""
        return find_species(self.species)

    @property
    def usual_arena(self) -> Arena:
        """The arena that is rendered: the stated one, or one that suits the species."""
        if self.arena is not None:
            return self.arena
        width, height = self.body.arena_mm
        return Arena(
            width_mm=width,
            height_mm=height,
            is_round=self.species == "fly",
            wall_mm=0.32 * width if self.species == "mouse" else 0.12 * width,
            floor=_USUAL_FLOORS.get(self.species, "matte"),  # type: ignore[arg-type]
        )

    @property
    def individuals(self) -> tuple[str, ...]:
        """The names of the animals: ``mouse``, or ``mouse1``, ``mouse2`` and so on."""
        if self.n_animals == 1:
            return (self.species,)
        return tuple(f"{self.species}{i + 1}" for i in range(self.n_animals))

    def coat_of(self, animal: int) -> str:
        """Return the name of the coat of one animal."""
        names = self.coats or tuple(self.body.coats)[:1]
        return names[animal % len(names)]


@dataclass(frozen=True, eq=False)
class Scene:
    """What happens, in world millimetres; any number of cameras can look at it.

    Parameters
    ----------
    spec
        What it was made from.
    motion
        Where the animals are.
    """

    spec: RecordingSpec
    motion: Motion = field(repr=False)

    @classmethod
    def build(cls, spec: RecordingSpec) -> "Scene":
        """Simulate the animals' motion."""
        rng = np.random.default_rng((spec.seed, 1))
        fence = spec.usual_arena.fence()
        return cls(spec, simulate(spec.body, spec.n_frames, spec.n_animals, spec.fps, fence, rng))

    @cached_property
    def keypoints_mm(self) -> np.ndarray:
        """World (x, y, z) of every keypoint, shape (n_frames, n_animals, n_keypoints, 3)."""
        inner = slice(1, -1)
        return self.spec.body.keypoints_mm(self.motion.joints_mm[inner], self.motion.strides[inner])


class Recording:
    """The frames that one camera takes of a scene, rendered when they are asked for.

    Parameters
    ----------
    spec
        What to render.
    camera
        Who looks; left out, a camera above the arena that shows all of it.
    scene
        What happens; left out, it follows from `spec`.

    Examples
    --------
    >>> recording = Recording(RecordingSpec(n_frames=3, size=(160, 120)))
    >>> recording.frame(0).image.shape
    (120, 160, 3)
    >>> recording.poses().sizes["keypoint"]
    10
    """

    def __init__(
        self, spec: RecordingSpec, *, camera: Camera | None = None, scene: Scene | None = None
    ) -> None:
        self.spec = spec
        self.scene = scene or Scene.build(spec)
        self.camera = camera or Camera.overhead(spec.usual_arena.visible_field_mm(), spec.size)

    @property
    def skeleton(self) -> Skeleton:
        """The keypoints."""
        return self.spec.body.skeleton

    @property
    def body_length_px(self) -> float:
        """From the tip of the snout to the root of the tail of a straight animal, at its own height."""
        body = self.spec.body
        height = float(np.mean(body.elevation_mm(np.linspace(0, body.length_mm, 20))))
        return body.length_mm * self.camera.px_per_mm(height)

    @cached_property
    def points_px(self) -> np.ndarray:
        """Pixels of every keypoint in the middle of the exposure, (n_frames, n_animals, n_keypoints, 2)."""
        return self.camera.project(self.scene.keypoints_mm)

    @cached_property
    def _renderer(self) -> Renderer:
        spec = self.spec
        return Renderer(
            body=spec.body,
            motion=self.scene.motion,
            camera=self.camera,
            arena=spec.usual_arena,
            coats=[spec.body.coats[spec.coat_of(i)] for i in range(spec.n_animals)],
            has_marks=spec.has_marks,
            exposure_frames=spec.exposure_s * spec.fps,
            noise=spec.noise,
            light_gradient=spec.light_gradient,
            is_grey=spec.is_grey,
            seed=spec.seed,
        )

    def __len__(self) -> int:
        return self.spec.n_frames

    def frame(self, index: int, *, marker: str = "") -> Frame:
        """Render one frame; any order gives the same pixels.

        Parameters
        ----------
        index
            Counted from 0.
        marker
            A keypoint on whose place a bright dot is painted onto the body, to check the geometry.
        """
        if not 0 <= index < len(self):
            raise InputError(f"frames are 0 to {len(self) - 1}, got {index}")
        return self._renderer.render(index, self.points_px[index], marker=marker)

    def __iter__(self) -> Iterator[Frame]:
        return (self.frame(index) for index in range(len(self)))

    def poses(self) -> xr.Dataset:
        """Return the exact truth: (x, y) of every keypoint in every frame, hidden ones included."""
        return create_poses(
            self.points_px.transpose(0, 3, 2, 1),
            keypoints=self.skeleton.keypoints,
            individuals=self.spec.individuals,
            fps=self.spec.fps,
            source_software="marey synthesis",
            confidence=np.ones((len(self), len(self.skeleton), self.spec.n_animals)),
            attributes={"body_length_px": self.body_length_px, "seed": self.spec.seed},
        )


def iter_frames(spec: RecordingSpec) -> Iterator[Frame]:
    """Render the frames of a recording one after the other."""
    return iter(Recording(spec))
