"""Drawing the poses of one frame: trails, skeleton, circles of error, points, names."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from marey.visualisation.lettering import Stamp
from marey.visualisation.style import RenderStyle
from marey.visualisation.views import View

SHIFT = 4  # OpenCV takes coordinates in sixteenths of a pixel
DARK_RGB = (15, 15, 15)
EDGE_RGB = (235, 235, 235)
FAINTEST = 0.25
TRAIL_SHADES = 6
MAX_COORDINATE = 1 << 14


@dataclass(frozen=True)
class Scene:
    """What there is to draw.

    Parameters
    ----------
    points
        (x, y) in pixels of the frame, shape (n_rows, n_keypoints, n_individuals, 2).
    opacity
        Of each point, in [0, 1], shape (n_rows, n_keypoints, n_individuals).
    radius_90
        The circle of error, pixels of the frame, same shape; None where it is not drawn.
    edges
        Keypoint positions, shape (n_edges, 2).
    colours
        RGB, uint8, shape (n_keypoints, n_individuals, 3).
    edge_colours
        RGB, uint8, shape (n_individuals, 3).
    names
        Stamps to put beside the points, for each keypoint; empty for none.
    trail_rows
        Length of the trail.
    animal_names
        Stamps to put above the animals, for each individual; empty for none.
    """

    points: np.ndarray
    opacity: np.ndarray
    radius_90: np.ndarray | None
    edges: np.ndarray
    colours: np.ndarray
    edge_colours: np.ndarray
    names: list[Stamp]
    trail_rows: int
    animal_names: tuple[Stamp, ...] = ()


def opacity_of(points: np.ndarray, confidence: np.ndarray, style: RenderStyle) -> np.ndarray:
    """Return how opaque each point is: 0 where it is missing or cut, 1 where nothing is known of it."""
    known = np.nan_to_num(confidence, nan=1.0)
    shown = np.isfinite(points).all(axis=-1) & (known >= style.min_confidence)
    strength = FAINTEST + (1 - FAINTEST) * np.clip(known, 0, 1) if style.fade else np.ones_like(known)
    return np.where(shown, strength, 0.0)


class Painter:
    """Draws rows of a scene into pictures.

    Parameters
    ----------
    scene
        What there is to draw.
    style
        How.
    picture_size
        (width, height) of the pictures.
    """

    def __init__(self, scene: Scene, style: RenderStyle, picture_size: tuple[int, int]) -> None:
        self.scene = scene
        extent = min(picture_size)
        self.radius = style.point_radius_px or float(np.clip(extent / 115, 2.5, 14))
        self.width = style.line_width_px or max(1.0, self.radius * 0.45)

    def paint(self, image: np.ndarray, row: int, view: View) -> None:
        """Draw row `row` into `image`, uint8 RGB (H, W, 3), which shows what `view` shows."""
        scene = self.scene
        if scene.trail_rows:
            self._paint_trails(image, row, view)
        points = view.points(scene.points[row])
        opacity = scene.opacity[row]
        for individual in range(points.shape[1]):
            self._paint_edges(image, points[:, individual], opacity[:, individual], individual)
        for keypoint, individual in np.argwhere(opacity > 0):
            here = keypoint, individual
            if scene.radius_90 is not None and np.isfinite(scene.radius_90[row][here]):
                radius = float(scene.radius_90[row][here]) * view.scale
                self._paint_ring(image, points[here], radius, scene.colours[here], opacity[here])
            self._paint_point(image, points[here], scene.colours[here], opacity[here])
            if scene.names:
                self._put_name(image, points[here], scene.names[keypoint])
        for individual, name in enumerate(scene.animal_names):
            seen = points[opacity[:, individual] > 0, individual]
            if len(seen):
                self._put_above(image, seen, name)

    def _put_above(self, image: np.ndarray, points: np.ndarray, name: Stamp) -> None:
        """Write a name above an animal, but within the picture as long as the animal is."""
        size, room = np.array(name.size), np.array(image.shape[1::-1])
        middle, top = points.mean(axis=0), points[:, 1].min()
        if not ((points >= 0) & (points < room)).all(axis=1).any():
            return
        corner = np.rint([middle[0] - size[0] / 2, top - 2 * self.radius - size[1]]).astype(int)
        x, y = np.clip(corner, 0, np.maximum(room - size, 0)).tolist()
        name.put(image, x, y)

    def _put_name(self, image: np.ndarray, at: np.ndarray, name: Stamp) -> None:
        """Write a name to the right of its point, or to the left where there is no room."""
        x, y = np.rint(at + self.radius + 1).astype(int)
        if x + name.size[0] > image.shape[1] > at[0]:
            x = round(float(at[0]) - self.radius - 1) - name.size[0]
        name.put(image, int(x), int(y - name.size[1] // 2))

    def _paint_point(self, image: np.ndarray, at: np.ndarray, colour: np.ndarray, opacity: float) -> None:
        import cv2

        def draw(part: np.ndarray, origin: np.ndarray) -> None:
            centre = _fixed(at - origin)
            cv2.circle(part, centre, _fixed_length(self.radius + 1), DARK_RGB, -1, cv2.LINE_AA, SHIFT)
            cv2.circle(part, centre, _fixed_length(self.radius), colour.tolist(), -1, cv2.LINE_AA, SHIFT)

        _blend(image, np.stack([at, at]), self.radius + 3, opacity, draw)

    def _paint_ring(
        self, image: np.ndarray, at: np.ndarray, radius: float, colour: np.ndarray, opacity: float
    ) -> None:
        import cv2

        def draw(part: np.ndarray, origin: np.ndarray) -> None:
            centre, fixed = _fixed(at - origin), _fixed_length(radius)
            cv2.circle(part, centre, fixed, DARK_RGB, 3, cv2.LINE_AA, SHIFT)
            cv2.circle(part, centre, fixed, colour.tolist(), 1, cv2.LINE_AA, SHIFT)

        _blend(image, np.stack([at, at]), radius + 3, 0.7 * opacity, draw)

    def _paint_edges(
        self, image: np.ndarray, points: np.ndarray, opacity: np.ndarray, individual: int
    ) -> None:
        import cv2

        width = max(1, round(self.width))
        colour = self.scene.edge_colours[individual].tolist()
        for a, b in self.scene.edges:
            ends = points[[a, b]]

            def draw(part: np.ndarray, origin: np.ndarray, ends: np.ndarray = ends) -> None:
                start, stop = _fixed(ends[0] - origin), _fixed(ends[1] - origin)
                cv2.line(part, start, stop, DARK_RGB, width + 2, cv2.LINE_AA, SHIFT)
                cv2.line(part, start, stop, colour, width, cv2.LINE_AA, SHIFT)

            _blend(image, ends, width + 3, 0.8 * float(min(opacity[a], opacity[b])), draw)

    def _paint_trails(self, image: np.ndarray, row: int, view: View) -> None:
        """Draw each keypoint's past as a line that fades with age, broken where it was not seen."""
        import cv2

        scene = self.scene
        first = max(0, row - scene.trail_rows)
        points = view.points(scene.points[first : row + 1])
        seen = scene.opacity[first : row + 1] > 0
        bounds = np.unique(np.linspace(0, row - first, TRAIL_SHADES + 1).astype(int))
        width = max(1, round(self.width * 0.8))
        for shade, (start, stop) in enumerate(itertools.pairwise(bounds)):
            strength = 0.75 * (shade + 1 + TRAIL_SHADES - (len(bounds) - 1)) / TRAIL_SHADES
            for keypoint, individual in np.ndindex(seen.shape[1:]):
                path = points[start : stop + 1, keypoint, individual]
                pieces = _unbroken(path, seen[start : stop + 1, keypoint, individual])
                colour = scene.colours[keypoint, individual].tolist()

                def draw(
                    part: np.ndarray, origin: np.ndarray, pieces: list = pieces, colour: list = colour
                ) -> None:
                    lines = [_fixed_path(piece - origin) for piece in pieces]
                    cv2.polylines(part, lines, False, colour, width, cv2.LINE_AA, SHIFT)

                if pieces:
                    _blend(image, np.concatenate(pieces), width + 2, strength, draw)


def _blend(
    image: np.ndarray,
    around: np.ndarray,
    margin: float,
    opacity: float,
    draw: Callable[[np.ndarray, np.ndarray], None],
) -> None:
    """Let `draw` draw into a copy of the box around the points `around`, and blend it in."""
    import cv2

    if opacity <= 0 or not np.isfinite(around).all():
        return
    height, width = image.shape[:2]
    low = np.clip(np.floor(around.min(axis=0) - margin), -1, [width, height]).astype(int)
    high = np.clip(np.ceil(around.max(axis=0) + margin) + 1, -1, [width, height]).astype(int)
    low = np.maximum(low, 0)
    if (high <= low).any():
        return
    part = image[low[1] : high[1], low[0] : high[0]]
    drawn = part.copy()
    draw(drawn, low)
    cv2.addWeighted(drawn, opacity, part, 1 - opacity, 0, dst=drawn)
    part[...] = drawn


def _fixed(point: np.ndarray) -> tuple[int, int]:
    x, y = np.rint(np.clip(point, -MAX_COORDINATE, MAX_COORDINATE) * (1 << SHIFT)).astype(int).tolist()
    return x, y


def _fixed_length(length: float) -> int:
    return round(min(length, MAX_COORDINATE) * (1 << SHIFT))


def _fixed_path(path: np.ndarray) -> np.ndarray:
    clipped = np.clip(path, -MAX_COORDINATE, MAX_COORDINATE)
    return np.rint(clipped * (1 << SHIFT)).astype(np.int32).reshape(-1, 1, 2)


def _unbroken(path: np.ndarray, seen: np.ndarray) -> list[np.ndarray]:
    """Split a path (n, 2) where it was not seen; pieces of one point are no lines."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], seen.astype(np.int8), [0]])))
    return [path[a:b] for a, b in edges.reshape(-1, 2) if b - a > 1]
