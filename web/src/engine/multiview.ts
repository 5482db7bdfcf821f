/** What several views of one moment say together: points in space, and where they should be in the other views. */

import { type Camera, isInImage, project, reprojectionError, triangulate, type Vector3 } from './cameras';
import { type ImagePoint, imagePoint } from './geometry';
import { type FrameLabels, type Instance, isUnconfirmed, type LabelPoint, proposed, UNLABELED } from './labels';

export interface LabelledView {
  readonly camera: Camera;
  readonly labels: FrameLabels;
}

export interface SolvedPoint {
  readonly point: Vector3;
  /** How far each view's own point is from where the point in space appears, pixels, by the name of the camera. */
  readonly errors: ReadonlyMap<string, number>;
}

/** The animal at a place: by its name where animals have names, else by its order. */
export function instanceAt(labels: FrameLabels, place: number, individuals: readonly string[]): Instance | undefined {
  const name = individuals[place];
  return name === undefined
    ? labels.instances[place]
    : (labels.instances.find(({ individual }) => individual === name) ??
        (labels.instances.length === 1 && individuals.length === 1 ? labels.instances[0] : undefined));
}

/** Where a person says that the point is; proposals do not count. */
export function statedPosition(point: LabelPoint | undefined): ImagePoint | null {
  return point?.position && !isUnconfirmed(point) ? point.position : null;
}

/** Every keypoint of an animal in space, as far as two or more views state where it is. */
export function solve(
  views: readonly LabelledView[],
  place: number,
  individuals: readonly string[],
  nKeypoints: number,
): (SolvedPoint | null)[] {
  const animals = views.map(({ camera, labels }) => ({ camera, animal: instanceAt(labels, place, individuals) }));
  return Array.from({ length: nKeypoints }, (_, keypoint) => {
    const sightings = animals.flatMap(({ camera, animal }) => {
      const pixel = statedPosition(animal?.points[keypoint]);
      return pixel ? [{ camera, pixel }] : [];
    });
    const point = sightings.length < 2 ? null : triangulate(sightings);
    if (!point) return null;
    return { point, errors: new Map(sightings.map((one) => [one.camera.name, reprojectionError(one, point)])) };
  });
}

/** The animal as the points in space appear in a view, to be proposed there; points outside of the image are left out. */
export function proposalFor(
  camera: Camera,
  solved: readonly (SolvedPoint | null)[],
  individual: string | null,
): FrameLabels {
  const points = solved.map((one) => {
    const at = one && project(camera, one.point);
    return at && isInImage(camera, at) ? proposed(imagePoint(at.x, at.y)) : UNLABELED;
  });
  const isEmpty = points.every((point) => point.position === null);
  return { instances: isEmpty ? [] : [{ id: 'proposal', individual, points }], noAnimal: false };
}
