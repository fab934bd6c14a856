/** The server's REST interface (`/api/openapi.json`), as far as the console uses it. */
import type { ConnectionStats, MediaKind, RoomKind, Source } from "@crosspoint/client";
import { signal } from "@preact/signals";
import { tab } from "./storage";

/** A room at a glance. */
export interface RoomSummary {
  roomId: string;
  kind: RoomKind;
  participants: number;
  viewers: number;
  tracks: number;
  createdAt: number;
  locked: boolean;
  hasPin: boolean;
  metadata: string;
  worker: number;
  bitrateIn: number;
  bitrateOut: number;
}

/** A participant as operators see it. */
export interface ParticipantView {
  userId: string;
  name: string;
  metadata: string;
  attributes: Record<string, string>;
  joinedAt: number;
  hidden: boolean;
  connected: boolean;
  media: boolean;
  stats?: ConnectionStats;
}

/** A track as operators see it. */
export interface PublishedTrack {
  trackId: string;
  userId: string;
  kind: MediaKind;
  source: Source;
  name: string;
  muted: boolean;
  held: boolean;
  width: number;
  height: number;
  layers: string[];
  codec?: string;
  bitrate: number;
  receiving: string[];
  subscribers: number;
}

/** A room in full. */
export interface RoomDescription extends RoomSummary {
  users: ParticipantView[];
  published: PublishedTrack[];
}

/** The whole server in numbers. */
export interface ServerStats {
  version: string;
  uptime: number;
  rooms: number;
  participants: number;
  viewers: number;
  tracks: number;
  waitingSessions: number;
  bitrateIn: number;
  bitrateOut: number;
  joins: number;
  resumes: number;
  refusals: Record<string, number>;
  draining: boolean;
  cpuSeconds?: number;
  memory?: number;
  workers: { rooms: number; legs: number }[];
}

/** What the server refused, or that it could not be asked: status 0. */
export class ApiError extends Error {
  override readonly name = "ApiError";

  constructor(
    readonly status: number,
    /** The server's word (docs/errors), or `unreachable`. */
    readonly code: string,
    message: string,
  ) {
    super(message);
  }

  /** Would an admin key help? */
  get needsKey(): boolean {
    return this.status === 401 || this.status === 403;
  }
}

const KEY = "admin-key";

/** The key that an operator logged in with, in this tab. */
export const adminKey = signal(tab.read(KEY, ""));

/** Logs in, or with an empty key out. */
export function setAdminKey(key: string): void {
  adminKey.value = key;
  if (key) tab.write(KEY, key);
  else tab.remove(KEY);
}

/** Every room. */
export const listRooms = (signal?: AbortSignal) => call<RoomSummary[]>("GET", "/api/rooms", undefined, signal);

/** One room in full. */
export const describeRoom = (room: string, signal?: AbortSignal) =>
  call<RoomDescription>("GET", path(room), undefined, signal);

/** The server in numbers. */
export const serverStats = (signal?: AbortSignal) => call<ServerStats>("GET", "/api/stats", undefined, signal);

/** Makes a room, before anybody is in it. */
export const createRoom = (roomId: string, kind: RoomKind) => call<RoomSummary>("POST", "/api/rooms", { roomId, kind });

/** Closes a room: everybody in it is put out. */
export const closeRoom = (room: string) => call<void>("DELETE", path(room));

/** Locks a room, or opens it again. */
export const lockRoom = (room: string, locked: boolean) => call<RoomSummary>("PATCH", path(room), { locked });

/** Puts somebody out. */
export const kick = (room: string, who: string) => call<void>("DELETE", path(room, who));

/** Mutes somebody. */
export const mute = (room: string, who: string, source: Source, muted: boolean) =>
  call<void>("POST", `${path(room, who)}/mute`, { muted, source });

/** Holds somebody's tracks, or lets them go. */
export const hold = (room: string, who: string, held: boolean) =>
  call<void>("POST", `${path(room, who)}/hold`, { held });

/** Moves somebody to another room, which is made if there is none; their connection stays. */
export const moveTo = (room: string, who: string, to: string, muted: boolean) =>
  call<void>("POST", `${path(room, who)}/move`, { to, ...(muted ? { muted } : {}) });

/** A token that is asked for. */
export interface TokenRequest {
  room: string;
  identity: string;
  name: string;
  admin?: boolean;
  canPublish?: boolean;
  /** Seconds. */
  ttl?: number;
}

/** A token that was made. */
export interface Minted {
  token: string;
  identity: string;
  /** Seconds since 1970. */
  expires: number;
  /** Absent where the server does not know its public address. */
  link?: string;
}

/**
 * A token: in `--dev` for whoever asks, elsewhere for operators, and for hosts into their own room, who show the token that
 * they are in it with.
 */
export const mintToken = (request: TokenRequest, host?: string) =>
  call<Minted>("POST", "/api/token", request, undefined, host);

/**
 * Does the server hand out tokens to whoever asks (`--dev`)? It does so on its own machine only, and elsewhere is not asked.
 * Goes without any credential: those of the one who asks would say nothing about others.
 */
export async function isOpenToAnybody(room: string): Promise<boolean> {
  if (!["localhost", "127.0.0.1", "[::1]"].includes(location.hostname)) return false;
  const body = JSON.stringify({ room, identity: "guest", name: "" });
  const headers = { "content-type": "application/json" };
  const response = await fetch("/api/token", { method: "POST", headers, body, cache: "no-store" }).catch(
    () => undefined,
  );
  return response?.ok ?? false;
}

/** What goes with a request to the server. */
export interface Request {
  body?: unknown;
  signal?: AbortSignal | undefined;
  /** A token or the admin key; none: as whoever comes. */
  credential?: string | undefined;
  /** The request outlives the page that made it. */
  keepalive?: boolean;
  /** More headers. */
  headers?: Record<string, string>;
}

const call = <T>(method: string, url: string, body?: unknown, signal?: AbortSignal, host?: string) =>
  request<T>(method, url, { body, signal, credential: adminKey.value || host });

/** Asks the server; a refusal, and that it cannot be reached, are thrown as `ApiError`. */
export async function request<T>(method: string, url: string, asked: Request = {}): Promise<T> {
  const response = await send(method, url, asked);
  // What was accepted (202) or done (204) has nothing to say.
  const text = await response.text();
  return (text ? JSON.parse(text) : undefined) as T;
}

/** The same, for whoever reads the answer as it comes. */
export async function send(method: string, url: string, asked: Request): Promise<Response> {
  const { body, signal, credential, keepalive } = asked;
  const headers: Record<string, string> = { ...asked.headers };
  if (credential) headers.authorization = `Bearer ${credential}`;
  if (body !== undefined) headers["content-type"] = "application/json";
  let response: Response;
  try {
    response = await fetch(url, {
      method,
      headers,
      cache: "no-store",
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal ? { signal } : {}),
      ...(keepalive ? { keepalive } : {}),
    });
  } catch (error) {
    if ((error as Error).name === "AbortError") throw error;
    throw new ApiError(0, "unreachable", "The server cannot be reached.");
  }
  if (!response.ok) throw await refusal(response);
  return response;
}

/** Problem details (RFC 9457), where the server sent them; a proxy in between sends something else. */
async function refusal(response: Response): Promise<ApiError> {
  const problem = await response.json().catch(() => ({}));
  const code = typeof problem.code === "string" ? problem.code : "";
  const detail = typeof problem.detail === "string" ? problem.detail : `The server answered ${response.status}.`;
  return new ApiError(response.status, code, detail);
}

function path(room: string, who?: string): string {
  const base = `/api/rooms/${encodeURIComponent(room)}`;
  return who === undefined ? base : `${base}/participants/${encodeURIComponent(who)}`;
}
