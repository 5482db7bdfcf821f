/** The one way to the server: typed by its OpenAPI description, and never with an absolute address. */
import { QueryClient } from '@tanstack/react-query';
import createFetchClient, { type Middleware } from 'openapi-fetch';
import createQueryClient from 'openapi-react-query';
import { ApiError, toApiError } from './errors';
import type { components, paths } from './schema';
import { readToken } from './token';

export type Schemas = components['schemas'];

/** The folder that the page lies in, whatever prefix a proxy gave it; without a slash at its end. */
export function baseUrl(): string {
  return new URL('.', document.baseURI).href.replace(/\/$/, '');
}

const guard: Middleware = {
  onRequest({ request }) {
    const token = readToken();
    if (token !== null) request.headers.set('Authorization', `Bearer ${token}`);
    return request;
  },
  async onResponse({ response }) {
    if (!response.ok) throw await toApiError(response);
  },
};

/** Plain requests: `await client.GET('/api/session')`. Refusals are thrown as `ApiError`. */
export const client = createFetchClient<paths>({ baseUrl: baseUrl() });
client.use(guard);

/** Requests with a cache: `api.useQuery('get', '/api/session')`. */
export const api = createQueryClient(client);

const MAX_TRIES = 3;

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      // A refusal stays one however often it is asked; only a missing answer is worth another try.
      retry: (tries, error) => !(error instanceof ApiError && error.status < 500) && tries < MAX_TRIES,
    },
  },
});

/** The address of a picture or file of the server: `fileUrl('/api/files/thumbnail', { root, path })`. */
export function fileUrl(path: string, query: Record<string, string | number | null | undefined> = {}): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== null && value !== undefined) search.set(name, String(value));
  }
  const text = search.toString();
  return `${baseUrl()}${path}${text && `?${text}`}`;
}

/** The address of frame `frame` of a video; with its stamp the browser may keep it. */
export function frameUrl(
  project: string,
  video: string,
  frame: number,
  options: { width?: number; quality?: number; box?: readonly number[]; stamp?: string } = {},
): string {
  const { box, ...rest } = options;
  const path = `/api/projects/${encodeURIComponent(project)}/videos/${encodeURIComponent(video)}/frames/${frame}.jpg`;
  return fileUrl(path, { ...rest, box: box?.join(',') });
}
