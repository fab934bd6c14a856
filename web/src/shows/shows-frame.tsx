/** What stands around the operators' pages of shows. */
import type { ComponentChildren } from "preact";
import { OperatorHead } from "../components/operator-head";
import "../dashboard/dashboard.css";
import "./shows.css";

export function ShowsFrame({ testid, children }: { testid: string; children: ComponentChildren }) {
  return (
    <div class="page shows" data-testid={testid}>
      <OperatorHead present="shows" logOut />
      <main class="dashboard-main shows-main">{children}</main>
    </div>
  );
}
