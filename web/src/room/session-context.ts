/** The visit, for parts of the room whose code comes later and that get no properties: what the statistics are about. */
import { createContext } from "preact";
import type { RoomSession } from "./session";

/** What there must be of a visit. */
export type Observed = Pick<RoomSession, "room" | "people" | "stats">;

export const SessionContext = createContext<Observed | undefined>(undefined);
