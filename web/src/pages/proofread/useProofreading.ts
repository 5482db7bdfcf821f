/** The tracks under repair: what may be wrong, and the repairs, each made from the state that is shown. */

import { useEffect, useRef } from 'react';
import { api, client, queryClient, type Schemas } from '../../api/client';
import { ApiError, isConflict, isUnreachable } from '../../api/errors';
import { dataOf, useAction } from '../../api/useAction';
import { readLabeller } from '../../app/labeller';
import { capitalised, plural } from '../../components/format';
import { useToast } from '../../components/Toast';
import type { ResultSession } from '../results/resultSession';
import { readResult, summarisedResult } from '../results/useResultSession';
import { type Change, leftAfter } from './changes';

type Tracks = Schemas['Tracks'];
/** A change that was made, and what it was made of. */
export interface Made {
  readonly before: Tracks;
  readonly next: Tracks;
}
type Then = (made: Made) => void;
interface Asked {
  readonly change: Change;
  readonly then: Then | undefined;
  /** Who asked says what went wrong, and nobody else. */
  readonly onRefused: ((problem: unknown) => void) | undefined;
  /** How many changes had failed when this one was asked for. */
  readonly nFailed: number;
}

const ASK_AGAIN_MS = 2000;
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
  const path = { project, result: id };
  const labeller = readLabeller() ?? '';
  const key = tracksKey(project, id);
  const known = () => queryClient.getQueryData<Tracks>(key) ?? tracks;
  const failed = useRef(0);
  const inHand = useRef<readonly Asked[]>([]);
  const pending = () => inHand.current.map(({ change }) => change);
  const { run } = useAction(
    async (asked: Asked): Promise<Made | null> => {
      try {
        if (asked.nFailed !== failed.current) return drop(asked);
        return await make(path, known, asked.change, labeller);
      } catch (problem) {
        if (isConflict(problem)) await queryClient.refetchQueries({ queryKey: key });
        failed.current += 1;
        if (!asked.onRefused) throw problem;
        asked.onRefused(problem);
        return null;
      } finally {
        inHand.current = inHand.current.filter((other) => other !== asked);
      }
    },
    {
      queue: `tracks of ${id}`,
      onDone: (made, { change, then }) => {
        if (made === null) return;
        const { done, undone } = made.next;
        const last = change === 'undo' ? undone[0] : done.at(-1);
        if (last) toast.say(change === 'undo' ? `Taken back: ${last.description}` : capitalised(last.description));
        then?.(made);
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
  useRenewal(project, session, tracks.revision);
  const repair = (change: Change, then?: Then, onRefused?: (problem: unknown) => void) => {
    const asked = { change, then, onRefused, nFailed: failed.current };
    inHand.current = [...inHand.current, asked];
    run(asked);
  };
  const left = () => leftAfter(known(), pending());
  return {
    repair,
    undo: (then: Then) => (left().undo > 0 ? repair('undo', then) : toast.hint('There is nothing to undo.')),
    redo: (then: Then) => (left().redo > 0 ? repair('redo', then) : toast.hint('There is nothing to do again.')),
    pending,
    learn: learn.run,
  };
}

function drop({ onRefused }: Asked): null {
  onRefused?.(new Error('The repair before this one failed, so this one was not made: try again.'));
  return null;
}

function tracksKey(project: string, result: string) {
  return api.queryOptions('get', TRACKS, { params: { path: { project, result } } }).queryKey;
}

/** Make a change of the tracks that are shown, which are then those that it led to. */
export async function make(
  path: { readonly project: string; readonly result: string },
  known: () => Tracks,
  change: Change,
  labeller: string,
): Promise<Made> {
  const queryKey = tracksKey(path.project, path.result);
  // An answer on its way may tell of the tracks as they were, and must not come after that to the change.
  const forgetAnswers = () => queryClient.cancelQueries({ queryKey });
  await forgetAnswers();
  const before = known();
  const next = await send(path, change, { revision: before.revision, labeller });
  await forgetAnswers();
  queryClient.setQueryData(queryKey, next);
  return { before, next };
}

function send(
  path: { readonly project: string; readonly result: string },
  change: Change,
  body: Schemas['TrackChange'],
): Promise<Tracks> {
  const params = { params: { path } };
  if (change === 'undo') return dataOf(client.POST(`${TRACKS}/undo`, { ...params, body }));
  if (change === 'redo') return dataOf(client.POST(`${TRACKS}/redo`, { ...params, body }));
  return dataOf(client.POST(`${TRACKS}/edits`, { ...params, body: { ...body, edits: [...change.edits] } }));
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
    let timer: ReturnType<typeof setTimeout> | undefined;
    const { id } = session.data.detail;
    const renew = async () => {
      const { detail, frames } = await readResult(project, id);
      if (isOver) return;
      if (detail.modified !== session.newest.detail.modified) session.renew(detail, frames);
      if (session.newest.levels.length > 0) return;
      // What traces are drawn from is made anew for every change.
      const made = await summarisedResult(project, id, () => isOver);
      const isSame = made.detail.modified === session.newest.detail.modified;
      if (!isOver && isSame) session.summarise(made.detail.levels);
    };
    const attempt = () => {
      renew().catch((problem: unknown) => {
        if (isOver) return;
        if (problem instanceof ApiError && problem.status === 404) void queryClient.invalidateQueries();
        if (isUnreachable(problem)) timer = setTimeout(attempt, ASK_AGAIN_MS);
      });
    };
    attempt();
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [project, session, revision]);
}
