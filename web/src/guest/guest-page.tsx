/** A page of the shows. */
import { Loading } from "../components/lazy";

export function GuestPage({ show }: { show: string }) {
  return <Loading text={`Opening ${show}…`} />;
}
