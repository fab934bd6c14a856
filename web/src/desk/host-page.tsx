/** `/shows/{show}/host`. */
import { DeskPage } from "./desk-page";
import { HostDesk } from "./host-desk";

export function HostPage({ show }: { show: string }) {
  return <DeskPage show={show} place="host" view={HostDesk} />;
}
