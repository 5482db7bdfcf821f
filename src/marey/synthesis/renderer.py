"""Composing frames: arena, shadows, animals in their depth order, shelters, light and the sensor."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from marey.model import Visibility
from marey.synthesis.arena import Arena, make_light, paint_arena, paint_roofs
from marey.synthesis.body import Body
from marey.synthesis.camera import Camera
from marey.synthesis.motion import Motion
from marey.synthesis.parts import Coat
from marey.synthesis.raster import (
    Canvas,
    Plate,
    Ribbon,
    Skin,
    draw_leg,
    draw_marker,
    draw_patch,
    draw_tube,
    tube_cover,
)
from marey.synthesis.texture import fur, smooth_noise

MAX_SUBFRAMES = 5
SUBFRAME_STEP_PX = 1.6
NOISE_BANK_MARGIN = 97
HIDDEN_FROM = 0.5
"""A keypoint counts as occluded where something covers at least this share of its pixel."""


@dataclass(frozen=True, eq=False)
class Frame:
    """One rendered frame and what is true of it.

    Parameters
    ----------
    image
        uint8 RGB, shape (height, width, 3).
    points
        (x, y) of every keypoint in pixels, hidden ones included, shape (n_animals, n_keypoints, 2).
    visibility
        :class:`~marey.model.Visibility` of every keypoint, int8, shape (n_animals, n_keypoints).
    """

    image: np.ndarray
    points: np.ndarray
    visibility: np.ndarray


class Renderer:
    """Renders frames of one camera; everything that stays is prepared once.

    Parameters
    ----------
    body, motion, camera, arena
        Who moves how, where, and who looks.
    coats
        One for each animal.
    has_marks
        Whether animals carry dye marks.
    exposure_frames
        How long the shutter is open, in units of the time between frames.
    noise, light_gradient, is_grey, seed
        As in ``RecordingSpec``.
    """

    def __init__(
        self,
        *,
        body: Body,
        motion: Motion,
        camera: Camera,
        arena: Arena,
        coats: Sequence[Coat],
        has_marks: bool,
        exposure_frames: float,
        noise: float,
        light_gradient: float,
        is_grey: bool,
        seed: int,
    ) -> None:
        self.body, self.motion, self.camera, self.arena = body, motion, camera, arena
        self.exposure_frames, self.noise, self.is_grey, self.seed = exposure_frames, noise, is_grey, seed
        rng = np.random.default_rng((seed, 2))
        self._light = make_light(camera, rng, strength=light_gradient)
        self._background = paint_arena(arena, camera, self._light, rng)
        self._roof_colour, self._roof_cover = paint_roofs(arena, camera, self._light)
        lamp = camera.rotation @ self._light.direction
        self._lamp = np.array([lamp[0], lamp[1], -lamp[2]])
        self._skins = [self._make_skin(coat, i, has_marks, rng) for i, coat in enumerate(coats)]
        width, height = camera.size
        shape = (height + NOISE_BANK_MARGIN, width + NOISE_BANK_MARGIN)
        # Neighbouring pixels of a colour sensor share noise, because the colours are interpolated.
        channels = [smooth_noise(shape, (0.45, 0.45), rng) for _ in range(4)]
        self._noise_bank = np.stack([0.75 * channels[0] + 0.66 * other for other in channels[1:]], axis=-1)

    def _make_skin(self, coat: Coat, animal: int, has_marks: bool, rng: np.random.Generator) -> Skin:
        body, texel_mm = self.body, 0.5 / self.camera.px_per_mm()
        length = int(body.joints_mm[-1] / texel_mm) + 8
        breadth = int(2.4 * max(w for tube in body.tubes for _, w in tube.half_width_mm) / texel_mm) + 8
        texture = fur(length, breadth, 2.4, rng)
        unit = body.length_mm
        marks = [(share * unit, 0.0, 0.055 * unit) for share in (0.42, 0.58, 0.72)]
        shown = tuple(marks[i] for i in range(3) if (animal + 1) >> i & 1) if has_marks else ()
        return Skin(coat, texture, texel_mm, shown)

    def render(self, index: int, points: np.ndarray, *, marker: str = "") -> Frame:
        """Render one frame whose keypoints lie at `points`, shape (n_animals, n_keypoints, 2)."""
        picture = self._background.copy()
        visibility = np.full(points.shape[:2], Visibility.VISIBLE, dtype=np.int8)
        for animal in np.argsort(self.motion.order[index + 1]):
            canvas = self._draw(index, int(animal), points[animal], marker)
            _mark_hidden(visibility, points, canvas.cover, (canvas.x, canvas.y), skip=int(animal))
            self._cast_shadow(picture, canvas)
            self._lay(picture, canvas)
            visibility[animal][self._is_under_itself(index, int(animal), points[animal])] = (
                Visibility.OCCLUDED
            )
        if self.arena.roofs:
            cover = self._roof_cover[..., None]
            picture = picture * (1 - cover) + self._roof_colour * cover
            _mark_hidden(visibility, points, self._roof_cover, (0, 0))
        return Frame(self._expose(picture, index), points.copy(), visibility)

    def _draw(self, index: int, animal: int, points: np.ndarray, marker: str) -> Canvas:
        """Draw one animal, averaged over what happens while the shutter is open."""
        margin = 3 + 0.22 * self.body.length_mm * self.camera.px_per_mm()
        (width, height), low, high = self.camera.size, points.min(0) - margin, points.max(0) + margin
        reach = self._reach_px(index, animal)
        x0, y0 = (max(0, int(value - reach)) for value in low)
        x1, y1 = min(width, int(high[0] + reach) + 1), min(height, int(high[1] + reach) + 1)
        canvas = Canvas.empty((x0, y0, x1, y1))
        n = int(np.clip(np.ceil(reach / SUBFRAME_STEP_PX), 1, MAX_SUBFRAMES))
        for k in range(n):
            moment = index + self.exposure_frames * ((k + 0.5) / n - 0.5)
            part = Canvas.empty((x0, y0, x1, y1)) if n > 1 else canvas
            self._draw_posture(part, *self.motion.at(moment, animal), self._skins[animal], marker)
            if n > 1:
                np.add(canvas.colour, part.colour / n, out=canvas.colour)
                np.add(canvas.cover, part.cover / n, out=canvas.cover)
        for layer in (canvas.colour, canvas.cover):
            if layer.size:
                cv2.GaussianBlur(layer, (0, 0), 0.5, dst=layer)
        return canvas

    def _reach_px(self, index: int, animal: int) -> float:
        """Return how far any joint moves while the shutter is open."""
        joints = self.motion.joints_mm[index : index + 3, animal]
        step = np.linalg.norm(np.diff(joints, axis=0), axis=-1).max()
        return float(step * self.exposure_frames * self.camera.px_per_mm())

    def _draw_posture(
        self, canvas: Canvas, joints: np.ndarray, strides: float, skin: Skin, marker: str
    ) -> None:
        """Draw legs, then patches that lie below, then tubes, then patches that lie above."""
        body, stride = self.body, np.asarray(strides)
        surfaces: dict[str, Ribbon | Plate] = {}
        for leg in body.legs:
            for side, name in ((1, f"left_{leg.name}"), (-1, f"right_{leg.name}")):
                ribbon = Ribbon.of_line(body.leg_points(leg, side, joints, stride), self.camera)
                surfaces[name] = ribbon
                draw_leg(canvas, ribbon, leg)
        patches = list(body.patch_by_name.values())
        plates = {p.name: Plate.of_axes(body.patch_axes(p, joints, stride), self.camera) for p in patches}
        surfaces.update(plates)
        for patch in (item for item in patches if item.below):
            draw_patch(canvas, plates[patch.name], patch, skin, self._lamp)
        for number, tube in enumerate(body.tubes):
            ribbon = Ribbon.of_body(body, joints, tube.start_mm, tube.end_mm, self.camera)
            surfaces[str(number)] = ribbon
            draw_tube(canvas, ribbon, tube, skin, self._lamp)
        for patch in (item for item in patches if not item.below):
            draw_patch(canvas, plates[patch.name], patch, skin, self._lamp)
        if marker:
            self._draw_marker(canvas, surfaces, marker)

    def _draw_marker(self, canvas: Canvas, surfaces: Mapping[str, Ribbon | Plate], keypoint: str) -> None:
        landmark = self.body.landmarks[self.body.skeleton.index(keypoint)]
        surface = surfaces[landmark.part or str(self._tube_of(landmark.along_mm))]
        if landmark.part and isinstance(surface, Ribbon):  # a foot: the end of its leg
            along = float(surface.along_mm[-1])
        else:
            along = landmark.along_mm
        draw_marker(canvas, surface, along, landmark.across_mm)

    def _tube_of(self, along_mm: float) -> int:
        """Return the index of the uppermost tube that reaches a position along the spine."""
        inside = [i for i, tube in enumerate(self.body.tubes) if tube.start_mm <= along_mm <= tube.end_mm]
        if inside:
            return inside[-1]
        gaps = [min(abs(along_mm - t.start_mm), abs(along_mm - t.end_mm)) for t in self.body.tubes]
        return int(np.argmin(gaps))

    def _is_under_itself(self, index: int, animal: int, points: np.ndarray) -> np.ndarray:
        """Return which keypoints a higher tube of the same animal covers, such as a tail under the rump."""
        body = self.body
        hidden = np.zeros(len(points), dtype=bool)
        joints, _ = self.motion.at(index, animal)
        for number, tube in enumerate(body.tubes):
            lower = [
                k
                for k, landmark in enumerate(body.landmarks)
                if not landmark.part and self._tube_of(landmark.along_mm) < number
            ]
            if lower:
                ribbon = Ribbon.of_body(body, joints, tube.start_mm, tube.end_mm, self.camera)
                alpha, _ = tube_cover(tube, ribbon.px_per_mm, *ribbon.unmap(points[lower]))
                hidden[lower] |= alpha >= HIDDEN_FROM
        return hidden

    def _cast_shadow(self, picture: np.ndarray, canvas: Canvas) -> None:
        """Darken what lies around an animal: softly away from the lamp, and closely under its edge."""
        if not canvas.cover.size:
            return
        scale = self.camera.px_per_mm()
        height_px = 0.11 * self.body.length_mm * scale
        offset = -self._lamp[:2] / max(self._lamp[2], 0.2) * height_px
        soft, close = 0.5 * height_px, 0.16 * height_px
        pad = int(np.ceil(3 * soft + np.abs(offset).max())) + 1
        cover = cv2.copyMakeBorder(canvas.cover, pad, pad, pad, pad, cv2.BORDER_CONSTANT, value=0)
        shift = np.array([[1, 0, offset[0]], [0, 1, offset[1]]], np.float32)
        moved = cv2.warpAffine(cover, shift, cover.shape[::-1], flags=cv2.INTER_LINEAR)
        shade = 0.42 * cv2.GaussianBlur(moved, (0, 0), max(soft, 0.5))
        shade += 0.34 * cv2.GaussianBlur(cover, (0, 0), max(close, 0.5))
        x, y = canvas.x - pad, canvas.y - pad
        rows, columns = shade.shape
        top, left = max(0, -y), max(0, -x)
        bottom, right = min(rows, picture.shape[0] - y), min(columns, picture.shape[1] - x)
        picture[y + top : y + bottom, x + left : x + right] *= (
            1 - np.minimum(shade, 0.75)[top:bottom, left:right, None]
        )

    def _lay(self, picture: np.ndarray, canvas: Canvas) -> None:
        rows, columns = canvas.cover.shape
        box = np.s_[canvas.y : canvas.y + rows, canvas.x : canvas.x + columns]
        light = self._light.field[box][..., None]
        picture[box] = picture[box] * (1 - canvas.cover[..., None]) + canvas.colour * light

    def _expose(self, picture: np.ndarray, index: int) -> np.ndarray:
        """Turn light into what the sensor reports: flicker, shot noise and read noise, in 8 bits."""
        rng = np.random.default_rng((self.seed, 3, index))
        if self.is_grey:
            picture = np.repeat(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)[..., None], 3, axis=2)
        if self.noise:
            x, y = rng.integers(0, NOISE_BANK_MARGIN, 2)
            height, width = picture.shape[:2]
            bank = self._noise_bank[y : y + height, x : x + width]
            if self.is_grey:
                bank = np.repeat(bank[..., :1], 3, axis=2)
            picture = picture * np.float32(1 + 0.004 * self.noise * rng.standard_normal())
            # Variance grows with the light: sigma² = read² + gain · signal.
            sigma = cv2.sqrt(np.maximum(picture, 0) * np.float32(0.05) + np.float32(2.0))
            picture = picture + bank * sigma * np.float32(self.noise)
        return cv2.convertScaleAbs(np.maximum(picture, 0))


def _mark_hidden(
    visibility: np.ndarray, points: np.ndarray, cover: np.ndarray, corner: tuple[int, int], skip: int = -1
) -> None:
    """Mark as occluded every keypoint so far that lies under `cover`, whose top-left pixel is `corner`."""
    if not cover.size:
        return
    columns, rows = np.moveaxis(np.rint(points - corner).astype(int), -1, 0)
    inside = (rows >= 0) & (columns >= 0) & (rows < cover.shape[0]) & (columns < cover.shape[1])
    clipped = cover[rows.clip(0, cover.shape[0] - 1), columns.clip(0, cover.shape[1] - 1)]
    hidden = inside & (clipped >= HIDDEN_FROM)
    if skip >= 0:
        hidden[skip] = False
    visibility[hidden] = Visibility.OCCLUDED
