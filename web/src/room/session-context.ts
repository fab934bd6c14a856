/** The visit, for parts of the room whose code comes later and that get no properties: what the statistics are about. */
import { createContext } from "preact";
import type { RoomSession } from "./session";

/** What there must be of a visit; whose names nobody knows stay identities. */
export type Observed = Pick<RoomSession, "room" | "stats"> & { people: Pick<RoomSession["people"], "get"> };

export const SessionContext = createContext<Observed | undefined>(undefined);
