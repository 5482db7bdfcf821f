"""The arena that animals live in: floor, walls, things, and the light on them."""

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np

from marey.synthesis.camera import Camera
from marey.synthesis.motion import Fence, Obstacle
from marey.synthesis.texture import smooth_noise

Floor = Literal["bedding", "matte", "water"]

_FLOOR_COLOURS: dict[Floor, tuple[float, float, float]] = {
    "bedding": (192.0, 166.0, 128.0),
    "matte": (196.0, 196.0, 192.0),
    "water": (176.0, 190.0, 190.0),
}


@dataclass(frozen=True)
class Bowl:
    """A round dish on the floor; animals walk around it. Millimetres."""

    x_mm: float
    y_mm: float
    radius_mm: float = 26.0
    colour: tuple[float, float, float] = (186.0, 190.0, 196.0)


@dataclass(frozen=True)
class Roof:
    """A flat shelter that animals walk under, and are hidden by. Millimetres."""

    x_mm: float
    y_mm: float
    width_mm: float = 80.0
    depth_mm: float = 60.0
    angle_deg: float = 12.0
    height_mm: float = 45.0
    colour: tuple[float, float, float] = (128.0, 44.0, 36.0)

    def corners_mm(self, height_mm: float) -> np.ndarray:
        """Return the corners at a height above the floor, shape (4, 3)."""
        x, y = self.width_mm / 2, self.depth_mm / 2
        angle = np.deg2rad(self.angle_deg)
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        flat = np.array([[-x, -y], [x, -y], [x, y], [-x, y]]) @ turn.T + (self.x_mm, self.y_mm)
        return np.column_stack([flat, np.full(4, height_mm)])


@dataclass(frozen=True)
class Arena:
    """A box or a cylinder around the origin, seen from above.

    Parameters
    ----------
    width_mm, height_mm
        Of the floor; a round one has its width as diameter.
    is_round
        A cylinder instead of a box.
    wall_mm
        Height of the wall.
    floor
        What lies on it.
    wall_colour
        RGB.
    bowls, roofs
        Things in it.
    """

    width_mm: float = 370.0
    height_mm: float = 270.0
    is_round: bool = False
    wall_mm: float = 120.0
    floor: Floor = "bedding"
    wall_colour: tuple[float, float, float] = (150.0, 150.0, 148.0)
    bowls: tuple[Bowl, ...] = ()
    roofs: tuple[Roof, ...] = ()

    def fence(self) -> Fence:
        """Return where animals can be."""
        obstacles = tuple(Obstacle(bowl.x_mm, bowl.y_mm, bowl.radius_mm * 1.1) for bowl in self.bowls)
        return Fence(self.width_mm, self.height_mm, self.is_round, obstacles)

    def visible_field_mm(self) -> tuple[float, float]:
        """Return the size of the floor plane that a camera should show, a rim of the walls included."""
        rim = 0.07 * max(self.width_mm, self.height_mm)
        return self.width_mm + 2 * rim, (self.width_mm if self.is_round else self.height_mm) + 2 * rim


@dataclass(frozen=True, eq=False)
class Light:
    """The light on the scene.

    Parameters
    ----------
    field
        Gain of each pixel, float32, shape (height, width).
    direction
        Unit vector from the floor to the lamp in world coordinates, shape (3,).
    """

    field: np.ndarray
    direction: np.ndarray


def make_light(camera: Camera, rng: np.random.Generator, *, strength: float = 1.0) -> Light:
    """Return an uneven light: a lamp to one side, and the lens's vignetting."""
    width, height = camera.size
    angle = rng.uniform(0, 2 * np.pi)
    direction = np.array([0.62 * np.cos(angle), 0.62 * np.sin(angle), 1.0])
    x, y = np.meshgrid(np.linspace(-1, 1, width), np.linspace(-1, 1, height))
    slope = x * np.cos(angle) - y * np.sin(angle)
    lamp = np.exp(-((x - 0.5 * np.cos(angle)) ** 2 + (y + 0.5 * np.sin(angle)) ** 2) / 1.6)
    vignette = 1 - 0.17 * strength * ((x**2 + y**2) / 2) ** 1.5
    field = (0.93 + 0.1 * strength * slope + 0.16 * strength * (lamp - 0.6)) * vignette
    return Light(field.astype(np.float32), direction / np.linalg.norm(direction))


def paint_arena(arena: Arena, camera: Camera, light: Light, rng: np.random.Generator) -> np.ndarray:
    """Return the empty arena, float32 RGB of 0 to 255, shape (height, width, 3)."""
    # Painted at twice the size and averaged, so that no edge is a staircase.
    large = camera.enlarged(2)
    points = large.floor_points()
    height = _wall_height(arena, large, points)
    floor = _paint_floor(arena, large, rng) * _corner_shade(arena, points)[..., None]
    wall = _paint_wall(arena, large, points, height, light, rng)
    picture = np.where(height[..., None] <= 0, floor, wall).astype(np.float32)
    for bowl in arena.bowls:
        _paint_bowl(picture, bowl, large, light)
    for roof in arena.roofs:
        _shade(picture, _silhouette(roof.corners_mm(0.0), large), 18.0, 0.45)
    small = cv2.resize(picture, camera.size, interpolation=cv2.INTER_AREA)
    return (cv2.GaussianBlur(small, (0, 0), 0.45) * light.field[..., None]).astype(np.float32)


def paint_roofs(arena: Arena, camera: Camera, light: Light) -> tuple[np.ndarray, np.ndarray]:
    """Return colour (height, width, 3) and coverage (height, width) of what lies over the animals."""
    width, height = camera.size
    colour = np.zeros((height, width, 3), np.float32)
    cover = np.zeros((height, width), np.float32)
    x, y = np.meshgrid(np.linspace(-1, 1, width), np.linspace(-1, 1, height))
    slope = x * light.direction[0] - y * light.direction[1]
    for roof in arena.roofs:
        top = cv2.GaussianBlur(_silhouette(roof.corners_mm(roof.height_mm), camera), (0, 0), 0.7)
        edge = np.clip(top - cv2.GaussianBlur(top, (0, 0), 2.0), 0, 1)
        shade = ((1.0 + 0.3 * slope + 0.8 * edge) * light.field)[..., None]
        colour = np.where(top[..., None] > 0, np.array(roof.colour, np.float32) * shade, colour)
        cover = np.maximum(cover, top)
    return colour.astype(np.float32), cover


def _paint_floor(arena: Arena, camera: Camera, rng: np.random.Generator) -> np.ndarray:
    width, height = camera.size
    base = np.array(_FLOOR_COLOURS[arena.floor], np.float32)
    clouds = smooth_noise((height, width), (width / 7, width / 7), rng)
    picture = np.ones((height, width, 3), np.float32) * base * (1 + 0.025 * clouds[..., None])
    if arena.floor == "bedding":
        return _strew_bedding(picture, arena, camera, rng)
    if arena.floor == "matte":
        return _wear(picture, rng)
    return picture * (1 + 0.012 * smooth_noise((height, width), (5.0, 5.0), rng)[..., None])


def _strew_bedding(picture: np.ndarray, arena: Arena, camera: Camera, rng: np.random.Generator) -> np.ndarray:
    """Cover the floor with chips of wood, each with its own shade and a shadow."""
    height, width = picture.shape[:2]
    scale = camera.px_per_mm()
    picture = picture * (0.86 + 0.05 * smooth_noise((height, width), (1.2, 1.2), rng)[..., None])
    n_chips = int(width * height / (scale * 4.2) ** 2 * 2.4)
    centres = rng.uniform((0, 0), (width, height), (n_chips, 2))
    lengths = scale * rng.gamma(6, 0.75, n_chips)
    breadths = scale * rng.uniform(0.6, 1.9, n_chips)
    angles = rng.uniform(0, np.pi, n_chips)
    tones = 0.97 + 0.085 * rng.standard_normal(n_chips)
    warmth = 0.03 * rng.standard_normal(n_chips)
    along = np.stack([np.cos(angles), np.sin(angles)], -1) * lengths[:, None] / 2
    across = np.stack([-np.sin(angles), np.cos(angles)], -1) * breadths[:, None] / 2
    taper = rng.uniform(0.4, 1.0, (n_chips, 1))
    corners = np.stack(
        [-along - across, along - across * taper, along + across * taper, -along + across], axis=1
    )
    corners = np.rint((corners + centres[:, None]) * 16).astype(np.int32)
    base = np.array(_FLOOR_COLOURS[arena.floor])
    colours = base * tones[:, None] * np.stack([1 + warmth, np.ones(n_chips), 1 - 1.5 * warmth], -1)
    drop = np.array([14, 14], np.int32)
    for corner, colour in zip(corners, colours, strict=True):
        cv2.fillConvexPoly(picture, corner + drop, (colour * 0.78).tolist(), cv2.LINE_AA, 4)
        cv2.fillConvexPoly(picture, corner, colour.tolist(), cv2.LINE_AA, 4)
    return picture


def _wear(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Add scratches, smudges and specks to a plain floor."""
    height, width = picture.shape[:2]
    smudges = smooth_noise((height, width), (14.0, 9.0), rng)
    marks = np.zeros((height, width), np.float32)
    for _ in range(26):
        start = rng.uniform((0, 0), (width, height))
        angle, length = rng.uniform(0, np.pi), rng.gamma(2, 0.06 * width)
        end = start + length * np.array([np.cos(angle), np.sin(angle)])
        points = [tuple(np.rint(point * 16).astype(int).tolist()) for point in (start, end)]
        cv2.line(marks, points[0], points[1], float(rng.normal(0, 0.05)), 1, cv2.LINE_AA, 4)
    for _ in range(34):
        point = tuple(np.rint(rng.uniform((0, 0), (width, height)) * 16).astype(int).tolist())
        cv2.circle(marks, point, int(16 * rng.uniform(0.4, 1.3)), -0.18, -1, cv2.LINE_AA, 4)
    grain = smooth_noise((height, width), (0.9, 0.9), rng)
    worn = 1 + 0.016 * smudges + cv2.GaussianBlur(marks, (0, 0), 0.6) + 0.012 * grain
    return picture * worn[..., None]


def _wall_height(arena: Arena, camera: Camera, points: np.ndarray) -> np.ndarray:
    """Return how high above the floor each pixel's ray meets a wall; 0 or less where it meets the floor."""
    x0, y0, z0 = camera.position_mm
    dx, dy = points[..., 0] - x0, points[..., 1] - y0
    if arena.is_round:
        # |c + f d| = R: where along the ray's shadow, as a share of the way to the floor, the wall stands.
        a = dx**2 + dy**2
        b = 2 * (x0 * dx + y0 * dy)
        c = x0**2 + y0**2 - (arena.width_mm / 2) ** 2
        share = (-b + np.sqrt(b**2 - 4 * a * c)) / np.maximum(2 * a, 1e-9)
    else:
        with np.errstate(divide="ignore"):
            share_x = (np.sign(dx) * arena.width_mm / 2 - x0) / np.where(dx == 0, np.inf, dx)
            share_y = (np.sign(dy) * arena.height_mm / 2 - y0) / np.where(dy == 0, np.inf, dy)
        share = np.minimum(
            np.where(dx == 0, np.inf, share_x),
            np.where(dy == 0, np.inf, share_y),
        )
    return z0 * (1 - np.minimum(share, 1e6))


def _corner_shade(arena: Arena, points: np.ndarray) -> np.ndarray:
    """Return how the walls darken the floor near them, shape (height, width)."""
    reach = 0.035 * arena.width_mm
    if arena.is_round:
        gap = arena.width_mm / 2 - np.linalg.norm(points, axis=-1)
        return (1 - 0.35 * np.exp(-np.maximum(gap, 0) / reach)).astype(np.float32)
    gaps = np.array([arena.width_mm, arena.height_mm]) / 2 - np.abs(points)
    shade = 1 - 0.35 * np.exp(-np.maximum(gaps, 0) / reach)
    return shade.prod(axis=-1).astype(np.float32)


def _paint_wall(
    arena: Arena,
    camera: Camera,
    points: np.ndarray,
    height: np.ndarray,
    light: Light,
    rng: np.random.Generator,
) -> np.ndarray:
    """Return the walls as seen from above, with their upper rim and the dark room behind it."""
    if arena.is_round:
        normal = -points / np.maximum(np.linalg.norm(points, axis=-1, keepdims=True), 1e-9)
    else:
        ratio = np.abs(points) / (np.array([arena.width_mm, arena.height_mm]) / 2)
        is_side = ratio[..., :1] > ratio[..., 1:]
        normal = np.where(is_side, [[[1.0, 0.0]]], [[[0.0, 1.0]]]) * -np.sign(points)
    facing = 0.62 + 0.42 * (normal @ light.direction[:2])
    climb = np.clip(height / arena.wall_mm, 0, 1)
    shade = facing * (0.62 + 0.5 * climb) * (1 + 0.02 * smooth_noise(height.shape, (9.0, 9.0), rng))
    wall = np.array(arena.wall_colour, np.float32) * shade[..., None]
    # The upper rim is drawn where the wall's top is seen, a few pixels wide whatever the wall's height.
    half = max(arena.width_mm, arena.height_mm) / 2
    rim_mm = 5.0 / camera.px_per_mm() / half * camera.position_mm[2]
    beyond = (height - arena.wall_mm) / rim_mm
    rim = ((beyond > 0) & (beyond < 1))[..., None]
    room = np.clip(beyond - 1, 0, 1)[..., None]
    wall = np.where(rim, np.array(arena.wall_colour) * 1.1 * facing[..., None], wall)
    dark = 58 * (1 + 0.05 * smooth_noise(height.shape, (20.0, 20.0), rng))[..., None]
    return (wall * (1 - room) + dark * room).astype(np.float32)


def _paint_bowl(picture: np.ndarray, bowl: Bowl, camera: Camera, light: Light) -> None:
    """Paint a dish with a bright rim and a shaded inside."""
    centre = np.array([bowl.x_mm, bowl.y_mm])
    gap = camera.floor_points() - centre
    distance = np.linalg.norm(gap, axis=-1) / bowl.radius_mm
    towards = (gap @ light.direction[:2]) / bowl.radius_mm
    _shade(picture, (distance < 1.05).astype(np.float32), 0.16 * bowl.radius_mm * camera.px_per_mm(), 0.5)
    px = bowl.radius_mm * camera.px_per_mm()
    cover = np.clip((1 - distance) * px + 0.5, 0, 1)[..., None]
    rim = np.exp(-(((distance - 0.9) / 0.07) ** 2))
    inside = np.clip((0.86 - distance) * px / 2 + 0.5, 0, 1)
    tone = 0.82 + 0.28 * rim * (1 + 0.5 * towards) - inside * (0.3 + 0.18 * towards)
    colour = np.array(bowl.colour, np.float32) * tone[..., None]
    picture[:] = picture * (1 - cover) + colour * cover


def _silhouette(corners_mm: np.ndarray, camera: Camera) -> np.ndarray:
    width, height = camera.size
    mask = np.zeros((height, width), np.float32)
    corners = np.rint(camera.project(corners_mm) * 16).astype(np.int32)
    cv2.fillConvexPoly(mask, corners, 1.0, cv2.LINE_AA, 4)
    return mask


def _shade(picture: np.ndarray, mask: np.ndarray, blur_px: float, strength: float) -> None:
    picture *= 1 - strength * cv2.GaussianBlur(mask, (0, 0), max(blur_px, 0.3))[..., None]
