/** What the staff notes of a telephone number, and what becomes of its next calls. */
import { expect, test, vi } from "vitest";
import { ANN, BOB, NUMBER } from "../harness/callers.ts";
import { Stage } from "../harness/stage.ts";
import { type Person, Studio } from "../harness/studio.ts";

const stage = new Stage();
// On a busy machine; on a quiet one a quarter of it.
vi.setConfig({ testTimeout: 180_000 });

// As in `shows.test.ts`.
const [HANNA, SAM] = [431, 587];

test("name and warning of a number come back with its next call, and how often it called", async () => {
  const { show, host, sam } = await open("Noted");
  const ann = await show.phone(ANN.number, ANN.tone);
  const first = await sam.callOf(ANN.spoken);
  await sam.picksUp(first);
  await says(sam, "caller-history", "The first call of this number.");
  await sam.by("note-name").fill("Ann");
  await sam.by("note-notes").fill("Asked for the choir");
  await note(sam, "Swears when she is cut off");
  await says(sam, "caller-warning", "Swears when she is cut off");
  // The other desk knows as well, while the call goes on.
  await host.call(first).getByTestId("badge-warning").waitFor();
  await sam.decides("approve");
  await host.does("air", first);
  await host.sees("on-air", first);
  await ann.hangUp();
  await host.sees("off", first);

  // It rings, and both desks know before anybody picks up.
  await show.phone(ANN.number, ANN.tone);
  const second = await ringing(sam, "Ann");
  expect(second).not.toBe(first);
  await host.sees("ringing", second);
  for (const person of [host, sam]) await person.call(second).getByTestId("badge-warning").waitFor();
  await sam.picksUp(second);
  await says(sam, "caller-warning", "Swears when she is cut off");
  await says(sam, "caller-history", /^Called once before, the last time .+; on the air once\./);
  await host.call(second).getByTestId("choose-call").click();
  await says(host, "caller-warning", "Swears when she is cut off");
  // A note is the call's, not the number's.
  expect(await sam.by("note-notes").inputValue()).toBe("");

  // The host takes the warning back; the third call has none.
  await note(host, "");
  await host.call(second).getByTestId("badge-warning").waitFor({ state: "detached" });
  await host.inspects(second, "drop");
  await host.inspects(second, "drop-confirm");
  await host.sees("dropped", second);
  await show.phone(ANN.number, ANN.tone);
  const third = await ringing(sam, "Ann");
  await sam.picksUp(third);
  await says(sam, "caller-history", /^Called twice before/);
  await sam.by("caller-warning").waitFor({ state: "detached" });
});

test("a banned number is turned away before it rings, and let in again when the ban is lifted", async () => {
  const { studio, show, host, sam } = await open("Banned");
  const ann = await show.phone(ANN.number, ANN.tone);
  const first = await sam.callOf(ANN.spoken);
  await sam.picksUp(first);
  await sam.by("open-number").click();
  await sam.by("number-banned").check();
  await sam.by("number-save").click();
  await gone(sam);
  await sam.by("caller-banned").waitFor();
  // This call goes on.
  await sam.hears([ANN.tone], [HANNA]);
  await ann.hears([SAM], [HANNA]);
  await ann.hangUp();
  await host.sees("off", first);

  const turnedAway = await studio.phones.call(ANN.number, NUMBER, ANN.tone);
  const report = await turnedAway.ends();
  expect(report.streams).toBe(0);
  // Who called after it is on the desks, and it is not.
  await show.phone(BOB.number, BOB.tone);
  await sam.callOf(BOB.spoken);
  for (const list of ["list-ringing", "list-screened"])
    expect(await sam.by(list).getByText(ANN.spoken).count()).toBe(0);
  const calls = sam.page.locator("[data-testid^=call-][data-line]");
  expect(await calls.count()).toBe(1);

  // The host finds the number among those that are over.
  await host.by("list-over").locator("..").locator("summary").click();
  await host.call(first).getByTestId("choose-call").click();
  await host.by("open-number").click();
  await host.by("number-banned").uncheck();
  await host.by("number-save").click();
  await gone(host);
  await show.phone(ANN.number, ANN.tone);
  await ringing(sam, ANN.spoken);
});

/** A studio with a show, its host and its screener. */
async function open(title: string) {
  const studio = await Studio.open(stage);
  const show = await studio.show(title, NUMBER);
  return { studio, show, host: await show.host("Hanna", HANNA), sam: await show.screener("Sam", SAM) };
}

/** A screener: the id of the call that rings and shows this text. */
async function ringing(screener: Person, text: string): Promise<string> {
  const row = screener.by("list-ringing").locator("[data-line]", { hasText: text });
  return (await row.getAttribute("data-testid"))?.slice("call-".length) ?? "";
}

/** Notes a warning of the number of the call that is looked at. */
async function note(who: Person, warning: string): Promise<void> {
  await who.by("open-number").click();
  await who.by("number-warning").fill(warning);
  await who.by("number-save").click();
  await gone(who);
}

/** Waits until the dialog is gone. */
async function gone(who: Person): Promise<void> {
  await who.by("number-dialog").waitFor({ state: "detached" });
}

/** Waits until something of a desk says this. */
async function says(who: Person, testid: string, text: string | RegExp): Promise<void> {
  await who.by(testid).filter({ hasText: text }).waitFor();
}
