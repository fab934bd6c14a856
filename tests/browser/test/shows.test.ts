/**
 * Call-in shows, by clicks and keys: hosts, screeners and guests at their pages, callers at simulated telephones. Everybody has a
 * tone of their own, and after every step all of them are listened to.
 */
import { expect, test, vi } from "vitest";
import type { Phone } from "../harness/phones.ts";
import { Stage } from "../harness/stage.ts";
import { by, type Cast, DESK, listen, type Person, Studio } from "../harness/studio.ts";
import { until } from "../harness/wait.ts";

const stage = new Stage();
// On a busy machine; on a quiet one a quarter of it.
vi.setConfig({ testTimeout: 180_000 });

// No tone is near another one, nor near an odd harmonic of it, which is what telephones make of tones.
const [HANNA, SAM, PAT, GINA] = [431, 587, 709, 2243];
const TELEPHONES = [
  ["+14155550101", 853],
  ["+14155550102", 1049],
  ["+14155550103", 1181],
  ["+14155550104", 1423],
  ["+14155550105", 1637],
  ["+14155550106", 1879],
] as const;
const [[ANN_CALLS, ANN], [BOB_CALLS, BOB]] = TELEPHONES;
const NUMBER = "+14155550100";

test("a whole show: six telephones and a guest are screened, aired, held, sent back, locked and dropped", async () => {
  const studio = await Studio.open(stage);
  const show = await studio.show("Morning talk", NUMBER);
  expect(show.id).toBe("morning-talk");
  const host = await show.host("Hanna", HANNA);
  const sam = await show.screener("Sam", SAM);
  const phones = await Promise.all(TELEPHONES.map(([from, tone]) => show.phone(from, tone)));
  const [ann, bob, cas] = phones as [Phone, Phone, Phone];
  const gina = await show.guest("Gina", "Gardens", GINA);
  const cast: Cast = { host, screeners: [sam], callers: [...phones, gina] };
  const [ANNS = "", BOBS = "", CASS = "", ...others] = await Promise.all(
    phones.map(({ number }) => sam.callOf(spoken(number))),
  );
  const GINAS = await sam.callOf("Gina");

  // All ring, and hear the show.
  await counts(sam, "list-ringing", 7);
  await host.sees("ringing", ANNS, BOBS, CASS, ...others, GINAS);
  await listen(cast);

  // Sam and Ann are alone; then Ann waits with the others.
  await sam.picksUp(ANNS);
  await host.sees("screening", ANNS);
  await listen(cast, { talks: [[sam, ann]] });
  await sam.by("note-name").fill("Ann");
  await sam.by("note-topic").fill("Bees in town");
  await sam.decides("approve");
  await host.sees("waiting", ANNS);
  await host.by("list-waiting").getByText("Ann", { exact: true }).waitFor();
  await host.by("next-up").getByText("Bees in town").waitFor();
  await sam.isAtDesk();
  await listen(cast);

  // The guest; parked once, and then approved.
  await sam.picksUp(GINAS);
  await gina.isAt("screening");
  await listen(cast, { talks: [[sam, gina]] });
  await sam.decides("screened");
  await gina.isAt("screened");
  await listen(cast);
  await sam.does("approve", GINAS);
  await gina.isAt("waiting");
  for (const [id, name] of [[BOBS, "Bob"] as const, [CASS, "Cas"] as const]) {
    await sam.picksUp(id);
    await sam.by("note-name").fill(name);
    await sam.decides("approve");
  }
  await host.sees("waiting", ANNS, GINAS, BOBS, CASS);
  await listen(cast);

  // On the air, on hold, and the next one, who has waited longest.
  await host.does("air", ANNS);
  await host.sees("on-air", ANNS);
  await sam.sees("on-air", ANNS);
  await listen(cast, { air: [ann] });
  await host.does("hold", ANNS);
  await host.sees("hold", ANNS);
  await listen(cast);
  await host.does("air", ANNS);
  await host.by("take-next").click();
  await host.sees("on-air", GINAS);
  await host.sees("hold", ANNS);
  await gina.isAt("on-air");
  await listen(cast, { air: [gina] });

  // Back to who screened her, and to the line again.
  await host.inspects(ANNS, "screen");
  await sam.talksTo(ANNS);
  await listen(cast, { air: [gina], talks: [[sam, ann]] });
  await sam.decides("approve");
  await host.sees("waiting", ANNS);

  // Two on the air: the one who was there is locked, the other one was made next.
  await host.does("lock", GINAS);
  await host.does("next", CASS);
  await host.sees("next", CASS);
  await host.by("take-next").click();
  await host.sees("on-air", CASS, GINAS);
  await listen(cast, { air: [gina, cas] });

  // On hold a guest is not heard, whatever the guest does.
  await host.does("hold", GINAS);
  await gina.isAt("hold");
  await listen(cast, { air: [cas] });
  await tamper(gina, show.id, GINAS);
  await gina.isAt("hold");
  await listen(cast, { air: [cas] });

  // Dropped: asked for twice, and hung up at the telephone company, not left in its conference.
  await host.does("drop", CASS);
  await host.does("drop-confirm", CASS);
  expect((await cas.ends()).streams).toBe(1);
  await host.sees("dropped", CASS);
  const rest: Cast = { ...cast, callers: cast.callers.filter((caller) => caller !== cas) };
  await listen(rest);

  // Who hangs up is gone by themselves.
  await gina.by("guest-hang-up").click();
  await gina.by("guest-end").waitFor();
  await bob.hangUp();
  await host.sees("off", GINAS, BOBS);
  await listen({ ...rest, callers: rest.callers.filter((caller) => caller !== gina && caller !== bob) });

  // The operator sees what became of them, and ends the show: everybody is hung up.
  const row = (id: string) => show.page.locator(`[data-testid="call-row"][data-call="${id}"]`);
  await until("the operator sees three outcomes", async () => {
    const outcomes = await Promise.all([CASS, GINAS, BOBS].map((id) => row(id).getAttribute("data-outcome")));
    return outcomes.join() === "aired,aired,hung up";
  });
  await by(show.page, "show-end").click();
  await show.page.getByRole("button", { name: "End the show" }).click();
  await Promise.all([host.by("show-over").waitFor(), sam.by("show-over").waitFor()]);
  await Promise.all(phones.map((phone) => phone.ends()));
  expect([...host.errors, ...sam.errors]).toEqual([]);
});

test("two screeners pick up the same call: one has it, and the other is told who", async () => {
  const studio = await Studio.open(stage);
  const show = await studio.show("One call", NUMBER);
  const host = await show.host("Hanna", HANNA);
  const [sam, pat] = [await show.screener("Sam", SAM), await show.screener("Pat", PAT)];
  const ann = await show.phone(ANN_CALLS, ANN);
  const id = await sam.callOf(spoken(ANN_CALLS));
  await pat.sees("ringing", id);

  await atOnce([sam, pat], `[data-testid="call-${id}"] [data-testid="verb-pick-up"]`);
  const mine = (person: Person) => person.page.locator('[data-testid="talking"][data-mine="true"]').count();
  const [winner, loser] = await until("one of them talks", async () => {
    const [sams, pats] = await Promise.all([mine(sam), mine(pat)]);
    return sams + pats === 1 && (sams ? ([sam, pat] as const) : ([pat, sam] as const));
  });
  await loser.isTold(`${winner.name} has`);
  await loser.by("list-screening").getByText(winner.name).waitFor();
  await listen({ host, screeners: [sam, pat], callers: [ann] }, { talks: [[winner, ann]] });

  // What one does the other sees, and may go on with.
  await winner.decides("screened");
  await loser.picksUp(id);
  await listen({ host, screeners: [sam, pat], callers: [ann] }, { talks: [[loser, ann]] });
});

test("everything goes with one key", async () => {
  const studio = await Studio.open(stage);
  const show = await studio.show("Keys", NUMBER);
  const host = await show.host("Hanna", HANNA);
  const sam = await show.screener("Sam", SAM);
  const [ann, bob] = [await show.phone(ANN_CALLS, ANN), await show.phone(BOB_CALLS, BOB)];
  const [ANNS, BOBS] = [await sam.callOf(spoken(ANN_CALLS)), await sam.callOf(spoken(BOB_CALLS))];
  const cast: Cast = { host, screeners: [sam], callers: [ann, bob] };

  const screen = sam.page.keyboard;
  await screen.press("Enter");
  await sam.talksTo(ANNS);
  // Into the notes without a click, and on without one.
  await screen.type("Ann");
  await screen.press("Control+Enter");
  await host.sees("waiting", ANNS);
  await screen.press("p");
  await sam.talksTo(BOBS);
  await screen.press("Escape");
  await screen.press("x");
  await sam.call(BOBS).getByTestId("verb-approve").waitFor();
  await sam.hasDone();
  await screen.press("2");
  await screen.press("a");
  await host.sees("waiting", BOBS);
  await host.by("list-waiting").getByText("Ann", { exact: true }).waitFor();

  const air = host.page.keyboard;
  await air.press("Enter");
  await host.sees("on-air", ANNS);
  await listen(cast, { air: [ann] });
  await air.press("1");
  await air.press("h");
  await host.sees("hold", ANNS);
  await host.hasDone();
  await air.press("a");
  await host.sees("on-air", ANNS);
  await host.hasDone();
  await air.press("l");
  await host.call(ANNS).getByTestId("badge-locked").waitFor();
  await air.press("2");
  await air.press("n");
  await host.sees("next", BOBS);
  await host.hasDone();
  await air.press(" ");
  await host.sees("on-air", BOBS, ANNS);
  await listen(cast, { air: [ann, bob] });
  await air.press("1");
  await air.press("s");
  await sam.talksTo(ANNS);
  await listen(cast, { air: [bob], talks: [[sam, ann]] });
  await air.press("m");
  await host.page.locator('[data-testid="own-state"][data-microphone="false"]').waitFor();
  await bob.hears([], [HANNA, ANN, SAM]);
  await air.press("m");
  await bob.hears([HANNA], [ANN, SAM]);
  // A short press drops nobody.
  await air.press("2");
  await air.press("d");
  await air.down("d");
  await host.sees("dropped", BOBS);
  await air.up("d");
  await bob.ends();
});

test("the telephone of a server that is tried out calls in from a page", async () => {
  const studio = await Studio.open(stage, { dev: true });
  const show = await studio.show("Tried out");
  const host = await show.host("Hanna", HANNA);
  const sam = await show.screener("Sam", SAM);
  const caller = await studio.person("Cleo", DESK, ANN);
  await caller.page.goto(`${studio.server.url}/shows/${show.id}`);
  await caller.by("show-call-in").click();
  await caller.by("phone-call").click();
  await caller.page.locator('[data-testid="call-in"][data-stage="on"]').waitFor();

  const id = await sam.callOf("+1");
  await sam.picksUp(id);
  await sam.hears([ANN], [HANNA]);
  await until("the telephone hears the screener", async () => {
    return Number(await caller.by("phone-heard").getAttribute("data-level")) > -30;
  });
  await caller.by("key-5").click();
  await sam.isTold("They keyed in 5.");
  await sam.decides("approve");
  await host.does("air", id);
  await host.hears([ANN], [SAM]);
  await sam.hears([ANN, HANNA], []);

  // A reload does not hang up; the red button does.
  await caller.page.reload();
  await caller.page.locator('[data-testid="call-in"][data-stage="on"]').waitFor();
  await host.hears([ANN], [SAM]);
  await caller.by("phone-hang-up").click();
  await host.sees("off", id);
  await host.hears([], [ANN]);
});

/** As desks write telephone numbers. */
function spoken(number: string): string {
  return number.replace(/^\+1(\d{3})(\d{3})(\d{4})$/, "+1 $1 $2 $3");
}

/** A list has so many calls. */
async function counts({ page, name }: Person, list: string, count: number): Promise<void> {
  await until(`${name} sees ${count} in ${list}`, async () => {
    return (await by(page, `${list}-count`).textContent()) === String(count);
  });
}

/** The same button on several pages, clicked within the same moment. */
async function atOnce(people: readonly Person[], selector: string): Promise<void> {
  const at = Date.now() + 500;
  const click = ([selector, at]: [string, number]) =>
    new Promise<void>((resolve) => {
      const button = document.querySelector<HTMLElement>(selector);
      setTimeout(() => {
        button?.click();
        resolve();
      }, at - Date.now());
    });
  await Promise.all(people.map(({ page }) => page.evaluate(click, [selector, at] as [string, number])));
}

/** A guest on hold tries to be heard: with the buttons there are, and with requests that no button makes. */
async function tamper(guest: Person, show: string, call: string): Promise<void> {
  await guest.by("guest-mute").click();
  await guest.page.locator('[data-testid="guest-call"][data-muted="true"]').waitFor();
  await guest.by("guest-mute").click();
  await guest.page.locator('[data-testid="guest-call"][data-muted="false"]').waitFor();
  const answers = await guest.page.evaluate(
    async ([show, call]) => {
      const kept = Object.values(sessionStorage).find((value) => value.includes('"token"')) ?? "{}";
      const { token, identity } = JSON.parse(kept) as { token?: string; identity?: string };
      const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
      const post = async (path: string, body = {}) =>
        (await fetch(path, { method: "POST", headers, body: JSON.stringify(body) })).status;
      return [
        await post(`/api/shows/${show}/calls/${call}/air`),
        await post(`/api/shows/${show}/next`),
        await post(`/api/rooms/live-${show}/participants/${identity}/move`, { to: `live-${show}`, muted: false }),
      ];
    },
    [show, call] as const,
  );
  // Refused as this guest's, not as nobody's.
  expect(answers).toEqual([403, 403, 403]);
}
