/** The simulated telephone company: a process of its own, which outlives the server, and the telephones that call with it. */
import { type ChildProcess, spawn } from "node:child_process";
import { areRight } from "./ears.ts";
import { freeTcp } from "./ports.ts";
import { binary, type Settings } from "./server.ts";
import { until } from "./wait.ts";

/** Samples a second on a telephone line. */
const RATE = 8000;
/** Samples of a look: 256 ms tell tones apart that are 25 Hz apart. */
const LOOK = 2048;
/** The header of the WAV files that the company makes. */
const HEADER = 44;
/** How loud a telephone's tone is below full scale, in dB: several of them at once are no reason for the mix to turn them down. */
export const PHONE_LEVEL = -14;

/** What the company tells of a call; see `services/phone-sim/src/call.rs`. */
export interface CallReport {
  callSid: string;
  from: string;
  to: string;
  direction: "inbound" | "outbound-api";
  state: "ringing" | "in-progress" | "in-conference" | "ended";
  verb: string;
  conference?: { name: string; muted: boolean; hold: boolean };
  stream?: { open: boolean; clears: number; playoutQueueMs: number; errors: Record<string, number> };
  streams: number;
  endReason?: string;
  error?: string;
  log: { atMs: number; what: string; text: string }[];
}

/** The company. */
export class Phones {
  #log: string[] = [];

  private constructor(
    /** Its port. */
    readonly port: number,
    private readonly process: ChildProcess,
  ) {
    for (const stream of [process.stdout, process.stderr]) stream?.on("data", (text) => this.#log.push(String(text)));
  }

  /** What a server needs to know of the company at this port. */
  static settings(port: number, server: string): Settings {
    return {
      "http.public_url": server,
      "phone.simulator": false,
      // Those that `crosspoint phone-sim` has by itself.
      "phone.twilio_account": "AC00000000000000000000000000000000",
      "phone.twilio_token": "simulated",
      "phone.twilio_url": `http://127.0.0.1:${port}`,
    };
  }

  /** A free port for one. */
  static port(): Promise<number> {
    return freeTcp("127.0.0.1");
  }

  /** Starts it: its numbers lead to this server. */
  static async start(port: number, server: string): Promise<Phones> {
    const urls = ["--voice-url", `${server}/api/phone/voice`, "--status-url", `${server}/api/phone/status`];
    const child = spawn(binary(), ["phone-sim", "serve", "--bind", `127.0.0.1:${port}`, ...urls], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    const phones = new Phones(port, child);
    await until("the telephone company is ready", async () => {
      if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}:\n${phones.log}`);
      return (await fetch(phones.#at("/"))).ok;
    });
    return phones;
  }

  /** What it wrote. */
  get log(): string {
    return this.#log.join("");
  }

  /** Somebody calls, and says nothing but this tone. */
  async call(from: string, to: string, tone: number): Promise<Phone> {
    const play = { hz: tone, level: PHONE_LEVEL };
    const { callSid } = await this.#post<{ callSid: string }>("/calls", { from, to, play, record: true });
    return new Phone(this, callSid, from, tone);
  }

  /** The telephone that the server had called, once it has; from then on it says this tone. */
  async called(number: string, tone: number): Promise<Phone> {
    const { callSid } = await until(`somebody calls ${number}`, async () => {
      const { calls } = await this.get<{ calls: CallReport[] }>("/calls");
      return calls.find(
        ({ direction, to, state }) => direction === "outbound-api" && to === number && state !== "ended",
      );
    });
    const phone = new Phone(this, callSid, number, tone);
    await phone.say(tone);
    return phone;
  }

  /** Reads something of the company's own interface. */
  async get<T>(path: string): Promise<T> {
    return (await (await this.#fetch(path)).json()) as T;
  }

  /** Reads bytes. */
  async bytes(path: string): Promise<Buffer> {
    return Buffer.from(await (await this.#fetch(path)).arrayBuffer());
  }

  /** Tells it to do something. */
  async post(path: string, body: unknown): Promise<void> {
    await this.#fetch(path, "POST", body);
  }

  /** Ends a call. */
  async delete(path: string): Promise<void> {
    await this.#fetch(path, "DELETE");
  }

  /** Ends it. */
  async stop(): Promise<void> {
    const { process } = this;
    if (process.exitCode !== null || process.signalCode !== null) return;
    const ended = new Promise((resolve) => process.once("exit", resolve));
    process.kill("SIGKILL");
    await ended;
  }

  async #post<T>(path: string, body: unknown): Promise<T> {
    return (await (await this.#fetch(path, "POST", body)).json()) as T;
  }

  async #fetch(path: string, method = "GET", body?: unknown): Promise<Response> {
    const content =
      body === undefined ? {} : { body: JSON.stringify(body), headers: { "content-type": "application/json" } };
    const answer = await fetch(this.#at(path), { method, ...content });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return answer;
  }

  #at(path: string): string {
    return `http://127.0.0.1:${this.port}${path}`;
  }
}

/** One telephone in a call. */
export class Phone {
  constructor(
    private readonly company: Phones,
    /** The company's name for the call. */
    readonly sid: string,
    /** Its own number. */
    readonly number: string,
    /** What it says. */
    readonly tone: number,
  ) {}

  /** What the company tells of the call. */
  report(): Promise<CallReport> {
    return this.company.get(`/calls/${this.sid}`);
  }

  /** Waits until the company has the call like this. */
  async is(what: string, fits: (report: CallReport) => boolean, within?: number): Promise<CallReport> {
    let last: CallReport | undefined;
    return await until(
      `${this.number} ${what}`,
      async () => {
        last = await this.report();
        return fits(last) && last;
      },
      within,
    ).catch((error) => {
      const log = last?.log.map(({ atMs, what, text }) => `${atMs} ${what} ${text}`).join("\n");
      throw new Error(`${error.message}: ${last?.state} ${last?.verb}\n${log}`);
    });
  }

  /** Waits until its sound goes to the server and back. */
  streams(within?: number): Promise<CallReport> {
    return this.is("has a stream", ({ verb, stream }) => verb === "Stream" && stream?.open === true, within);
  }

  /** Waits until it is in the company's conference. */
  confers(within?: number): Promise<CallReport> {
    return this.is("is in the conference", ({ state }) => state === "in-conference", within);
  }

  /** Waits until the call is over. */
  ends(within?: number): Promise<CallReport> {
    return this.is("is hung up", ({ state }) => state === "ended", within);
  }

  /** Presses keys. */
  press(digits: string): Promise<void> {
    return this.company.post(`/calls/${this.sid}/digits`, { digits });
  }

  /** Says another tone. */
  say(tone: number): Promise<void> {
    return this.company.post(`/calls/${this.sid}/say`, { tone: { hz: tone, level: PHONE_LEVEL } });
  }

  /** From now on what it says is late by chance, by up to so many milliseconds. */
  jitter(jitterMs: number): Promise<void> {
    return this.company.post(`/calls/${this.sid}/faults`, { jitterMs });
  }

  /** Its stream's socket is gone without a word. */
  cut(): Promise<void> {
    return this.company.post(`/calls/${this.sid}/faults`, { cutSocket: true });
  }

  /** Hangs up. */
  hangUp(): Promise<void> {
    return this.company.delete(`/calls/${this.sid}`);
  }

  /** Waits until it hears these tones and no trace of those. */
  async hears(heard: readonly number[], absent: readonly number[], within?: number): Promise<void> {
    let levels: number[] = [];
    await until(
      `${this.number} hears ${heard} Hz and not ${absent} Hz`,
      async () => {
        levels = await this.levels([...heard, ...absent]);
        return areRight(levels, heard.length);
      },
      within,
    ).catch((error) => {
      throw new Error(`${error.message}; levels: ${levels.map(Math.round)}`);
    });
  }

  /** How loud tones are in what it heard last, in dBFS. */
  async levels(frequencies: readonly number[]): Promise<number[]> {
    const wav = await this.company.bytes(`/calls/${this.sid}/heard.wav`);
    const begin = wav.length - 2 * LOOK;
    if (begin < HEADER) return frequencies.map(() => -120);
    const samples = Int16Array.from({ length: LOOK }, (_, index) => wav.readInt16LE(begin + 2 * index));
    return frequencies.map((frequency) => levelOf(samples, frequency));
  }
}

/** One line of a discrete Fourier transform under a Blackman window; 0 dBFS is a sine of full scale. As `page/ear.js` has it. */
function levelOf(samples: Int16Array, frequency: number): number {
  const turn = (2 * Math.PI * frequency) / RATE;
  let [real, imaginary, weight] = [0, 0, 0];
  for (const [index, sample] of samples.entries()) {
    const phase = (2 * Math.PI * index) / samples.length;
    const window = 0.42 - 0.5 * Math.cos(phase) + 0.08 * Math.cos(2 * phase);
    real += (window * sample * Math.cos(turn * index)) / 32_768;
    imaginary += (window * sample * Math.sin(turn * index)) / 32_768;
    weight += window;
  }
  return Math.max(-120, 20 * Math.log10((2 * Math.hypot(real, imaginary)) / weight + 1e-9));
}
