"""The worst frames, drawn: where the network looked, where the truth was."""

import base64
from typing import TYPE_CHECKING, Any

import numpy as np

from marey.evaluation.part import Part
from marey.visualisation.palettes import VERMILLION

if TYPE_CHECKING:
    from marey.project import Project

SIDE_PX = 300
TRUTH = (255, 255, 255)
PREDICTED = VERMILLION


def worst_frames(
    part: Part, project: "Project", keypoints: tuple[str, ...], n: int = 8
) -> list[dict[str, Any]]:
    """Draw the frames with the largest errors.

    Returns
    -------
    list of dict
        ``image`` (a data address), ``key``, ``keypoint`` (the worst), ``error_px``, ``confidence``. An animal
        that was missed comes first, without a keypoint and infinitely far off.
    """
    frames = {frame.image_key: frame for frame in project.load_labels()}
    worst = np.nanmax(np.where(np.isfinite(part.errors), part.errors, -1), axis=1)
    worst[part.is_missed] = np.inf
    cards = []
    for row in np.argsort(-worst, kind="stable")[:n]:
        if worst[row] < 0:
            continue
        is_missed = bool(part.is_missed[row])
        keypoint = 0 if is_missed else int(np.nanargmax(part.errors[row]))
        image = project.read_image(frames[part.keys[row]])
        picture = draw_errors(image, part.truth[row], part.points[row])
        cards.append(
            {
                "image": _data_address(picture),
                "key": part.keys[row],
                "keypoint": "" if is_missed else keypoints[keypoint],
                "error_px": float(worst[row]),
                "confidence": float(part.confidence[row, keypoint]),
            }
        )
    return cards


def draw_errors(image: np.ndarray, truth: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Draw truth (rings) and prediction (dots) on the part of the image that holds them."""
    import cv2

    both = np.concatenate([truth, points])
    both = both[np.isfinite(both).all(axis=1)]
    center = (both.min(axis=0) + both.max(axis=0)) / 2
    reach = min(max(30.0, 0.65 * float(np.ptp(both, axis=0).max())), max(image.shape[:2]) / 2)
    scale = SIDE_PX / (2 * reach)
    middle = (SIDE_PX - 1) / 2
    matrix = np.array([[scale, 0, middle - scale * center[0]], [0, scale, middle - scale * center[1]]])
    canvas = cv2.warpAffine(image, matrix, (SIDE_PX, SIDE_PX), flags=cv2.INTER_AREA)
    shift = 4
    for true, found in zip(truth, points, strict=True):
        at = [
            None if np.isnan(p).any() else tuple(int(v) for v in np.round((matrix @ [*p, 1]) * 2**shift))
            for p in (true, found)
        ]
        if at[0] and at[1]:
            cv2.line(canvas, at[0], at[1], PREDICTED, 1, cv2.LINE_AA, shift)
        if at[0]:
            cv2.circle(canvas, at[0], 6 << shift, TRUTH, 1, cv2.LINE_AA, shift)
        if at[1]:
            cv2.circle(canvas, at[1], 3 << shift, PREDICTED, -1, cv2.LINE_AA, shift)
    return canvas


def _data_address(image: np.ndarray) -> str:
    import cv2

    _, data = cv2.imencode(".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 85])
    return "data:image/jpeg;base64," + base64.b64encode(data.tobytes()).decode()
