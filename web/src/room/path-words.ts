/** The ways of a connection in words for people. In: what the SDK tells of its paths. Out: the way, why it is so, and where to. */
import type { PathStats, PathWay } from "@crosspoint/client";

export interface PathWords {
  /** `Relayed, TLS`, with how many of how many between browsers. */
  way: string;
  /** What that means. */
  why: string;
  /** One's own candidate and the other end, for who knows networks. */
  detail: string;
}

/** From the best to the worst: the worst is what explains a bad connection. */
const WAYS: readonly PathWay[] = ["Direct, UDP", "Direct, TCP", "Relayed, UDP", "Relayed, TCP", "Relayed, TLS"];

/** The worst of all paths in words; nothing where there is none. */
export function pathWords(paths: readonly PathStats[]): PathWords | undefined {
  const [worst] = paths.toSorted((one, other) => WAYS.indexOf(other.way) - WAYS.indexOf(one.way));
  if (!worst) return undefined;
  const alike = paths.filter(({ way }) => way === worst.way).length;
  const many = paths.length === 1 ? "" : alike === paths.length ? ` ×${alike}` : ` (${alike} of ${paths.length})`;
  return { way: `${worst.way}${many}`, why: whyOf(worst, paths.length), detail: detailOf(worst) };
}

function whyOf({ way, userId }: PathStats, count: number): string {
  const other = userId === undefined ? "the server" : count === 1 ? "the other" : "the others";
  switch (way) {
    case "Direct, UDP":
      return `Media goes straight to ${other}: nothing is faster.`;
    case "Direct, TCP":
      return "Your network lets no UDP through; media goes over TCP.";
    case "Relayed, UDP":
      return "Media goes through the relay of the server, because nothing direct works.";
    default:
      return `Media goes through the relay of the server over ${way.endsWith("TLS") ? "TLS" : "TCP"}, because nothing direct works and your network lets no UDP through.`;
  }
}

function detailOf({ type, remoteAddress, remotePort }: PathStats): string {
  if (!remoteAddress) return type;
  const host = remoteAddress.includes(":") ? `[${remoteAddress}]` : remoteAddress;
  return `${type} → ${host}:${remotePort ?? "?"}`;
}
