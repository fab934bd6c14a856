/** The keys of a telephone: by the pointer, and by the keyboard while a call is on. */
import { useEffect } from "preact/hooks";
import type { Telephone } from "./telephone";
import { KEYS } from "./tones";

const LETTERS: Partial<Record<string, string>> = {
  "2": "ABC",
  "3": "DEF",
  "4": "GHI",
  "5": "JKL",
  "6": "MNO",
  "7": "PQRS",
  "8": "TUV",
  "9": "WXYZ",
  "0": "+",
};

const NAMES: Partial<Record<string, string>> = { "*": "star", "#": "hash" };

export function Keypad({ telephone }: { telephone: Telephone }) {
  const on = telephone.stage.value === "on";
  useEffect(() => {
    if (!on) return;
    const press = (event: KeyboardEvent) => {
      const taken = event.ctrlKey || event.metaKey || event.altKey || event.repeat;
      if (taken || !(KEYS as readonly string[]).includes(event.key)) return;
      event.preventDefault();
      void telephone.press(event.key);
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, [telephone, on]);
  return (
    <div class="keypad">
      <output class="keypad-keyed num" data-testid="phone-keyed" aria-label="Keys that were pressed">
        {telephone.keyed.value}
      </output>
      <div class="keypad-keys">
        {KEYS.map((key) => (
          <button
            key={key}
            type="button"
            class="keypad-key"
            disabled={!on}
            aria-label={NAMES[key] ?? key}
            data-testid={`key-${NAMES[key] ?? key}`}
            onClick={() => void telephone.press(key)}
          >
            <b class="num">{key === "*" ? "∗" : key}</b>
            <small aria-hidden="true">{LETTERS[key] ?? ""}</small>
          </button>
        ))}
      </div>
    </div>
  );
}
