/** Labels as the server writes them, and as the engine has them. */

import type { components } from '../../api/schema';
import { imagePoint } from '../../engine/geometry';
import type { FrameLabels, Instance, LabelPoint, Skeleton } from '../../engine/labels';

type Schemas = components['schemas'];

export function labelsFromWire(wire: Pick<Schemas['FrameLabels'], 'instances' | 'no_animal'>): FrameLabels {
  return { instances: instancesFromWire(wire.instances), noAnimal: wire.no_animal };
}

/** The ids are only good for telling the instances of this value apart: see `Documents.receive`. */
export function instancesFromWire(instances: readonly Schemas['Instance'][]): Instance[] {
  return instances.map((instance, place) => ({
    id: `wire-${place}`,
    individual: instance.individual ?? null,
    points: instance.points.map(pointFromWire),
  }));
}

export function labelsToWire(labels: FrameLabels, labeller: string): Schemas['LabelsWrite'] {
  return {
    instances: labels.instances.map((instance) => ({
      individual: instance.individual,
      points: instance.points.map(pointToWire),
    })),
    no_animal: labels.noAnimal && labels.instances.length === 0,
    labeller,
  };
}

export function skeletonFromWire(skeleton: Schemas['Skeleton']): Skeleton {
  const pairOf = ([a = '', b = '']: readonly string[]) =>
    [skeleton.keypoints.indexOf(a), skeleton.keypoints.indexOf(b)] as const;
  return {
    keypoints: skeleton.keypoints,
    edges: (skeleton.edges ?? []).map(pairOf),
    symmetries: (skeleton.symmetries ?? []).map(pairOf),
  };
}

function pointFromWire(point: Schemas['Point']): LabelPoint {
  return {
    visibility: point.visibility,
    origin: point.origin,
    position: point.position ? imagePoint(...point.position) : null,
    confidence: point.confidence ?? null,
  };
}

function pointToWire({ visibility, origin, position, confidence }: LabelPoint): Schemas['Point'] {
  return {
    visibility,
    origin,
    position: position && [position.x, position.y],
    confidence,
    author: '',
    time: '',
  };
}
