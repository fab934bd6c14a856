import { beforeEach, expect, test, vi } from "vitest";
import { LocalTrack } from "../src/local-track.js";

class FakeStream {
  constructor(private readonly tracks: MediaStreamTrack[]) {}
  getTracks() {
    return this.tracks;
  }
}

class FakeVideo {
  srcObject: unknown = null;
  muted = false;
  autoplay = false;
  playsInline = false;
  play = () => Promise.resolve();
}

beforeEach(() => {
  vi.stubGlobal("MediaStream", FakeStream);
  vi.stubGlobal("HTMLVideoElement", FakeVideo);
  return () => vi.unstubAllGlobals();
});

test("a picture alone is muted, so that the browser plays it unasked", () => {
  const video = element();
  track("video").attach(video);
  expect([video.muted, video.autoplay, (video as HTMLVideoElement).playsInline]).toEqual([true, true, true]);
});

test("an element that gets sound too is heard, whichever comes first", () => {
  const pictureFirst = element();
  track("video").attach(pictureFirst);
  track("audio").attach(pictureFirst);
  expect(pictureFirst.muted).toBe(false);

  const soundFirst = element();
  track("audio").attach(soundFirst);
  track("video").attach(soundFirst);
  expect(soundFirst.muted).toBe(false);
});

test("an element that the application muted stays so", () => {
  const video = element();
  video.muted = true;
  track("video").attach(video);
  track("audio").attach(video);
  expect(video.muted).toBe(true);
});

function element(): HTMLMediaElement {
  return new FakeVideo() as unknown as HTMLMediaElement;
}

function track(kind: "audio" | "video"): LocalTrack {
  return new LocalTrack({ kind, enabled: true, addEventListener() {} } as unknown as MediaStreamTrack);
}
