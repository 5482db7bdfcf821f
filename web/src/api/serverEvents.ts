/** Server-sent events out of the body of a response, as the HTML standard describes their format. */

export interface ServerEvent {
  type: string;
  data: string;
  id: string;
}

/** Yields the events; a comment counts as one of type "comment", so that a reader knows the line is alive. */
export async function* parseServerEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<ServerEvent> {
  let rest = '';
  const reader = body.getReader();
  const decoder = new TextDecoder();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      rest += decoder.decode(value, { stream: true });
      const blocks = rest.split(/\r?\n\r?\n/);
      rest = blocks.pop() ?? '';
      for (const block of blocks) {
        const event = parseBlock(block);
        if (event) yield event;
      }
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

function parseBlock(block: string): ServerEvent | null {
  const event: ServerEvent = { type: 'message', data: '', id: '' };
  const data: string[] = [];
  let isComment = false;
  for (const line of block.split(/\r?\n/)) {
    const at = line.indexOf(':');
    const name = at < 0 ? line : line.slice(0, at);
    const value = at < 0 ? '' : line.slice(at + 1).replace(/^ /, '');
    if (name === '') isComment = true;
    else if (name === 'event') event.type = value;
    else if (name === 'data') data.push(value);
    else if (name === 'id') event.id = value;
  }
  if (data.length === 0) return isComment ? { ...event, type: 'comment' } : null;
  return { ...event, data: data.join('\n') };
}
