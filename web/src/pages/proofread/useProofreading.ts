/** The tracks under repair: what may be wrong, and the repairs, each made from the state that is shown. */

import { useEffect } from 'react';
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

const TRACKS = '/api/projects/{project}/results/{result}/tracks';

export function useTracks(project: string, result: string | null) {
  const path = { project, result: result ?? '' };
  return api.useQuery(
    'get',
    TRACKS,
    { params: { path } },
    { enabled: result !== null, placeholderData: (before) => before },
  );
}

/** Repair the tracks that are shown; afterwards the numbers of the session are those of the repaired file. */
export function useRepairs(project: string, session: ResultSession, tracks: Tracks) {
  const toast = useToast();
  const { id } = session.data.detail;
  const { revision } = tracks;
  const path = { project, result: id };
  const body = { revision, labeller: readLabeller() ?? '' };
  const { run, isBusy } = useAction(
    async (change: Change): Promise<Tracks> => {
      const params = { params: { path } };
      if (change === 'undo') return dataOf(client.POST(`${TRACKS}/undo`, { ...params, body }));
      if (change === 'redo') return dataOf(client.POST(`${TRACKS}/redo`, { ...params, body }));
      return dataOf(client.POST(`${TRACKS}/edits`, { ...params, body: { ...body, edits: [...change.edits] } }));
    },
    {
      onDone: (next, change) => {
        // The next repair starts from here, not from when the server has been asked again.
        queryClient.setQueryData(api.queryOptions('get', TRACKS, { params: { path } }).queryKey, next);
        const done = next.done.at(-1)?.description;
        if (change === 'undo') toast.say(`Taken back: ${next.undone[0]?.description ?? 'the last repair'}`);
        else if (done) toast.say(done.charAt(0).toUpperCase() + done.slice(1));
      },
    },
  );
  const learn = useAction(
    (frames: readonly number[]) =>
      dataOf(
        client.POST('/api/projects/{project}/results/{result}/tracks/labels', {
          params: { path },
          body: { frames: [...frames], labeller: body.labeller },
        }),
      ),
    { onDone: (answer) => toast.say(learned(answer)) },
  );
  useRenewal(project, session, revision);
  return { repair: run, isBusy, learn: learn.run };
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
