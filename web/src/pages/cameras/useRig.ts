/** The sessions of a project, and the cameras of its calibration as the engine knows them. */

import { useMemo } from 'react';
import { api, type Schemas } from '../../api/client';
import type { Camera } from '../../engine/cameras';

export type RecordingSession = Schemas['RecordingSession'];

export function toCamera(wire: Schemas['CalibratedCamera']): Camera {
  const [width = 1, height = 1] = wire.size;
  const { name, distortion, fisheye } = wire;
  return {
    name,
    distortion,
    fisheye,
    size: { width, height },
    matrix: wire.matrix as Camera['matrix'],
    rotation: wire.rotation as Camera['rotation'],
    translation: wire.translation as Camera['translation'],
    centre: wire.centre as Camera['centre'],
  };
}

export function useCameras(project: string) {
  return api.useQuery('get', '/api/projects/{project}/cameras', { params: { path: { project } } });
}

export function useCalibration(project: string, name: string) {
  return api.useQuery(
    'get',
    '/api/projects/{project}/cameras/calibrations/{name}',
    { params: { path: { project, name } } },
    { enabled: name !== '' },
  );
}

/** The state and the cameras in use; null while they are on their way, or where there is no calibration. */
export function useRig(project: string) {
  const state = useCameras(project);
  const calibration = useCalibration(project, state.data?.calibration ?? '');
  const cameras = useMemo(
    () => calibration.data && new Map(calibration.data.cameras.map((camera) => [camera.name, toCamera(camera)])),
    [calibration.data],
  );
  return { state, cameras: cameras ?? null, units: calibration.data?.units ?? '', error: calibration.error };
}

export function titleOfSession(session: RecordingSession): string {
  return session.name || 'The recording';
}
