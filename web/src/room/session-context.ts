/** The visit, for parts of the room whose code comes later and that get no properties. */
import { createContext } from "preact";
import type { RoomSession } from "./session";

export const SessionContext = createContext<RoomSession | undefined>(undefined);
