/** What a show is called on a guest's page, who may not ask the server for more than a seat. Pure. */
import { claimsOf } from "../lib/claims";

/** The title that the token brings along; without one, the show's name with a capital and without dashes. */
export function titleOf(show: string, token: string | undefined): string {
  const told = token ? claimsOf(token)?.attributes["crosspoint.title"] : undefined;
  if (told?.trim()) return told.trim();
  const words = show.replaceAll("-", " ").trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}
