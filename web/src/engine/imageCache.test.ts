import { describe, expect, it } from 'vitest';
import { ImageCache, neighbouringPlaces } from './imageCache';

/** A source whose images arrive when the test says so. */
class Source {
  readonly asked: string[] = [];
  readonly aborted: string[] = [];
  readonly disposed: string[] = [];
  private readonly waiting = new Map<string, (image: string) => void>();

  load = (key: string, signal: AbortSignal): Promise<string> => {
    this.asked.push(key);
    return new Promise((resolve, reject) => {
      this.waiting.set(key, resolve);
      signal.addEventListener('abort', () => {
        this.aborted.push(key);
        reject(new DOMException('aborted', 'AbortError'));
      });
    });
  };

  dispose = (image: string): void => {
    this.disposed.push(image);
  };

  async deliver(...keys: string[]): Promise<void> {
    for (const key of keys) {
      this.waiting.get(key)?.(key.toUpperCase());
      for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
    }
  }
}

describe('the image cache', () => {
  it('loads what is shown before its neighbours, and those three at a time', async () => {
    const source = new Source();
    const cache = new ImageCache(source);
    const shown = cache.show('a', ['b', 'c', 'd', 'e']);
    expect(source.asked).toEqual(['a']);
    await source.deliver('a');
    expect(await shown).toBe('A');
    expect(source.asked).toEqual(['a', 'b', 'c', 'd']);
    await source.deliver('b');
    expect(source.asked).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(cache.peek('b')).toBe('B');
    expect(cache.peek('c')).toBeUndefined();
  });

  it('aborts what is no longer wanted, and asks for nothing twice', async () => {
    const source = new Source();
    const cache = new ImageCache(source);
    cache.show('a', ['b', 'c']).catch(() => undefined);
    await source.deliver('a');
    cache.show('b', ['c', 'x']).catch(() => undefined);
    expect(source.asked.filter((key) => key === 'b')).toHaveLength(1);
    cache.show('z').catch(() => undefined);
    expect(source.aborted).toEqual(['b', 'c']);
  });

  it('lets the images used longest ago go, but never the one that is shown', async () => {
    const source = new Source();
    const cache = new ImageCache(source, 2);
    for (const key of ['a', 'b']) {
      const shown = cache.show(key);
      await source.deliver(key);
      await shown;
    }
    await cache.show('a');
    const shown = cache.show('c');
    await source.deliver('c');
    await shown;
    expect(source.disposed).toEqual(['B']);
    cache.close();
    expect(source.disposed.sort()).toEqual(['A', 'B', 'C']);
  });

  it('asks again after a failure', async () => {
    let calls = 0;
    const cache = new ImageCache<string>({
      load: async () => {
        calls += 1;
        if (calls === 1) throw new Error('away');
        return 'image';
      },
    });
    await expect(cache.show('a')).rejects.toThrow('away');
    expect(await cache.show('a')).toBe('image');
  });
});

describe('neighbouring places', () => {
  it('come ahead first and stay in the queue', () => {
    expect(neighbouringPlaces(5, 100, true, 2)).toEqual([6, 4, 7, 3]);
    expect(neighbouringPlaces(0, 3, true)).toEqual([1, 2]);
    expect(neighbouringPlaces(2, 3, false)).toEqual([1, 0]);
    expect(neighbouringPlaces(50, 100)).toHaveLength(16);
  });
});
