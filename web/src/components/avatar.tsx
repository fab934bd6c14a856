/** A person without a picture: initials on a colour that stays theirs. */
import { hueOf, initials } from "../lib/format";

export function Avatar({ identity, name, size }: { identity: string; name: string; size?: number }) {
  const box = size ? { width: `${size}px`, height: `${size}px`, fontSize: `${Math.round(size * 0.4)}px` } : {};
  return (
    <span class="avatar" style={{ ...box, "--hue": String(hueOf(identity)) }} aria-hidden="true">
      {initials(name)}
    </span>
  );
}
