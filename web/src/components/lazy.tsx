/** A part of the console whose code comes when it is first shown. */
import { type ComponentType, h } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Button } from "./button";

interface LazyProps {
  load: () => Promise<ComponentType>;
}

type State = { Component: ComponentType } | "loading" | "failed";

export function Lazy({ load }: LazyProps) {
  const [state, setState] = useState<State>("loading");
  useEffect(() => {
    if (state !== "loading") return;
    let gone = false;
    load().then(
      (Component) => gone || setState({ Component }),
      () => gone || setState("failed"),
    );
    return () => {
      gone = true;
    };
  }, [load, state]);
  if (state === "loading") return <Loading />;
  if (state === "failed") {
    return (
      <div class="empty">
        <h3>This part could not be loaded</h3>
        <p class="muted">The server may be restarting.</p>
        <Button onClick={() => location.reload()}>Reload the page</Button>
      </div>
    );
  }
  return h(state.Component, null);
}

/** Something comes soon. */
export function Loading({ text = "Loading…" }: { text?: string }) {
  return (
    <div class="loading" role="status">
      <span class="spinner large" aria-hidden="true" />
      <span class="muted">{text}</span>
    </div>
  );
}
