/**
 * How long sound waits before it is played. In: the loss that the server sees. Out: the receivers' jitter-buffer target.
 *
 * What is lost comes again with the next packet (RFC 2198), 20 ms later. Browsers do not wait for that on a network that is
 * quick otherwise, and conceal a loss that was already repaired.
 */

/** Percent: from here on losses are heard. */
const NOTABLE = 1.5;
/** Milliseconds: room for two packets that come with the next one, on two ways. */
const DEPTH = 80;
/** Reports (of 5 s) without notable loss until the wait ends. */
const CALM = 6;

/** Deepens the jitter buffers of audio receivers while packets get lost. */
export class PlayoutDepth {
  #calm = CALM;

  /** A report came; `loss` in percent, the greater of both directions. */
  report(loss: number, receivers: Iterable<RTCRtpReceiver>): void {
    this.#calm = loss >= NOTABLE ? 0 : Math.min(this.#calm + 1, CALM);
    this.apply(receivers);
  }

  /** Sets what new receivers are to have, too. */
  apply(receivers: Iterable<RTCRtpReceiver>): void {
    const target = this.#calm < CALM ? DEPTH : null;
    for (const receiver of receivers) {
      if ("jitterBufferTarget" in receiver && receiver.jitterBufferTarget !== target) receiver.jitterBufferTarget = target;
    }
  }
}
