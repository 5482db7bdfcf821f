/** The label page's requests to Marey's server. */

import { loadBitmap } from '../../api/binary';
import { baseUrl, client, frameUrl } from '../../api/client';
import { ApiError, explain } from '../../api/errors';
import type { components } from '../../api/schema';
import { readLabeller } from '../../app/labeller';
import type { SaveResult } from '../../engine/autosave';
import type { FrameLabels } from '../../engine/labels';
import { keyOf, type LabelBackend, type Place, type ServerLabels } from './backend';
import { instancesFromWire, labelsFromWire, labelsToWire } from './wire';

type Schemas = components['schemas'];

/** JPEG quality of frames to label: what it costs the eye is less than a label's own error. */
const QUALITY = 92;

export interface Identity {
  readonly project: string;
  /** Who labels, unless somebody said otherwise in the settings of this browser. */
  readonly labeller: string;
  /** Names this tab among those of one person. */
  readonly page: string;
  /** The stamp of every video: it lets the browser keep images. */
  readonly stamps: ReadonlyMap<string, string>;
}

export function serverBackend({ project, labeller: usual, page, stamps }: Identity): LabelBackend {
  // What was said in the settings, perhaps in another window meanwhile.
  const labeller = () => readLabeller() ?? usual;
  const path = ({ video, frame }: Place) => ({ project, video, frame });

  const readLabels = async (place: Place): Promise<ServerLabels> => {
    const { data } = await client.GET('/api/projects/{project}/labels/{video}/{frame}', {
      params: { path: path(place) },
    });
    return received(data);
  };

  const saveLabels = async (place: Place, labels: FrameLabels, revision: string): Promise<SaveResult<FrameLabels>> => {
    try {
      const { data } = await client.PUT('/api/projects/{project}/labels/{video}/{frame}', {
        params: { path: path(place), header: { 'if-match': revision } },
        body: labelsToWire(labels, labeller()),
        // A page that is being closed still sends what was done last.
        keepalive: true,
      });
      const saved = received(data);
      return { kind: 'saved', revision: saved.revision, number: saved.number };
    } catch (error) {
      return refused(error, () => readLabels(place));
    }
  };

  return {
    readLabels,
    saveLabels,
    listFrames: async () => {
      const { data = [] } = await client.GET('/api/projects/{project}/frames', { params: { path: { project } } });
      return data.map(queueItem);
    },
    propose: async (place, source) => {
      const { data } = await client.GET('/api/projects/{project}/labels/{video}/{frame}/prefill', {
        params: { path: path(place), query: { source } },
      });
      const instances = instancesFromWire(data?.instances ?? []);
      return { labels: { instances, noAnimal: false }, note: data?.note ?? '' };
    },
    askForReview: async (place, needsReview) => {
      const { data } = await client.POST('/api/projects/{project}/labels/{video}/{frame}/review', {
        params: { path: path(place) },
        body: { needs_review: needsReview, note: '', labeller: labeller() },
      });
      return received(data);
    },
    lease: async (place) => {
      const { data } = await client.POST('/api/projects/{project}/labels/{video}/{frame}/lease', {
        params: { path: path(place) },
        body: { labeller: labeller(), page },
      });
      return data?.others ?? [];
    },
    loadImage: async ({ video, frame }, signal) => {
      const url = frameUrl(project, video, frame, { quality: QUALITY, stamp: stamps.get(video) });
      return loadBitmap(url, signal);
    },
  };
}

function received(data: Schemas['FrameLabels'] | undefined): ServerLabels {
  if (!data) throw new Error(`The server at ${baseUrl()} sent no labels`);
  const { revision, number, needs_review } = data;
  return { labels: labelsFromWire(data), revision, number, needsReview: needs_review };
}

function queueItem(item: Schemas['FrameItem']) {
  const { video, frame, state, n_instances, confidence, needs_review } = item;
  const key = keyOf({ video, frame });
  return { key, video, frame, state, nAnimals: n_instances, confidence, needsReview: needs_review };
}

/** What an error means for saving: ask for a merge, try again, or give up. */
async function refused(error: unknown, read: () => Promise<ServerLabels>): Promise<SaveResult<FrameLabels>> {
  if (!(error instanceof ApiError) || error.status >= 500) return { kind: 'unreachable' };
  if (error.status !== 409) return { kind: 'refused', reason: explain(error).message };
  try {
    const { labels, revision } = await read();
    return { kind: 'conflict', theirs: labels, revision };
  } catch {
    return { kind: 'unreachable' };
  }
}
