/**
 * What is known of a show: made of its events, one after the other. Pure: in goes a state and an event, out comes the next state.
 * Also what follows from it: who is on the air, who is next, in which order others wait.
 */
import type { CallState, CallView, LineReport, ShowEvent, ShowView, StaffView } from "@crosspoint/client";

/** A show as far as its events have told. */
export interface ShowState {
  /** The number of the last event. */
  seq: number;
  /** Absent: nothing was told yet. */
  show: ShowView | undefined;
  /** Every call by its id, those that are over included. */
  calls: ReadonlyMap<string, CallView>;
  staff: readonly StaffView[];
}

/** Nothing is known yet. */
export const NOTHING: ShowState = { seq: 0, show: undefined, calls: new Map(), staff: [] };

/** So many calls that are over are kept; the server's first word has as many. */
const OVER = 50;

/** The state after an event. One that was told before changes nothing: after a reconnect, events may come again. */
export function advance(state: ShowState, event: ShowEvent): ShowState {
  switch (event.event) {
    case "snapshot":
      return {
        seq: event.seq,
        show: event.show,
        calls: new Map(event.calls.map((call) => [call.callId, call])),
        staff: event.staff,
      };
    case "call":
      if (event.seq < state.seq) return state;
      return { ...state, seq: event.seq, calls: withCall(state.calls, event.call) };
    case "show":
      if (event.seq < state.seq) return state;
      return { ...state, seq: event.seq, show: event.show };
    case "staff":
      return { ...state, staff: event.staff };
    case "lines":
      return state;
  }
}

/** The calls with one of them as it is now. */
export function withCall(calls: ReadonlyMap<string, CallView>, call: CallView): ReadonlyMap<string, CallView> {
  const next = new Map(calls);
  next.set(call.callId, call);
  if (!isOver(call)) return next;
  const over = [...next.values()].filter(isOver).sort(by(({ endedAt = 0 }) => -endedAt));
  for (const { callId } of over.slice(OVER)) next.delete(callId);
  return next;
}

/** Is it over? */
export function isOver({ state }: CallView): boolean {
  return state === "off" || state === "dropped";
}

/** Is its place in the live room? */
export function isLive({ state }: CallView): boolean {
  return state === "waiting" || state === "next" || state === "on-air" || state === "hold";
}

/** The calls in the lists in which a desk shows them. */
export interface Groups {
  /** The longest on the air first. */
  onAir: CallView[];
  /** Approved and waiting: the one marked next, then those who wait longest. */
  waiting: CallView[];
  hold: CallView[];
  screening: CallView[];
  /** Talked to, and in the lobby; those whom the host sent back first. */
  screened: CallView[];
  /** The longest ringing first. */
  ringing: CallView[];
  /** The last one that ended first. */
  over: CallView[];
}

/** Sorts the calls into their lists. */
export function groupsOf(calls: ReadonlyMap<string, CallView>): Groups {
  const all = [...calls.values()];
  const among = (...states: CallState[]) => all.filter(({ state }) => states.includes(state));
  const since = (call: CallView) => call.stateSince;
  const isMarked = ({ state }: CallView) => (state === "next" ? 0 : 1);
  const isReturned = ({ returned }: CallView) => (returned ? 0 : 1);
  return {
    onAir: among("on-air").sort(by(since)),
    waiting: among("waiting", "next").sort(by(isMarked, ({ approvedAt, stateSince }) => approvedAt ?? stateSince)),
    hold: among("hold").sort(by(since)),
    screening: among("screening").sort(by(since)),
    screened: among("screened").sort(by(isReturned, since)),
    ringing: among("ringing").sort(by(({ createdAt }) => createdAt)),
    over: among("off", "dropped").sort(by(({ endedAt, stateSince }) => -(endedAt ?? stateSince))),
  };
}

/** Who goes on the air next: nobody whose sound is not there, for that would be silence on the air. */
export function nextInLine({ waiting }: Groups): CallView | undefined {
  return waiting.find(({ link }) => link === "connected" || link === "conference");
}

/** The calls on a desk from top to bottom, as arrow keys walk through them. */
export function inOrder(groups: Groups, of: readonly (keyof Groups)[]): CallView[] {
  return of.flatMap((group) => groups[group]);
}

/** The call of a line, if that one is taken. */
export function onLine(calls: ReadonlyMap<string, CallView>, line: number): CallView | undefined {
  return [...calls.values()].find((call) => call.line === line && !isOver(call));
}

/** The call `step` places after the present one, without end; the first or last one where none is chosen. */
export function neighbour(list: readonly CallView[], present: string | undefined, step: 1 | -1): CallView | undefined {
  const at = list.findIndex(({ callId }) => callId === present);
  if (at < 0) return list.at(step > 0 ? 0 : -1);
  return list[(at + step + list.length) % list.length];
}

/** The reports of the lines by call. */
export function linesOf(lines: readonly LineReport[]): ReadonlyMap<string, LineReport> {
  return new Map(lines.map((line) => [line.callId, line]));
}

/** The order by one figure, and between equals by the next; the call that came first stands first at last. */
function by(...figures: ((call: CallView) => number)[]): (a: CallView, b: CallView) => number {
  return (a, b) => {
    for (const figure of figures) {
      const way = figure(a) - figure(b);
      if (way !== 0) return way;
    }
    return a.createdAt - b.createdAt || (a.callId < b.callId ? -1 : 1);
  };
}
