import type { components } from './schema';

type Problem = components['schemas']['Problem'];

/** Why the server refused, in words for the person in front of the page. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly problem: Problem,
  ) {
    super(problem.message);
    this.name = 'ApiError';
  }

  get hint(): string | null {
    return this.problem.hint ?? null;
  }
}

/** Somebody else changed it meanwhile, or it is there already: nothing was written. */
export function isConflict(error: unknown): boolean {
  return error instanceof ApiError && error.status === 409;
}

/** No answer came from Marey itself: the same request may well be answered a little later. */
export function isUnreachable(error: unknown): boolean {
  return error instanceof TypeError || (error instanceof ApiError && [502, 503, 504].includes(error.status));
}

const STATUS_WORDS: Readonly<Record<number, string>> = {
  401: 'This page is not logged in.',
  404: 'This is not there (any more).',
  413: 'This is too large to be sent.',
  502: 'The server cannot be reached through the proxy.',
  504: 'The server took too long to answer.',
};

/** Make an error of a response with a status of 400 or more. */
export async function toApiError(response: Response): Promise<ApiError> {
  const body: unknown = await response
    .clone()
    .json()
    .catch(() => null);
  if (hasProblem(body)) return new ApiError(response.status, body.error);
  const message = STATUS_WORDS[response.status] ?? `The server answered with an error (${response.status}).`;
  const hint = response.status === 401 ? 'Open the address that marey printed when it started.' : 'Try again.';
  return new ApiError(response.status, { kind: 'HttpError', message, hint });
}

function hasProblem(body: unknown): body is { error: Problem } {
  if (typeof body !== 'object' || body === null || !('error' in body)) return false;
  const { error } = body;
  return typeof error === 'object' && error !== null && 'message' in error && typeof error.message === 'string';
}

/** What went wrong and what to do next, of anything that was thrown. */
export function explain(error: unknown): { message: string; hint: string | null } {
  if (error instanceof ApiError) return { message: sentence(error.message), hint: error.hint && sentence(error.hint) };
  if (error instanceof TypeError) {
    return {
      message: 'The server does not answer.',
      hint: 'Is marey still running, and is the network connection there? Nothing that was saved is lost.',
    };
  }
  return { message: error instanceof Error ? sentence(error.message) : 'Something went wrong.', hint: null };
}

/** The server's messages begin in lower case; on a page they are sentences. Names such as track_1 stay as they are. */
export function sentence(text: string): string {
  const trimmed = text.trim();
  const isName = /^\S*[\p{Lu}\d_/\\.]\S/u.test(trimmed);
  const start = isName ? trimmed : trimmed.charAt(0).toUpperCase() + trimmed.slice(1);
  return /[.!?…)]$/.test(start) ? start : `${start}.`;
}
