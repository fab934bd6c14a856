/** The keyboard of a desk. In: key presses that belong to nobody else. Out: actions, with their release where that matters. */
import { useEffect } from "preact/hooks";
import { isWriting } from "../room/shortcuts";
import { actionOf, type Key } from "./keys";

/** What a desk does with its keys. */
export interface Keyboard {
  press(key: Key, pressed: string): void;
  release(key: Key): void;
}

const ON_BUTTON = "button, a, summary, [role=button], [role=menuitem]";

/** Listens as long as the component is there. */
export function useKeys(keys: readonly Key[], keyboard: Keyboard): void {
  useEffect(() => {
    const down = new Map<string, Key>();
    const press = (event: KeyboardEvent) => {
      const target = event.target instanceof Element ? event.target : null;
      const { key, ctrlKey, metaKey, altKey, repeat } = event;
      const writing = isWriting(event.target);
      if (writing && key === "Escape" && target instanceof HTMLElement && !target.closest("dialog")) target.blur();
      const onButton = target?.closest(ON_BUTTON) != null;
      const found = actionOf(keys, { key, ctrlKey, metaKey, altKey, repeat, writing, onButton });
      if (!found || document.querySelector("dialog[open], [popover]:popover-open")) return;
      event.preventDefault();
      down.set(event.code, found);
      keyboard.press(found, key);
    };
    const release = (event: KeyboardEvent) => {
      const found = down.get(event.code);
      if (!found) return;
      down.delete(event.code);
      keyboard.release(found);
    };
    // The window is left while a key is down: its release is never told.
    const leave = () => {
      for (const key of down.values()) keyboard.release(key);
      down.clear();
    };
    addEventListener("keydown", press);
    addEventListener("keyup", release);
    addEventListener("blur", leave);
    return () => {
      leave();
      removeEventListener("keydown", press);
      removeEventListener("keyup", release);
      removeEventListener("blur", leave);
    };
  }, [keys, keyboard]);
}

/** After a click with the pointer the keys are the desk's again, not the button's. */
export function giveKeysBack(event: MouseEvent): void {
  const button = event.target instanceof Element ? event.target.closest("button") : null;
  if (event.detail > 0 && button && !button.hasAttribute("popovertarget")) button.blur();
}
