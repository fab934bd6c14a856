/** The line between a page's telephone and the simulator: a socket of frames both ways, made anew while the call goes on. */

/** The first wait before another try, in milliseconds; it doubles up to the most. */
const FIRST_WAIT = 250;
const MOST_WAIT = 2000;
/** Frames that may wait to be sent, in bytes: a quarter of a second. Older sound is of no use to anybody. */
const MOST_QUEUED = 24_000;

export class Line {
  #socket: WebSocket | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #wait = FIRST_WAIT;
  #closed = false;

  /** `heard`: a frame came. `connected`: the line is there, or is not. */
  constructor(
    private readonly url: string,
    private readonly heard: (frame: ArrayBuffer) => void,
    private readonly connected: (is: boolean) => void,
  ) {
    this.#open();
  }

  /** Sends a frame. While there is no line, it is lost, as what is said into a dead telephone is. */
  say(frame: ArrayBuffer): void {
    const socket = this.#socket;
    if (socket?.readyState === WebSocket.OPEN && socket.bufferedAmount < MOST_QUEUED) socket.send(frame);
  }

  /** Ends it. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#socket?.close();
    this.#socket = undefined;
  }

  #open(): void {
    const socket = new WebSocket(this.url);
    this.#socket = socket;
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      this.#wait = FIRST_WAIT;
      this.connected(true);
    };
    socket.onmessage = ({ data }) => {
      if (data instanceof ArrayBuffer) this.heard(data);
    };
    socket.onclose = () => {
      if (this.#closed) return;
      this.connected(false);
      this.#timer = setTimeout(() => this.#open(), this.#wait);
      this.#wait = Math.min(MOST_WAIT, this.#wait * 2);
    };
  }
}
