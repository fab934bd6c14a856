/** The telephone company's stand-in that the server has in `--dev`, below `/api/phone/simulator`. */
import { ApiError, request } from "../../lib/api";

const ROOT = "/api/phone/simulator";
const BASE = `${ROOT}/calls`;

/** A call that is to be made. */
export interface Order {
  /** E.164. */
  from: string;
  /** E.164. */
  to: string;
  /** Who is asked what to do with the call; absent: whoever the simulator knows. */
  voiceUrl?: string;
}

/** How a call does, as its telephone company sees it. */
export interface CallReport {
  state: CallState;
  /** What the telephone company does with it: `Stream`, `Conference`, `Gather`, `Say`, …; empty: nothing yet. */
  verb: string;
  /** Why it ended. */
  reason: string;
  /** What an announcement says, where the caller hears nothing else; empty: there is none. */
  announcement: string;
}

/** Where a call stands. */
export type CallState = "ringing" | "in-progress" | "in-conference" | "ended";

/** `absent`: this server has no simulator; `gone`: the call is not known any more. */
export type Fault = "absent" | "gone" | "unreachable" | "refused";

/** The simulator did not do what was asked. */
export class SimulatorError extends Error {
  override readonly name = "SimulatorError";

  constructor(
    readonly fault: Fault,
    message: string,
  ) {
    super(message);
  }
}

/** Is there no simulator? One that does not answer may be there all the same. */
export async function isAbsent(): Promise<boolean> {
  return request("GET", ROOT).then(
    () => false,
    (error: ApiError) => error.status === 404,
  );
}

/** Makes a call whose sound goes through the page. */
export async function place(order: Order): Promise<string> {
  const { callSid } = await ask<{ callSid: string }>("POST", "", "absent", order);
  return callSid;
}

/** How a call does. */
export const look = async (sid: string): Promise<CallReport> => reportOf(await ask("GET", pathOf(sid), "gone"));

/** Presses keys. */
export const press = (sid: string, digits: string) => ask<void>("POST", `${pathOf(sid)}/digits`, "gone", { digits });

/** Hangs up. */
export const hangUp = (sid: string) => ask<void>("DELETE", pathOf(sid), "gone");

/** Where the sound of a call goes in and out. `origin`: `https://…`. */
export function audioUrl(origin: string, sid: string): string {
  return `${origin.replace(/^http/, "ws")}${BASE}${pathOf(sid)}/audio`;
}

/** What an answer means, whatever is missing in it. */
export function reportOf(answer: unknown): CallReport {
  const said = (typeof answer === "object" && answer !== null ? answer : {}) as Record<string, unknown>;
  const state = STATES.find((one) => one === said.state) ?? "ringing";
  return { state, verb: text(said.verb), reason: text(said.endReason), announcement: announcementIn(said.log) };
}

/** The last words of the telephone company, unless the show was heard: then they are not what the call was about. */
function announcementIn(log: unknown): string {
  const lines: { what?: unknown; text?: unknown }[] = Array.isArray(log) ? log : [];
  if (lines.some(({ what }) => what === "stream" || what === "conference")) return "";
  return text(lines.findLast(({ what }) => what === "say")?.text);
}

const STATES: readonly CallState[] = ["ringing", "in-progress", "in-conference", "ended"];

async function ask<T>(method: string, path: string, missing: Fault, body?: unknown): Promise<T> {
  try {
    return await request<T>(method, BASE + path, body === undefined ? {} : { body });
  } catch (error) {
    throw error instanceof ApiError ? new SimulatorError(faultOf(error.status, missing), error.message) : error;
  }
}

function faultOf(status: number, missing: Fault): Fault {
  if (status === 0) return "unreachable";
  return status === 404 || status === 405 ? missing : "refused";
}

function pathOf(sid: string): string {
  return `/${encodeURIComponent(sid)}`;
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}
