/** The sign of the house: a matrix of lines, one crosspoint closed. */

/** The sign alone. */
export function Sign({ size = 28 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true" class="sign">
      <rect width="32" height="32" rx="8" class="sign-ground" />
      <path d="M11 5v22M21 5v22M5 11h22M5 21h22" class="sign-lines" />
      <circle cx="21" cy="11" r="4.5" fill="#fff" />
    </svg>
  );
}

/** The sign with the name. */
export function Brand() {
  return (
    <span class="brand">
      <Sign />
      <span>Crosspoint</span>
    </span>
  );
}
