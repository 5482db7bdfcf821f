"""Finds the animal in an image with a network that `marey export-model` wrote; Marey is not needed.

    python run_exported_model.py model.onnx frame.png

Needs numpy, onnxruntime and opencv-python. Prints one line per keypoint: name, x, y and the height of the
peak. The centre of the top-left pixel is (0, 0).
"""

import json
import sys

import cv2
import numpy as np
import onnxruntime


def load(path):
    """Return the network and what its metadata says about it."""
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return session, json.loads(session.get_modelmeta().custom_metadata_map["marey"])


def look(session, about, image, corner, scale, size):
    """Show the network a box of the image at a scale; return points (K, 2) in the image, and peaks (K,)."""
    width, height = (round(side / scale) for side in size)
    box = np.zeros((height, width, 3), np.uint8)  # what lies outside the image is black
    left, top = max(corner[0], 0), max(corner[1], 0)
    inside = image[top : max(corner[1] + height, 0), left : max(corner[0] + width, 0)]
    y, x = top - corner[1], left - corner[0]
    box[y : y + inside.shape[0], x : x + inside.shape[1]] = inside
    if box.shape[1::-1] != tuple(size):
        shrinks = size[0] < width
        box = cv2.resize(box, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
    (logits,) = session.run(None, {"images": box[None]})
    cells, peaks = decode(logits[0], about["decoding"]["window_cells"])
    points = (cells + 0.5) * about["stride"] - 0.5  # heatmap cells to network pixels
    return (points + 0.5) * [width, height] / size - 0.5 + corner, peaks  # network to image pixels


def decode(logits, reach):
    """Return the centre of mass around the peak of each heatmap, (x, y) in cells, and the peak's height."""
    probability = 1 / (1 + np.exp(-np.clip(logits, -40, 40)))
    points, peaks = [], []
    for heatmap, raw in zip(probability, logits, strict=True):
        row, column = np.unravel_index(raw.argmax(), raw.shape)
        rows = np.arange(max(row - reach, 0), min(row + reach + 1, heatmap.shape[0]))
        columns = np.arange(max(column - reach, 0), min(column + reach + 1, heatmap.shape[1]))
        window = heatmap[np.ix_(rows, columns)]
        x, y = center_of_mass(window, rows, columns)
        # A window centred on a cell pulls points to the cell's middle: take what lies evenly around them.
        even = np.clip(reach + 0.5 - np.abs(rows[:, None] - y), 0, 1)
        even = even * np.clip(reach + 0.5 - np.abs(columns - x), 0, 1)
        points.append(center_of_mass(window * even, rows, columns))
        peaks.append(heatmap[row, column])
    return np.array(points), np.array(peaks)


def center_of_mass(weight, rows, columns):
    """Return the mean (x, y) of cells by their weight."""
    mass = weight.sum() + 1e-6
    return (weight * columns).sum() / mass, (weight * rows[:, None]).sum() / mass


def find_center(about, points, peaks):
    """Return the middle of the box around the clear keypoints that are not far from the clearest."""
    best = peaks.argmax()
    reach = max(about["views"]["size"]) / about["views"]["scale"]
    near = np.abs(points - points[best]).max(axis=1) <= reach
    chosen = points[near & (peaks >= about["finding"]["helpful_share"] * peaks[best])]
    return (chosen.min(axis=0) + chosen.max(axis=0)) / 2


def predict(session, about, image):
    """Return the points (K, 2) and peaks (K,) of one RGB image."""
    views = about["views"]
    size = views["locate_size"]
    scale = min(views["locate_scale"], size[0] / image.shape[1], size[1] / image.shape[0])
    points, peaks = look(session, about, image, (0, 0), scale, size)
    if views["kind"] == "whole":
        return points, peaks
    scale, size = views["scale"], views["size"]
    box = np.round(np.array(size) / scale)
    for _ in range(2):  # the coarse view may have shown only a part of the animal: then the crop is moved
        center = find_center(about, points, peaks)
        corner = np.round(center - (np.array(size) / scale - 1) / 2).astype(int)
        points, peaks = look(session, about, image, corner, scale, size)
        off_center = np.abs(find_center(about, points, peaks) - corner - (box - 1) / 2)
        if (off_center <= about["finding"]["off_center_share"] * box).all():
            break
    return points, peaks


def main():
    model, picture = sys.argv[1:]
    session, about = load(model)
    image = cv2.cvtColor(cv2.imread(picture), cv2.COLOR_BGR2RGB)
    points, peaks = predict(session, about, image)
    for name, (x, y), peak in zip(about["skeleton"]["keypoints"], points, peaks, strict=True):
        print(f"{name}\t{x:.2f}\t{y:.2f}\t{peak:.3f}")


if __name__ == "__main__":
    main()
