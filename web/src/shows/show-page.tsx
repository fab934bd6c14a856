/** A page of the shows. */
import { Loading } from "../components/lazy";

export function ShowPage({ show }: { show: string }) {
  return <Loading text={`Opening ${show}…`} />;
}
