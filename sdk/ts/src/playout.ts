/**
 * How long sound waits before it is played. In: what a receiver lost and had to make up. Out: its jitter-buffer target.
 *
 * What is lost comes again with the next packet (RFC 2198), 20 ms later. Browsers do not wait for that on a network that is
 * quick otherwise, and conceal a loss that was already repaired.
 */

/** From this share on losses are heard. */
const NOTABLE = 0.015;
/** Milliseconds: room for two packets that come with the next one, on two ways. */
const DEPTH = 80;
/** Reviews (one every 5 s) without notable loss until the wait ends; each time it was too early, twice as many. */
const CALM = 6;
const MOST_CALM = 96;

interface Playing {
  lost: number;
  packets: number;
  concealed: number;
  samples: number;
  /** Reviews until the wait ends; 0: it does not wait. */
  left: number;
  patience: number;
}

/** Deepens the jitter buffers of audio receivers while packets get lost on their way. */
export class PlayoutDepth {
  readonly #known = new WeakMap<RTCRtpReceiver, Playing>();

  /** Looks at what each receiver lost since the last time. */
  async review(receivers: Iterable<RTCRtpReceiver>): Promise<void> {
    for (const receiver of receivers) {
      if (!("jitterBufferTarget" in receiver)) return;
      for (const row of (await receiver.getStats()).values()) {
        if (row.type === "inbound-rtp") this.#look(receiver, row);
      }
    }
  }

  #look(receiver: RTCRtpReceiver, row: RTCInboundRtpStreamStats): void {
    const now = {
      lost: row.packetsLost ?? 0,
      packets: row.packetsReceived ?? 0,
      concealed: row.concealedSamples ?? 0,
      samples: row.totalSamplesReceived ?? 0,
    };
    const before = this.#known.get(receiver);
    const { left, patience } = before ?? { left: 0, patience: CALM };
    // Of silence nothing is lost.
    if (!before || now.packets <= before.packets) {
      this.#known.set(receiver, { ...now, left, patience });
      return;
    }
    const lost = (now.lost - before.lost) / (now.packets - before.packets);
    const concealed = (now.concealed - before.concealed) / Math.max(1, now.samples - before.samples);
    const notable = Math.max(lost, concealed) >= NOTABLE;
    const again = notable && left === 0 ? Math.min(patience * 2, MOST_CALM) : patience;
    const wait = notable ? patience : Math.max(0, left - 1);
    this.#known.set(receiver, { ...now, left: wait, patience: again });
    const target = wait > 0 ? DEPTH : null;
    if (receiver.jitterBufferTarget !== target) receiver.jitterBufferTarget = target;
  }
}
