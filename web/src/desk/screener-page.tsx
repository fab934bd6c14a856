/** `/shows/{show}/screener`. */
import { DeskPage } from "./desk-page";
import { ScreenerDesk } from "./screener-desk";

export function ScreenerPage({ show }: { show: string }) {
  return <DeskPage show={show} place="screener" view={ScreenerDesk} />;
}
