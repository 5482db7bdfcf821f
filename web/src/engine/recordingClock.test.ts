import { expect, it } from 'vitest';
import { recordingFrame, videoFrame } from './recordingClock';

it('gives the frames that the library gives', () => {
  const top = { offset: 3, dropped: [], nFrames: 6 };
  expect([0, 1, 2, 3].map((frame) => videoFrame(top, frame))).toEqual([3, 4, 5, null]);
  const side = { offset: 0, dropped: [2], nFrames: 6 };
  expect([0, 1, 2, 3].map((frame) => videoFrame(side, frame))).toEqual([0, 1, null, 2]);
  const late = { offset: -2, dropped: [], nFrames: 6 };
  expect([0, 1, 2].map((frame) => videoFrame(late, frame))).toEqual([null, null, 0]);
});

it('goes back from the video to the recording', () => {
  const timing = { offset: 1, dropped: [2, 5], nFrames: 20 };
  for (let number = 1; number < 15; number += 1) {
    expect(videoFrame(timing, recordingFrame(timing, number))).toBe(number);
  }
});
