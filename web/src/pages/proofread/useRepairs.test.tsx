import { QueryClientProvider } from '@tanstack/react-query';
import { createRoot, type Root } from 'react-dom/client';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { queryClient, type Schemas } from '../../api/client';
import { explain } from '../../api/errors';
import { ToastProvider } from '../../components/Toast';
import type { ResultSession } from '../results/resultSession';
import type { TrackEdit } from './repairs';
import { useRepairs, useTracks } from './useProofreading';

/** The client keeps the `fetch` that it finds when it is loaded. */
const network = vi.hoisted(() => {
  const made: { answer: (request: Request) => Promise<Response> } = {
    answer: () => Promise.reject(new TypeError('no server')),
  };
  globalThis.fetch = (input, init) => made.answer(new Request(input, init));
  return made;
});

type Tracks = Schemas['Tracks'];

/** A file of tracks on the server, whose revisions count its changes. */
class Server {
  revision = 1;
  done: TrackEdit[] = [];
  posted: string[] = [];
  /** Answers to questions about the tracks wait for this. */
  gate: Promise<void> = Promise.resolve();
  nAsked = 0;

  answer = async (request: Request): Promise<Response> => {
    const { pathname } = new URL(request.url);
    if (request.method === 'POST') return this.change(pathname, await request.json());
    if (!pathname.endsWith('/tracks'))
      return Response.json({ id: 'r', modified: 'once', levels: [{}], is_contiguous: true });
    this.nAsked += 1;
    const tracks = this.tracks();
    await this.gate;
    request.signal.throwIfAborted();
    return Response.json(tracks);
  };

  tracks(): Tracks {
    const done = this.done.map((edit) => ({ edit, description: SAID, time: '', author: '' }));
    const rest = { is_tracked: true, is_editable: true, suspicions: [], n_suspicions: 0, corrected: [] };
    return { revision: `${this.revision}`, names: ['a', 'b'], done, undone: [], ...rest };
  }

  private change(pathname: string, { revision, edits = [] }: { revision: string; edits?: TrackEdit[] }): Response {
    const wrong = { kind: 'ConflictError', message: 'somebody else changed it', hint: null };
    this.posted.push(revision);
    if (revision !== `${this.revision}`) return Response.json({ error: wrong }, { status: 409 });
    if (edits[0]?.kind === 'rename') return Response.json({ error: TAKEN }, { status: 422 });
    this.revision += 1;
    if (pathname.endsWith('/undo')) this.done.pop();
    else this.done.push(SWAP);
    return Response.json(this.tracks());
  }
}

const SWAP: TrackEdit = { kind: 'swap', first: 'a', second: 'b', start: 4, stop: null };
const SAID = 'exchanged a and b from frame 4 on';
const TAKEN = { kind: 'InputError', message: 'expected a new name', hint: null };
const SESSION = {
  data: { detail: { id: 'r' } },
  newest: { detail: { modified: 'once' }, levels: [{}] },
} as unknown as ResultSession;
let server: Server;
let root: Root;
let page: HTMLElement;
let repairs: ReturnType<typeof useRepairs>;

function Page({ tracks }: { tracks: Tracks }) {
  repairs = useRepairs('p', SESSION, tracks);
  return <output>{tracks.revision}</output>;
}

function Opening() {
  const { data } = useTracks('p', 'r');
  return data ? <Page tracks={data} /> : null;
}

beforeEach(async () => {
  server = new Server();
  network.answer = server.answer;
  queryClient.clear();
  page = document.createElement('div');
  root = createRoot(page);
  root.render(
    <QueryClientProvider client={queryClient}>
      <ToastProvider>
        <Opening />
      </ToastProvider>
    </QueryClientProvider>,
  );
  await shows('1');
});
afterEach(() => root.unmount());

const shows = (revision: string) => vi.waitFor(() => expect(page.querySelector('output')?.textContent).toBe(revision));

test('after a conflict the state that somebody else made is shown, and the next repair starts from it', async () => {
  server.revision = 7;
  repairs.repair({ edits: [SWAP] });
  await shows('7');
  expect(page.textContent).toContain('Somebody else changed it');
  repairs.repair({ edits: [SWAP] });
  await shows('8');
  expect(server.posted).toEqual(['1', '7']);
});

test('an answer that comes late does not bring an earlier state back', async () => {
  repairs.repair({ edits: [SWAP] });
  await shows('2');
  // What the page asks for now is answered when the next repair is done already.
  let open = () => {};
  server.gate = new Promise((resolve) => {
    open = resolve;
  });
  const before = server.nAsked;
  void queryClient.invalidateQueries();
  await vi.waitFor(() => expect(server.nAsked).toBeGreaterThan(before));
  repairs.repair({ edits: [SWAP] });
  await shows('3');
  open();
  await new Promise((resolve) => setTimeout(resolve, 20));
  repairs.repair({ edits: [SWAP] });
  await shows('4');
  expect(server.posted).toEqual(['1', '2', '3']);
});

test('repairs wait for one another, and no more is undone than there is', async () => {
  repairs.repair({ edits: [SWAP] });
  repairs.repair({ edits: [SWAP] });
  for (let time = 0; time < 4; time += 1) repairs.undo(() => {});
  await shows('5');
  expect(page.textContent).toContain('There is nothing to undo');
  expect(page.querySelector('.toast--bad')).toBeNull();
  expect(server.done).toEqual([]);
  expect(repairs.pending()).toEqual([]);
});

test('what was done is told in the past', async () => {
  repairs.repair({ edits: [SWAP] });
  await shows('2');
  expect(page.textContent).toContain('Exchanged a and b from frame 4 on');
});

test('who asks for a repair and wants to say what is wrong with it is told, and nobody else', async () => {
  const told: string[] = [];
  const refused = (problem: unknown) => told.push(explain(problem).message);
  repairs.repair({ edits: [{ kind: 'rename', track: 'a', name: 'b' }] }, undefined, refused);
  repairs.repair({ edits: [{ kind: 'rename', track: 'a', name: 'c' }] }, undefined, refused);
  await vi.waitFor(() => expect(told).toHaveLength(2));
  expect(told).toEqual(['Expected a new name.', expect.stringContaining('The repair before this one failed')]);
  expect(page.querySelector('.toast--bad')).toBeNull();
  expect(repairs.pending()).toEqual([]);
  repairs.repair({ edits: [SWAP] });
  await shows('2');
});
