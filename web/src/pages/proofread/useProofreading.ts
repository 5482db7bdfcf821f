/** The tracks under repair: what may be wrong, and the repairs, each made from the state that is shown. */

import { useEffect, useRef } from 'react';
import { api, client, queryClient, type Schemas } from '../../api/client';
import { ApiError } from '../../api/errors';
import { dataOf, useAction } from '../../api/useAction';
import { readLabeller } from '../../app/labeller';
import { plural } from '../../components/format';
import { useToast } from '../../components/Toast';
import type { ResultSession } from '../results/resultSession';
import { readResult, summarisedResult } from '../results/useResultSession';
import type { TrackEdit } from './repairs';

type Tracks = Schemas['Tracks'];
type Change = { readonly edits: readonly TrackEdit[] } | 'undo' | 'redo';
interface Asked {
  readonly change: Change;
  readonly then: ((next: Tracks) => void) | undefined;
  /** How many changes had failed when this one was asked for. */
  readonly nFailed: number;
}

const TRACKS = '/api/projects/{project}/results/{result}/tracks';

export function useTracks(project: string, result: string | null) {
  const path = { project, result: result ?? '' };
  return api.useQuery('get', TRACKS, { params: { path } }, { enabled: result !== null });
}

/**
 * Repair the tracks that are shown; afterwards the numbers of the session are those of the repaired file.
 *
 * Repairs that are asked for while another is being made wait for it, and are dropped if it fails: they were meant for
 * what it would have led to.
 */
export function useRepairs(project: string, session: ResultSession, tracks: Tracks) {
  const toast = useToast();
  const { id } = session.data.detail;
  const { revision } = tracks;
  const path = { project, result: id };
  const labeller = readLabeller() ?? '';
  const key = api.queryOptions('get', TRACKS, { params: { path } }).queryKey;
  const latest = useRef(revision);
  const [waiting, failed] = [useRef(0), useRef(0)];
  const send = (change: Change): Promise<Tracks> => {
    const params = { params: { path } };
    const body = { revision: latest.current, labeller };
    if (change === 'undo') return dataOf(client.POST(`${TRACKS}/undo`, { ...params, body }));
    if (change === 'redo') return dataOf(client.POST(`${TRACKS}/redo`, { ...params, body }));
    return dataOf(client.POST(`${TRACKS}/edits`, { ...params, body: { ...body, edits: [...change.edits] } }));
  };
  const { run } = useAction(
    async ({ change, nFailed }: Asked): Promise<Tracks | null> => {
      try {
        if (nFailed !== failed.current) return null;
        const next = await send(change);
        // The next repair starts from here, not from when the server has been asked again.
        latest.current = next.revision;
        queryClient.setQueryData(key, next);
        return next;
      } catch (problem) {
        failed.current += 1;
        throw problem;
      } finally {
        waiting.current -= 1;
      }
    },
    {
      queue: `tracks of ${id}`,
      onDone: (next, { change, then }) => {
        if (next === null) return;
        const done = next.done.at(-1)?.description;
        if (change === 'undo') toast.say(`Taken back: ${next.undone[0]?.description ?? 'the last repair'}`);
        else if (done) toast.say(done.charAt(0).toUpperCase() + done.slice(1));
        then?.(next);
      },
    },
  );
  const learn = useAction(
    (frames: readonly number[]) =>
      dataOf(
        client.POST('/api/projects/{project}/results/{result}/tracks/labels', {
          params: { path },
          body: { frames: [...frames], labeller },
        }),
      ),
    { onDone: (answer) => toast.say(learned(answer)) },
  );
  useRenewal(project, session, revision);
  const isBusy = () => waiting.current > 0;
  if (!isBusy()) latest.current = revision;
  const repair = (change: Change, then?: (next: Tracks) => void) => {
    waiting.current += 1;
    run({ change, then, nFailed: failed.current });
  };
  const known = () => queryClient.getQueryData<Tracks>(key) ?? tracks;
  return {
    repair,
    undo: () => (isBusy() || known().done.length > 0) && repair('undo'),
    redo: () => (isBusy() || known().undone.length > 0) && repair('redo'),
    isBusy,
    learn: learn.run,
  };
}

/** What became of frames that were to be labels, in words. */
export function learned({ added, skipped }: Pick<Schemas['TrackLabelsAdded'], 'added' | 'skipped'>): string {
  const [first, other] = [added[0] ?? skipped[0], skipped.length];
  if (added.length + other === 1)
    return added.length > 0
      ? `Frame ${first} is labelled with these poses; look at it on the page Label`
      : `Frame ${first} has labels already, and they were left as they are`;
  const rest = other > 0 ? `; ${other} had labels already, and they were left as they are` : '';
  return `${plural(added.length, 'frame')} labelled with these poses: look at them on the page Label${rest}`;
}

/** Whatever changed the file, here or elsewhere: show its numbers as they are now. */
function useRenewal(project: string, session: ResultSession, revision: string) {
  // biome-ignore lint/correctness/useExhaustiveDependencies: every revision is looked at once
  useEffect(() => {
    let isOver = false;
    const { id } = session.data.detail;
    void readResult(project, id)
      .then(({ detail, frames }) => {
        const isOther = detail.modified !== session.data.detail.modified;
        if (!isOver && isOther) session.renew(detail, frames);
        // What traces are drawn from is made anew for every change.
        return session.data.levels.length > 0 ? null : summarisedResult(project, id, () => isOver);
      })
      .then((made) => {
        const isSame = made?.detail.modified === session.data.detail.modified;
        if (!isOver && made && isSame) session.summarise(made.detail.levels);
      })
      .catch((problem: unknown) => {
        if (problem instanceof ApiError && problem.status === 404) void queryClient.invalidateQueries();
      });
    return () => {
      isOver = true;
    };
  }, [project, session, revision]);
}
