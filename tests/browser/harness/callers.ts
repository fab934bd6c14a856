/** Who calls in on a simulated telephone: the number as it is dialled and as desks show it, and the tone that the caller says. */

/** A show's number. */
export const NUMBER = "+14155550100";

/** No tone is near another one, nor near an odd harmonic of it: see `shows.test.ts`. */
export const ANN = { number: "+14155550101", spoken: "+1 415 555 0101", tone: 853 } as const;
export const BOB = { number: "+14155550102", spoken: "+1 415 555 0102", tone: 1049 } as const;
export const CAS = { number: "+14155550103", spoken: "+1 415 555 0103", tone: 1181 } as const;
