/** A part of the console whose code comes when it is first shown. */
import { type ComponentType, h } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Button } from "./button";

interface LazyProps<Props> {
  load: () => Promise<ComponentType<Props>>;
  /** What the part is given. */
  props?: Props;
}

type State<Props> = { Component: ComponentType<Props> } | "loading" | "failed";

export function Lazy<Props extends object>({ load, props }: LazyProps<Props>) {
  const [state, setState] = useState<State<Props>>("loading");
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
  return h(state.Component, (props ?? {}) as Props);
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
