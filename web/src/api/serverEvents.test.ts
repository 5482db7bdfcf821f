import { expect, test } from 'vitest';
import { parseServerEvents, type ServerEvent } from './serverEvents';

function bodyOf(...chunks: string[]): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(encoder.encode(chunk));
      controller.close();
    },
  });
}

async function eventsOf(...chunks: string[]): Promise<ServerEvent[]> {
  const events: ServerEvent[] = [];
  for await (const event of parseServerEvents(bodyOf(...chunks))) events.push(event);
  return events;
}

test('an event has a type, data and an id', async () => {
  expect(await eventsOf('id: 7\nevent: job\ndata: {"a":1}\n\n')).toEqual([{ id: '7', type: 'job', data: '{"a":1}' }]);
});

test('events may be cut anywhere, and lines may end as Windows ends them', async () => {
  const [event] = await eventsOf('eve', 'nt: jo', 'b\r\ndata: o', 'ne\r\ndata: two\r\n\r', '\n');
  expect(event).toEqual({ id: '', type: 'job', data: 'one\ntwo' });
});

test('a comment keeps the line alive; half an event is none', async () => {
  expect((await eventsOf(': ping\n\n', 'data: half')).map((event) => event.type)).toEqual(['comment']);
});
