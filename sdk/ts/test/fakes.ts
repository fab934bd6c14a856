/** Stand-ins for what a browser and a server bring: sockets, peer connections, tracks. */
import type { Logger } from "../src/types.js";
import type { ClientFrame, Joined, ServerFrame } from "../src/wire/index.js";

export const quiet: Logger = { debug() {}, info() {}, warn() {}, error() {} };

/** A socket whose other end is the test. */
export class FakeSocket {
  readyState = 0;
  sent: ClientFrame[] = [];
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  onerror: (() => void) | null = null;

  constructor(readonly url: string) {}

  send(text: string): void {
    this.sent.push(JSON.parse(text) as ClientFrame);
  }

  close(): void {
    this.readyState = 3;
  }

  opens(): void {
    this.readyState = 1;
    this.onopen?.();
  }

  says(frame: ServerFrame): void {
    this.onmessage?.({ data: JSON.stringify(frame) });
  }

  drops(code = 1006, reason = ""): void {
    this.readyState = 3;
    this.onclose?.({ code, reason });
  }
}

export function joined(change: Partial<Joined> = {}): ServerFrame {
  return {
    type: "joined",
    roomId: "r",
    userId: "ann",
    kind: "forward",
    participants: [],
    users: [],
    tracks: [],
    slots: [],
    iceServers: [],
    resume: "token-1",
    resumeSeconds: 30,
    resumed: false,
    metadata: "",
    ...change,
  };
}

/** A peer connection of which only the signalling states are real (W3C WebRTC §4.3.1). */
export class FakeConnection extends EventTarget {
  signalingState = "stable";
  connectionState = "new";
  iceConnectionState = "new";
  /** Every configuration that it had. */
  configurations: RTCConfiguration[] = [];
  /** Of each offer: does it restart ICE? */
  restarts: boolean[] = [];
  localDescription: RTCSessionDescriptionInit | null = null;
  remoteDescription: RTCSessionDescriptionInit | null = null;
  onnegotiationneeded: (() => void) | null = null;
  onicecandidate: ((event: { candidate: null }) => void) | null = null;
  ontrack: (() => void) | null = null;
  offers = 0;
  rollbacks = 0;
  closed = false;
  receivers: RTCRtpReceiver[] = [];
  stats = new Map<string, Record<string, unknown>>();

  getStats(): Promise<Map<string, Record<string, unknown>>> {
    return Promise.resolve(new Map(this.stats));
  }

  constructor(readonly origin = "1") {
    super();
  }

  createDataChannel(label: string) {
    return Object.assign(new EventTarget(), { label, readyState: "connecting", bufferedAmount: 0, send() {} });
  }

  getTransceivers(): RTCRtpTransceiver[] {
    return [];
  }

  getReceivers(): RTCRtpReceiver[] {
    return this.receivers;
  }

  addTransceiver(): void {
    this.asks();
  }

  setConfiguration(settings: RTCConfiguration): void {
    this.configurations.push(settings);
  }

  async createOffer({ iceRestart = false }: RTCOfferOptions = {}): Promise<RTCSessionDescriptionInit> {
    this.restarts.push(iceRestart);
    return { type: "offer", sdp: this.#sdp() };
  }

  async setLocalDescription(given?: RTCSessionDescriptionInit): Promise<void> {
    if (given?.type === "rollback") {
      this.rollbacks += 1;
      this.signalingState = "stable";
      return;
    }
    const answers = this.signalingState === "have-remote-offer";
    if (!answers) this.offers += 1;
    this.localDescription = given ?? { type: answers ? "answer" : "offer", sdp: this.#sdp() };
    this.signalingState = answers ? "stable" : "have-local-offer";
  }

  async setRemoteDescription(given: RTCSessionDescriptionInit): Promise<void> {
    if (given.type === "offer" && this.signalingState === "have-local-offer") this.rollbacks += 1;
    this.remoteDescription = given;
    this.signalingState = given.type === "offer" ? "have-remote-offer" : "stable";
  }

  async addIceCandidate(): Promise<void> {}

  close(): void {
    this.closed = true;
  }

  restartIce(): void {
    this.asks();
  }

  /** The browser finds the path in another state. */
  becomes(state: "connected" | "disconnected" | "failed"): void {
    this.connectionState = this.iceConnectionState = state;
    this.dispatchEvent(new Event("connectionstatechange"));
  }

  /** The browser finds that there is something to negotiate. */
  asks(): void {
    queueMicrotask(() => this.onnegotiationneeded?.());
  }

  #sdp(): string {
    return `v=0\r\no=- ${this.origin} ${this.offers} IN IP4 0.0.0.0\r\n`;
  }
}

export const asConnection = (fake: FakeConnection): RTCPeerConnection => fake as unknown as RTCPeerConnection;
