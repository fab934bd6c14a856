/** A page of the shows. */
import { Loading } from "../components/lazy";

export function ShowsPage() {
  return <Loading text={"Opening the shows…"} />;
}
