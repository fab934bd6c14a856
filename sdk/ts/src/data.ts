/**
 * Data-channel messages. A frame is a 16-bit big-endian length, a header of that many bytes as JSON, and the payload.
 * In: frames of the two channels, messages to send. Out: frames, decoded messages.
 */
import { CrosspointError } from "./errors.js";
import type { DataHeader } from "./wire/index.js";
import { LOSSY, RELIABLE } from "./wire/index.js";

/** Bytes that may wait in a channel before senders wait (reliable) or messages are dropped (lossy). */
const MAX_BUFFERED = 1 << 20;
const LOW_BUFFERED = 1 << 18;
/** How long a sender waits for room in the channel, in milliseconds. */
const DRAIN_WITHIN = 10_000;

/** What applications may send. Objects go as JSON. */
export type Payload = string | Uint8Array | ArrayBuffer | object;

/** A payload as bytes. */
export function toBytes(payload: Payload): Uint8Array {
  if (typeof payload === "string") return new TextEncoder().encode(payload);
  if (payload instanceof Uint8Array) return payload;
  if (payload instanceof ArrayBuffer) return new Uint8Array(payload);
  return new TextEncoder().encode(JSON.stringify(payload));
}

/** A frame. Throws when the header is longer than 65,535 bytes. */
export function encodeFrame(header: DataHeader, payload: Uint8Array): Uint8Array<ArrayBuffer> {
  const head = new TextEncoder().encode(JSON.stringify(header));
  if (head.length > 0xffff) throw new CrosspointError("message-too-large", "too many receivers for one message");
  const frame = new Uint8Array(2 + head.length + payload.length);
  new DataView(frame.buffer).setUint16(0, head.length);
  frame.set(head, 2);
  frame.set(payload, 2 + head.length);
  return frame;
}

/** What is in a frame, or nothing when it is none. */
export function decodeFrame(frame: Uint8Array): { header: DataHeader; payload: Uint8Array } | undefined {
  if (frame.length < 2) return undefined;
  const length = new DataView(frame.buffer, frame.byteOffset).getUint16(0);
  if (frame.length < 2 + length) return undefined;
  try {
    const header: unknown = JSON.parse(new TextDecoder().decode(frame.subarray(2, 2 + length)));
    if (typeof header !== "object" || header === null) return undefined;
    return { header: header as DataHeader, payload: frame.slice(2 + length) };
  } catch {
    return undefined;
  }
}

/** A payload as it travels over signalling, where all is JSON: text as it is, objects as they are, bytes in base64. */
export function toSignalling(payload: Payload): unknown {
  if (payload instanceof Uint8Array || payload instanceof ArrayBuffer) {
    let letters = "";
    for (const byte of toBytes(payload)) letters += String.fromCharCode(byte);
    return { base64: btoa(letters) };
  }
  return payload;
}

/** The bytes of what came over signalling. */
export function fromSignalling(payload: unknown): Uint8Array {
  if (typeof payload === "string") return toBytes(payload);
  const base64 = (payload as { base64?: unknown } | null)?.base64;
  if (typeof base64 === "string" && Object.keys(payload as object).length === 1) {
    try {
      return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    } catch {
      // No base64 after all: an application's own object.
    }
  }
  return new TextEncoder().encode(JSON.stringify(payload ?? null));
}

/** The two channels of one peer connection. */
export class DataChannels {
  readonly #reliable: RTCDataChannel;
  readonly #lossy: RTCDataChannel;

  /** With `negotiated`, both ends make the channels under fixed ids (mesh rooms); else the server takes them up. */
  constructor(pc: RTCPeerConnection, receive: (frame: Uint8Array, reliable: boolean) => void, negotiated = false) {
    const fixed = (id: number): RTCDataChannelInit => (negotiated ? { negotiated, id } : {});
    this.#reliable = pc.createDataChannel(RELIABLE, fixed(0));
    this.#lossy = pc.createDataChannel(LOSSY, { ordered: false, maxRetransmits: 0, ...fixed(1) });
    for (const channel of [this.#reliable, this.#lossy]) {
      channel.binaryType = "arraybuffer";
      channel.bufferedAmountLowThreshold = LOW_BUFFERED;
      channel.onmessage = ({ data }) => {
        if (data instanceof ArrayBuffer) receive(new Uint8Array(data), channel === this.#reliable);
      };
    }
  }

  /** Can be sent on now? */
  isOpen(reliable: boolean): boolean {
    return (reliable ? this.#reliable : this.#lossy).readyState === "open";
  }

  /** Sends a frame. Waits while a slow reliable channel is full; a full lossy one loses it, as it may. */
  async send(frame: Uint8Array<ArrayBuffer>, reliable: boolean): Promise<void> {
    const channel = reliable ? this.#reliable : this.#lossy;
    if (channel.bufferedAmount > MAX_BUFFERED) {
      if (!reliable) return;
      await drained(channel);
    }
    channel.send(frame);
  }
}

function drained(channel: RTCDataChannel): Promise<void> {
  return new Promise((resolve, reject) => {
    const done = () => {
      clearTimeout(timer);
      channel.removeEventListener("bufferedamountlow", done);
      resolve();
    };
    const timer = setTimeout(() => {
      channel.removeEventListener("bufferedamountlow", done);
      reject(new CrosspointError("timeout", "the data channel stays full"));
    }, DRAIN_WITHIN);
    channel.addEventListener("bufferedamountlow", done);
  });
}
