import { describe, expect, it, vi } from 'vitest';
import { TileCache } from './tileCache';

const settle = async () => {
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
};

describe('tiles', () => {
  it('are fetched once and told of when they come', async () => {
    const asked: string[] = [];
    let arrivals = 0;
    const tiles = new TileCache<string>({
      load: async (key) => {
        asked.push(key);
        return key.toUpperCase();
      },
      onArrival: () => {
        arrivals += 1;
      },
    });
    expect(tiles.get('a')).toBeUndefined();
    expect(tiles.get('a')).toBeUndefined();
    await settle();
    expect(tiles.get('a')).toBe('A');
    expect([asked, arrivals]).toEqual([['a'], 1]);
  });

  it('used longest ago are let go', async () => {
    const tiles = new TileCache<string>({ load: async (key) => key, onArrival: () => undefined }, 2);
    for (const key of ['a', 'b']) {
      tiles.get(key);
      await settle();
    }
    tiles.get('a');
    tiles.get('c');
    await settle();
    expect([tiles.get('a'), tiles.get('c'), tiles.get('b')]).toEqual(['a', 'c', undefined]);
  });

  it('that are refused are not asked for again', async () => {
    let calls = 0;
    const errors: unknown[] = [];
    const tiles = new TileCache<string>({
      load: async () => {
        calls += 1;
        throw new Error('gone');
      },
      onArrival: () => undefined,
      onError: (error) => errors.push(error),
    });
    tiles.get('a');
    await settle();
    tiles.get('a');
    await settle();
    expect([calls, errors.length]).toEqual([1, 1]);
  });

  it('asked for last come first, four at a time', () => {
    const asked: string[] = [];
    const tiles = new TileCache<string>({
      load: (key) => {
        asked.push(key);
        return new Promise(() => undefined);
      },
      onArrival: () => undefined,
    });
    expect(tiles.isSettled).toBe(true);
    for (const key of 'abcdefg') tiles.get(key);
    expect(tiles.isSettled).toBe(false);
    expect(asked.join('')).toBe('abcd');
    tiles.close();
  });

  it('what failed is fetched again when asked to, and nothing after the end', async () => {
    let isDown = true;
    const load = vi.fn((key: string) => (isDown ? Promise.reject(new TypeError('down')) : Promise.resolve(key)));
    const tiles = new TileCache<string>({ load, onArrival: () => undefined });
    tiles.get('a');
    await vi.waitFor(() => expect(tiles.isSettled).toBe(true));
    isDown = false;
    tiles.get('a');
    expect(load).toHaveBeenCalledTimes(1);
    tiles.retry();
    tiles.get('a');
    await vi.waitFor(() => expect(tiles.get('a')).toBe('a'));
    tiles.close();
    expect(tiles.get('a')).toBe('a');
    expect(tiles.get('b')).toBeUndefined();
    expect(load).toHaveBeenCalledTimes(2);
  });
});
