import { describe, expect, it } from 'vitest';
import { Autosave, type SaveResult, type SaveStatus } from './autosave';

/** A server with one value and one counter for each frame, that can be told to be away. */
class Server {
  readonly values = new Map<string, string>();
  readonly numbers = new Map<string, number>();
  readonly log: string[] = [];
  failures = 0;

  save = async (key: string, value: string, revision: string): Promise<SaveResult<string>> => {
    await Promise.resolve();
    if (this.failures > 0) {
      this.failures -= 1;
      return { kind: 'unreachable' };
    }
    const number = this.numbers.get(key) ?? 0;
    if (revision !== String(number)) {
      return { kind: 'conflict', theirs: this.values.get(key) ?? '', revision: String(number) };
    }
    this.put(key, value);
    return { kind: 'saved', revision: String(number + 1), number: number + 1 };
  };

  put(key: string, value: string): void {
    this.values.set(key, value);
    this.numbers.set(key, (this.numbers.get(key) ?? 0) + 1);
    this.log.push(`${key}=${value}`);
  }
}

function client(server: Server, waits: number[] = []) {
  const local = new Map<string, string>();
  const seen: SaveStatus[] = [];
  const autosave = new Autosave<string>({
    save: server.save,
    read: (key) => local.get(key) ?? '',
    onSaved: () => undefined,
    onConflict: (key, theirs) => local.set(key, `${theirs}+${local.get(key)}`),
    wait: async (ms) => {
      waits.push(ms);
    },
  });
  autosave.subscribe((status) => seen.push(status));
  const edit = (key: string, value: string) => {
    local.set(key, value);
    autosave.touch(key);
  };
  return { autosave, edit, seen };
}

describe('autosaving', () => {
  it('saves every change that was there when it could send', async () => {
    const server = new Server();
    const { autosave, edit, seen } = client(server);
    autosave.know('f', '0');
    edit('f', 'one');
    edit('f', 'two');
    edit('f', 'three');
    expect(autosave.hasUnsaved).toBe(true);
    expect([autosave.isBusy('f'), autosave.isBusy('g')]).toEqual([true, false]);
    await autosave.settled();
    expect([autosave.isBusy('f'), autosave.savesOf('f')]).toEqual([false, 2]);
    expect(server.log).toEqual(['f=one', 'f=three']);
    expect(seen.at(-1)).toEqual({ kind: 'saved', number: 2 });
    expect(autosave.hasUnsaved).toBe(false);
  });

  it('saves one change after the other when they come slowly', async () => {
    const server = new Server();
    const { autosave, edit } = client(server);
    autosave.know('f', '0');
    for (const value of ['one', 'two', 'three']) {
      edit('f', value);
      await autosave.settled();
    }
    expect(server.log).toEqual(['f=one', 'f=two', 'f=three']);
  });

  it('waits longer and longer while nobody answers, and loses nothing', async () => {
    const server = new Server();
    const waits: number[] = [];
    const { autosave, edit, seen } = client(server, waits);
    autosave.know('f', '0');
    server.failures = 6;
    edit('f', 'kept');
    await autosave.settled();
    expect(waits).toEqual([500, 1000, 2000, 4000, 8000, 8000]);
    expect(seen.some((status) => status.kind === 'waiting')).toBe(true);
    expect(server.values.get('f')).toBe('kept');
    expect(seen.at(-1)).toEqual({ kind: 'saved', number: 1 });
  });

  it('merges with what another saved first, then saves the result', async () => {
    const server = new Server();
    const { autosave, edit } = client(server);
    autosave.know('f', '0');
    server.put('f', 'theirs');
    edit('f', 'mine');
    await autosave.settled();
    expect(server.log).toEqual(['f=theirs', 'f=theirs+mine']);
  });

  it('does not go on asking when the server refuses', async () => {
    let calls = 0;
    const autosave = new Autosave<string>({
      save: async () => {
        calls += 1;
        return { kind: 'refused', reason: 'the video is gone' };
      },
      read: () => '',
      onSaved: () => undefined,
      onConflict: () => undefined,
    });
    autosave.touch('f');
    await autosave.settled();
    expect(calls).toBe(1);
    expect(autosave.status).toEqual({ kind: 'refused', reason: 'the video is gone' });
  });
});
