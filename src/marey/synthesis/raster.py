"""Drawing one animal: each pixel is mapped back onto the body, so that all is exact to sub-pixels."""

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

from marey.synthesis.body import Body
from marey.synthesis.camera import Camera
from marey.synthesis.parts import Coat, Leg, Patch, Tube

SAMPLE_PX = 2.0
EDGE_PX = 1.1
MARKER_COLOUR = (255.0, 0.0, 255.0)
MARKER_PX = 1.2


@dataclass(frozen=True, eq=False)
class Canvas:
    """What has been drawn of one animal so far, in a box of the image.

    Parameters
    ----------
    x, y
        The image pixel of its top-left corner.
    colour
        Premultiplied RGB, float32, shape (height, width, 3).
    cover
        Coverage, float32, shape (height, width).
    """

    x: int
    y: int
    colour: np.ndarray
    cover: np.ndarray

    @classmethod
    def empty(cls, box: tuple[int, int, int, int]) -> "Canvas":
        """Make one for the pixels x0 <= x < x1 and y0 <= y < y1."""
        x0, y0, x1, y1 = box
        shape = (max(0, y1 - y0), max(0, x1 - x0))
        return cls(x0, y0, np.zeros((*shape, 3), np.float32), np.zeros(shape, np.float32))

    def paint(self, rows: np.ndarray, columns: np.ndarray, colour: np.ndarray, alpha: np.ndarray) -> None:
        """Lay `colour` (n, 3) with opacity `alpha` (n,) over some pixels."""
        alpha = alpha.astype(np.float32)
        rest = 1 - alpha
        self.colour[rows, columns] = self.colour[rows, columns] * rest[:, None] + colour * alpha[:, None]
        self.cover[rows, columns] = self.cover[rows, columns] * rest + alpha

    def pixels(self, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        """Return the image coordinates (x, y) of some of its pixels, shape (n, 2)."""
        return np.column_stack([columns + self.x, rows + self.y])

    def pixels_near(self, centre: np.ndarray, radius_px: float | np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return rows and columns of the pixels within a distance of a line through points (n, 2)."""
        reach = float(np.max(radius_px)) + 1
        limit = np.array(self.cover.shape[::-1])
        low = np.clip((centre.min(axis=0) - reach - (self.x, self.y)).astype(int), 0, limit)
        high = np.clip((centre.max(axis=0) + reach - (self.x, self.y)).astype(int) + 1, 0, limit)
        if (high <= low).any():
            return np.empty(0, int), np.empty(0, int)
        mask = np.zeros((high - low)[::-1], np.uint8)
        points = np.rint((centre - (self.x, self.y) - low) * 16).astype(np.int32)
        breadths = np.broadcast_to(np.ceil(2 * np.asarray(radius_px)).astype(int), len(points))
        if len(points) == 1:
            cv2.circle(mask, points[0].tolist(), int(breadths[0] * 8), 1, -1, cv2.LINE_8, 4)
        for start, end, breadth in zip(points[:-1], points[1:], breadths, strict=False):
            cv2.line(mask, start.tolist(), end.tolist(), 1, int(min(breadth, 250)), cv2.LINE_8, 4)
        rows, columns = np.nonzero(mask.view(bool))
        return rows + low[1], columns + low[0]


@dataclass(frozen=True, eq=False)
class Ribbon:
    """The local axes of the spine in the image, sampled densely.

    Parameters
    ----------
    along_mm
        Positions of the samples, evenly spaced, shape (n,).
    centre
        Their pixels, shape (n, 2).
    across
        Pixels for one mm to the animal's left, shape (n, 2).
    """

    along_mm: np.ndarray
    centre: np.ndarray
    across: np.ndarray

    @classmethod
    def of_body(
        cls, body: Body, joints: np.ndarray, start_mm: float, end_mm: float, camera: Camera
    ) -> "Ribbon":
        """Sample the spine of a posture between two positions along it."""
        step_mm = SAMPLE_PX / camera.px_per_mm()
        n = max(4, round((end_mm - start_mm) / step_mm) + 1)
        along = np.linspace(start_mm, end_mm, n)
        world = np.concatenate(
            [body.place(joints, along, np.zeros(n)), body.place(joints, along, np.ones(n))]
        )
        pixels = camera.project(world)
        return cls(along, pixels[:n], pixels[n:] - pixels[:n])

    @classmethod
    def of_line(cls, points_mm: np.ndarray, camera: Camera) -> "Ribbon":
        """Sample a line through world points, (m, 3); positions along it count its length in mm."""
        lengths = np.linalg.norm(np.diff(points_mm, axis=0), axis=1)
        at = np.concatenate([[0.0], np.cumsum(lengths)])
        along = np.linspace(0, at[-1], max(8, round(at[-1] * camera.px_per_mm() / SAMPLE_PX)))
        world = np.column_stack([np.interp(along, at, points_mm[:, i]) for i in range(3)])
        centre = camera.project(world)
        backward = np.gradient(centre, along, axis=0)
        unit = backward / np.maximum(np.linalg.norm(backward, axis=1, keepdims=True), 1e-9)
        across = np.column_stack([-unit[:, 1], unit[:, 0]]) * camera.px_per_mm()
        return cls(along, centre, across)

    @cached_property
    def _frames(self) -> np.ndarray:
        """Centre, step along and step across of every sample, float32, shape (n, 6)."""
        along = np.gradient(self.centre, self.along_mm, axis=0)
        return np.concatenate([self.centre, along, self.across], axis=1).astype(np.float32)

    @property
    def px_per_mm(self) -> float:
        """The scale across the spine."""
        return float(np.linalg.norm(self.across, axis=1).mean())

    def unmap(self, pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return where pixels lie on the body: the inverse of going along and then across.

        Parameters
        ----------
        pixels
            Shape (n, 2).

        Returns
        -------
        tuple of np.ndarray
            Position along, clipped to the ribbon; how far beyond its ends the pixel is; and position
            across; each (n,) in mm.
        """
        pixels = pixels.astype(np.float32)
        centre = self._frames[:, :2]
        square = (centre**2).sum(1) - 2 * pixels @ centre.T
        step = float(self.along_mm[1] - self.along_mm[0])
        last = len(self.along_mm) - 1
        position = square.argmin(axis=1).astype(np.float32)
        for _ in range(2):
            lower = np.clip(position.astype(int), 0, last - 1)
            share = (position - lower)[:, None]
            frame = self._frames[lower] * (1 - share) + self._frames[lower + 1] * share
            x, y = (pixels - frame[:, :2]).T
            along_x, along_y, across_x, across_y = frame[:, 2:].T
            determinant = along_x * across_y - along_y * across_x
            shift = (x * across_y - y * across_x) / determinant
            across = (along_x * y - along_y * x) / determinant
            wanted = position + shift / step
            position = np.clip(wanted, 0, last)
        return self.along_mm[0] + position * step, (wanted - position) * step, across


@dataclass(frozen=True, eq=False)
class Skin:
    """What one animal looks like, beyond its species.

    Parameters
    ----------
    coat
        Its colours.
    texture
        Fur: rows across, columns along, float32, deviation about 1.
    texel_mm
        Size of a texture pixel.
    marks
        Dye marks on its back: (along, across, radius) in mm each.
    mark_colour
        RGB.
    """

    coat: Coat
    texture: np.ndarray
    texel_mm: float
    marks: tuple[tuple[float, float, float], ...] = ()
    mark_colour: tuple[float, float, float] = (70.0, 110.0, 190.0)

    def grain(self, along_mm: np.ndarray, across_mm: np.ndarray) -> np.ndarray:
        """Return the texture at positions on the body, (n,)."""
        middle = self.texture.shape[0] / 2
        # remap takes no long lists, so the list is folded into a picture of 256 columns.
        n = len(along_mm)
        columns, rows = (
            np.resize(values.astype(np.float32), (-(-n // 256), 256))
            for values in (along_mm / self.texel_mm + 4, across_mm / self.texel_mm + middle)
        )
        picture = cv2.remap(
            self.texture, columns, rows, interpolation=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT
        )
        return picture.ravel()[:n]


def draw_tube(canvas: Canvas, ribbon: Ribbon, tube: Tube, skin: Skin, light: np.ndarray) -> None:
    """Draw a tube of the body.

    Parameters
    ----------
    canvas
        Where to draw.
    ribbon
        The spine under it.
    tube, skin
        What it looks like.
    light
        Unit vector to the lamp in the image: x right, y down, z to the camera.
    """
    scale = ribbon.px_per_mm
    half_width = np.interp(ribbon.along_mm, *np.transpose(tube.half_width_mm))
    rows, columns = canvas.pixels_near(ribbon.centre, half_width * scale + 3)
    if not len(rows):
        return
    along, beyond, across = ribbon.unmap(canvas.pixels(rows, columns))
    alpha, side = tube_cover(tube, scale, along, beyond, across)
    if len(keep := np.flatnonzero(alpha > 0.003)):
        colour = _shade_tube(tube, skin, ribbon, light, along[keep], across[keep], side[keep])
        canvas.paint(rows[keep], columns[keep], colour, alpha[keep])


def tube_cover(
    tube: Tube, px_per_mm: float, along: np.ndarray, beyond: np.ndarray, across: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return how far a tube covers places on the body, 0 to 1, and how near they are to its edge, -1 to 1."""
    half_width = np.interp(along, *np.transpose(tube.half_width_mm))
    distance = np.hypot(beyond, across)
    edge_px = (half_width - distance) * px_per_mm
    softness = EDGE_PX
    if tube.fur:
        softness = 1.7
        left = across > 0
        edge_px = edge_px + 0.55 * np.sin(1.9 * along + 2.1 * left) * np.sin(0.83 * along + 4.0 * left)
    alpha = np.clip(edge_px / softness + 0.5, 0, 1) * tube.opacity
    return alpha, np.clip(across / np.maximum(half_width, 1e-6), -1, 1)


def _shade_tube(
    tube: Tube,
    skin: Skin,
    ribbon: Ribbon,
    light: np.ndarray,
    along: np.ndarray,
    across: np.ndarray,
    side: np.ndarray,
) -> np.ndarray:
    """Return RGB (n, 3): coat, texture, dye marks and light."""
    coat = tube.coat or skin.coat
    grain = skin.grain(along, across)
    mix = np.clip(np.abs(side) ** 2.2 + 0.06 * grain, 0, 1)[:, None]
    colour = np.array(coat.back) * (1 - mix) + np.array(coat.flank) * mix
    if tube.bands:
        share = (along - tube.start_mm) / (tube.end_mm - tube.start_mm)
        wave = np.sin(2 * np.pi * (share * tube.bands + 0.1 * side**2))
        colour = colour * (1 - 0.42 * np.clip(1.6 * wave - 0.2 + share, 0, 1))[:, None]
    if tube.coat is None:
        for mark_along, mark_across, radius in skin.marks:
            distance = np.hypot(along - mark_along, across - mark_across) + 0.22 * radius * grain
            dye = 0.8 * np.clip((radius - distance) / (0.25 * radius) + 0.5, 0, 1)[:, None]
            colour = colour * (1 - dye) + np.array(skin.mark_colour) * dye
    unit = ribbon.across / np.linalg.norm(ribbon.across, axis=1, keepdims=True)
    step = ribbon.along_mm[1] - ribbon.along_mm[0]
    index = np.clip(((along - ribbon.along_mm[0]) / step).astype(int), 0, len(unit) - 1)
    tilt = (0.92 * side + 0.12 * grain * tube.fur) * tube.roundness
    tilt = np.clip(tilt, -0.98, 0.98)
    up = np.sqrt(1 - tilt**2)
    lit = np.clip(up * light[2] + tilt * (unit[index] @ light[:2]), 0, None)
    half = np.array([light[0], light[1], light[2] + 1.0])
    half /= np.linalg.norm(half)
    shine = np.clip(up * half[2] + tilt * (unit[index] @ half[:2]), 0, 1) ** 14
    tone = (0.42 + 0.66 * lit) * (0.72 + 0.28 * up) * np.clip(1 + coat.grain * 0.75 * grain, 0.15, 2.2)
    return colour * tone[:, None] + (255 * 0.42 * coat.sheen * shine * (1 + 0.35 * grain))[:, None]


@dataclass(frozen=True, eq=False)
class Plate:
    """The axes of a patch in the image: the pixels of its centre, and for one mm along and across it."""

    centre: np.ndarray
    along: np.ndarray
    across: np.ndarray

    @classmethod
    def of_axes(cls, axes_mm: np.ndarray, camera: Camera) -> "Plate":
        """Look at axes in the world, (3, 3), as ``Body.patch_axes`` gives them."""
        centre, along, across = camera.project(axes_mm)
        return cls(centre, along - centre, across - centre)

    @property
    def px_per_mm(self) -> float:
        """The scale along it."""
        return float(np.linalg.norm(self.along))

    def unmap(self, pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return positions along and across in mm, (n,) each, of pixels (n, 2)."""
        x, y = (pixels - self.centre).T
        (along_x, along_y), (across_x, across_y) = self.along, self.across
        determinant = along_x * across_y - along_y * across_x
        return (x * across_y - y * across_x) / determinant, (along_x * y - along_y * x) / determinant


def draw_patch(canvas: Canvas, plate: Plate, patch: Patch, skin: Skin, light: np.ndarray) -> None:
    """Draw an ellipse; the other arguments are as for :func:`draw_tube`."""
    scale = plate.px_per_mm
    rows, columns = canvas.pixels_near(plate.centre[None], max(patch.semi_axes_mm) * scale + 3)
    if not len(rows):
        return
    pixels = canvas.pixels(rows, columns)
    along, across = plate.unmap(pixels)
    a, b = patch.semi_axes_mm
    radius = np.hypot(along / a, across / b)
    # The distance to an ellipse's edge, to first order: the function divided by its slope.
    slope = np.hypot(along / a**2, across / b**2) / np.maximum(radius, 1e-6)
    edge_px = (1 - radius) / np.maximum(slope, 1e-6) * scale
    alpha = np.clip(edge_px / EDGE_PX + 0.5, 0, 1) * patch.opacity
    rim = np.clip((radius - 0.55) / 0.4, 0, 1)[:, None]
    colour = np.array(patch.colour) * (1 - rim) + np.array(patch.rim) * rim
    share = patch.coat_share * (0.7 + 0.5 * rim)
    colour = colour * (1 - share) + np.array(skin.coat.back) * share
    lean = (pixels - plate.centre) @ light[:2] / (scale * max(a, b))
    colour = colour * (0.95 + 0.16 * np.clip(lean, -1, 1))[:, None]
    canvas.paint(rows, columns, colour, alpha)


def draw_leg(canvas: Canvas, ribbon: Ribbon, leg: Leg) -> None:
    """Draw a leg along a ribbon from hip to foot."""
    scale = ribbon.px_per_mm
    rows, columns = canvas.pixels_near(ribbon.centre, leg.half_width_mm * scale + 3)
    if not len(rows):
        return
    along, beyond, across = ribbon.unmap(canvas.pixels(rows, columns))
    half_width = leg.half_width_mm * (1 - 0.5 * along / ribbon.along_mm[-1])
    # A leg thinner than a pixel is drawn a pixel wide and fainter, so that it does not flicker.
    drawn = np.maximum(half_width, 0.5 / scale)
    edge_px = (drawn - np.hypot(beyond, across)) * scale
    alpha = np.clip(edge_px / EDGE_PX + 0.5, 0, 1) * half_width / drawn
    colour = np.broadcast_to(np.array(leg.colour), (len(rows), 3))
    canvas.paint(rows, columns, colour, alpha)


def draw_marker(canvas: Canvas, surface: Ribbon | Plate, along_mm: float, across_mm: float) -> None:
    """Paint a bright dot onto a place on a tube, leg or patch, which shows where the picture has it."""
    scale = surface.px_per_mm
    rows, columns = (axis.ravel() for axis in np.indices(canvas.cover.shape))
    pixels = canvas.pixels(rows, columns)
    if isinstance(surface, Ribbon):
        along, beyond, across = surface.unmap(pixels)
        along = along + beyond
    else:
        along, across = surface.unmap(pixels)
    distance_px = scale * np.hypot(along - along_mm, across - across_mm)
    alpha = np.exp(-(distance_px**2) / (2 * MARKER_PX**2))
    canvas.paint(rows, columns, np.array(MARKER_COLOUR, np.float32), alpha)
