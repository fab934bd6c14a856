/** Numbers for simulated telephones. Pure, but for the randomness that is given. */

/** Area codes of large towns; what follows is from 555-0100 to 555-0199, which belong to nobody and are kept for fiction. */
const AREAS = ["212", "312", "415", "503", "617", "713", "206", "303"] as const;

/** A made-up number in E.164; `random` gives numbers from 0 to 1, 1 itself never. */
export function fakeNumber(random: () => number = Math.random): string {
  const area = AREAS[Math.floor(random() * AREAS.length)] ?? AREAS[0];
  return `+1${area}55501${String(Math.floor(random() * 100)).padStart(2, "0")}`;
}

/** What was typed as E.164, or `undefined` where it is no number: spaces, dashes and brackets do not matter. */
export function toE164(typed: string): string | undefined {
  const bare = typed.replace(/[\s().-]/g, "").replace(/^00/, "+");
  return /^\+[1-9]\d{5,14}$/.test(bare) ? bare : undefined;
}
