import { expect, test } from 'vitest';
import { ApiError, explain, sentence, toApiError } from './errors';

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
