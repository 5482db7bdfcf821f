/** What does not come as JSON: pictures and arrays of numbers. */

import { toApiError } from './errors';
import { readToken } from './token';

/** An array as the server sends it: little-endian, rows first. */
export interface NumberArray {
  readonly values: Float32Array;
  readonly shape: readonly number[];
}

/** Fetch and decode an image away from the page's own thread. */
export async function loadBitmap(url: string, signal?: AbortSignal): Promise<ImageBitmap> {
  const response = await request(url, { signal });
  return createImageBitmap(await response.blob());
}

/** Fetch float32 numbers and the shape that the server says they have. */
export async function loadNumbers(url: string, options: RequestInit = {}): Promise<NumberArray> {
  const response = await request(url, options);
  const shape = (response.headers.get('X-Shape') ?? '').split(',').map(Number);
  return { values: new Float32Array(await response.arrayBuffer()), shape };
}

/** Fetch the time stamps of a video, in seconds. */
export async function loadTimes(url: string, signal?: AbortSignal): Promise<Float64Array> {
  const response = await request(url, { signal });
  return new Float64Array(await response.arrayBuffer());
}

async function request(url: string, options: RequestInit): Promise<Response> {
  const headers = new Headers(options.headers);
  const token = readToken();
  if (token !== null) headers.set('Authorization', `Bearer ${token}`);
  const response = await fetch(url, { ...options, headers });
  if (!response.ok) throw await toApiError(response);
  return response;
}
