import { expect, test } from 'vitest';
import { ApiError, explain, isConflict, isUnreachable, sentence, toApiError } from './errors';

test('what the server says is passed on as sentences', async () => {
  const body = { error: { kind: 'InputError', message: "no video 'm1'", hint: 'add it' } };
  const error = await toApiError(Response.json(body, { status: 404 }));
  expect(error).toBeInstanceOf(ApiError);
  expect(explain(error)).toEqual({ message: "No video 'm1'.", hint: 'Add it.' });
});

test('an answer that is not ours still reads as words', async () => {
  const error = await toApiError(new Response('<html>Bad gateway</html>', { status: 502 }));
  expect(error.message).toBe('The server cannot be reached through the proxy.');
});

test('a server that does not answer is said to be so', () => {
  expect(explain(new TypeError('Failed to fetch')).message).toBe('The server does not answer.');
});

test('a sentence keeps the end that it has', () => {
  expect(sentence('really?')).toBe('Really?');
});

test('a sentence that begins with a name leaves it as it is', () => {
  expect(sentence('track_1 is the only track')).toBe('track_1 is the only track.');
  expect(sentence('clip.mp4 is not there')).toBe('clip.mp4 is not there.');
  expect(sentence('look-alikes: none.')).toBe('Look-alikes: none.');
});

test('what is refused and what got no answer are told apart', async () => {
  const [conflict, gateway] = [409, 502].map((status) => toApiError(new Response('', { status })));
  expect(isConflict(await conflict)).toBe(true);
  expect(isUnreachable(await conflict)).toBe(false);
  expect(isUnreachable(await gateway)).toBe(true);
  expect(isUnreachable(new TypeError('Failed to fetch'))).toBe(true);
});
