/** The settings of a show while somebody writes them down: texts and ticks, and what is wrong with them. Pure. */
import type { LobbySource, ShowSettings, VoiceSettings } from "@crosspoint/client";
import { toE164 } from "../guest/telephone/numbers";
import type { SettingsChange } from "../show/api";
import { telephone } from "../show/words";

/** What stands in the fields. */
export interface Draft {
  title: string;
  /** Numbers with commas, spaces or lines between them. */
  numbers: string;
  lines: string;
  lobby: LobbySource;
  lobbyFile: string;
  takeDropsPrevious: boolean;
  voice: VoiceSettings;
}

/** What is wrong, by field. */
export type Problems = Partial<Record<"title" | "numbers" | "lines" | "lobbyFile", string>>;

/** The longest title, in bytes, and the most numbers and lines, that the server takes. */
const LONGEST_TITLE = 200;
const MOST_NUMBERS = 50;
const MOST_LINES = 1000;

/** How the voices of callers are treated when nothing was said of it. */
export const PLAIN_VOICE: VoiceSettings = {
  gain: 0,
  autoGainControl: false,
  highPass: false,
  noiseSuppression: false,
  ducks: false,
};

/** What is written down for a new show. */
export const NEW_DRAFT: Draft = {
  title: "",
  numbers: "",
  lines: "40",
  lobby: "programme",
  lobbyFile: "",
  takeDropsPrevious: false,
  voice: PLAIN_VOICE,
};

/** The settings as they are. */
export function draftOf(settings: ShowSettings): Draft {
  return {
    title: settings.title,
    numbers: settings.numbers.map(telephone).join(", "),
    lines: String(settings.lines),
    lobby: settings.lobby,
    lobbyFile: settings.lobbyFile ?? "",
    takeDropsPrevious: settings.takeDropsPrevious,
    voice: settings.callerVoice,
  };
}

/** The settings that were written down, or what is wrong with them. */
export function settingsOf(draft: Draft): { settings: ShowSettings } | { problems: Problems } {
  const problems = problemsOf(draft);
  if (Object.keys(problems).length > 0) return { problems };
  const file = draft.lobbyFile.trim();
  return {
    settings: {
      title: draft.title.trim(),
      numbers: numbersIn(draft.numbers).map((typed) => toE164(typed) ?? typed),
      lines: Number(draft.lines),
      lobby: draft.lobby,
      ...(draft.lobby === "file" ? { lobbyFile: file } : {}),
      takeDropsPrevious: draft.takeDropsPrevious,
      callerVoice: draft.voice,
    },
  };
}

/** What makes other settings of those there are (RFC 7396): the parts that differ, and `null` for what is to be there no more. */
export function changeOf(before: ShowSettings, after: ShowSettings): SettingsChange {
  return difference({ ...before }, { ...after });
}

function difference(before: Fields, after: Fields): Fields {
  const change: Fields = {};
  for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const [old, now] = [before[name], after[name]];
    if (JSON.stringify(old) === JSON.stringify(now)) continue;
    change[name] = isFields(old) && isFields(now) ? difference(old, now) : (now ?? null);
  }
  return change;
}

type Fields = Record<string, unknown>;

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What is wrong with a draft. */
export function problemsOf(draft: Draft): Problems {
  const problems: Problems = {};
  const title = draft.title.trim();
  if (title === "") problems.title = "Give the show a title.";
  else if (new TextEncoder().encode(title).length > LONGEST_TITLE) problems.title = "That title is too long.";
  const wrong = numbersProblem(numbersIn(draft.numbers));
  if (wrong) problems.numbers = wrong;
  const lines = Number(draft.lines);
  if (!Number.isInteger(lines) || lines < 1 || lines > MOST_LINES) problems.lines = `From 1 to ${MOST_LINES}.`;
  if (draft.lobby === "file" && draft.lobbyFile.trim() === "") problems.lobbyFile = "Which file?";
  return problems;
}

function numbersProblem(typed: readonly string[]): string | undefined {
  const wrong = typed.find((one) => toE164(one) === undefined);
  if (wrong !== undefined) return `“${wrong}” is not a number with its country, like +1 415 555 0100.`;
  if (typed.length > MOST_NUMBERS) return `${MOST_NUMBERS} numbers at most.`;
  return new Set(typed.map(toE164)).size < typed.length ? "One of them stands there twice." : undefined;
}

/** The numbers in a text: between commas, semicolons and lines, since people put spaces into numbers. */
export function numbersIn(text: string): string[] {
  return text
    .split(/[,;\n]/)
    .map((one) => one.trim())
    .filter(Boolean);
}

/** A name for addresses and rooms that is made of a title: `morning-talk`. */
export function slugOf(title: string): string {
  return title
    .normalize("NFKD")
    .replace(/[\u0300-\u036f]/g, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, 64)
    .replace(/^-+|-+$/g, "");
}

/** What is wrong with the name of a show; `undefined`: nothing. Empty is fine: then the server chooses one. */
export function showIdProblem(id: string): string | undefined {
  if (id.startsWith("-")) return "It begins with a letter or a digit.";
  if (id === "" || /^[a-z0-9-]{1,64}$/.test(id)) return undefined;
  return id.length > 64 ? "That is too long: 64 at most." : "Small letters, digits and dashes only.";
}
