/** Two hosts at once: both desks show the same, both are heard, and of two who want different things of a call the first has it. */
import { expect, test, vi } from "vitest";
import { ANN, BOB, NUMBER } from "../harness/callers.ts";
import { Stage } from "../harness/stage.ts";
import { type Cast, listen, type Person, Studio } from "../harness/studio.ts";

const stage = new Stage();
// On a busy machine; on a quiet one a quarter of it.
vi.setConfig({ testTimeout: 180_000 });

// As in `shows.test.ts`.
const [HANNA, HUGO] = [431, 587];

test("what one host does the other sees, and both hear every caller and each other", async () => {
  const { hanna, hugo, ann, bob, cast, ANNS, BOBS } = await open("Two hosts");
  const both = [hanna, hugo] as const;
  await hanna.by("staff").getByText("Hugo, host").waitFor();
  await hugo.by("staff").getByText("Hanna, host").waitFor();
  await listen(cast, { air: [hugo] });

  await hanna.does("air", ANNS);
  await Promise.all(both.map((host) => host.sees("on-air", ANNS)));
  await listen(cast, { air: [hugo, ann] });

  // Notes that one writes the other reads.
  await hugo.call(ANNS).getByTestId("choose-call").click();
  await hugo.by("note-name").fill("Ann");
  await hanna.call(ANNS).getByText("Ann", { exact: true }).waitFor();

  // One makes somebody next, the other takes them.
  await hugo.does("next", BOBS);
  await hanna.sees("next", BOBS);
  await hanna.by("take-next").click();
  await Promise.all(both.map((host) => host.sees("on-air", BOBS)));
  await Promise.all(both.map((host) => host.sees("hold", ANNS)));
  await listen(cast, { air: [hugo, bob] });
  await hugo.does("hold", BOBS);
  await Promise.all(both.map((host) => host.sees("hold", ANNS, BOBS)));
  await listen(cast, { air: [hugo] });
});

test("of two hosts who want different things of a call the first has it, and the other is told", async () => {
  const { studio, show, hanna, hugo, ann, bob, cast, ANNS, BOBS } = await open("Contested");
  const both = [hanna, hugo] as const;

  // Both put the same caller on the air: that is what both wanted, and nobody complains.
  const air = await delays(hugo, `/calls/${ANNS}/air`);
  await hugo.does("air", ANNS);
  await hanna.does("air", ANNS);
  await Promise.all(both.map((host) => host.sees("on-air", ANNS)));
  air();
  await hugo.hasDone();
  expect(await hugo.by("toast").count()).toBe(0);
  const aired = (await events(studio, show.id, ANNS)).filter((what) => what === "aired");
  expect(aired).toEqual(["aired"]);

  // Both take the next one, and only one waits: the second does not put on hold whom the first took.
  const take = await delays(hugo, `/${show.id}/next`);
  await hanna.does("lock", ANNS);
  await hugo.by("take-next").click();
  await hanna.by("take-next").click();
  await hanna.sees("on-air", ANNS, BOBS);
  take();
  await hugo.isTold("Nobody waits");
  await Promise.all(both.map((host) => host.sees("on-air", ANNS, BOBS)));
  await listen(cast, { air: [hugo, ann, bob] });

  // One holds whom the other sends back to a screener.
  const hold = await delays(hugo, `/calls/${BOBS}/hold`);
  await hugo.does("hold", BOBS);
  await hanna.inspects(BOBS, "screen");
  await hanna.sees("screened", BOBS);
  hold();
  await hugo.isTold("it is not on the air");
  await Promise.all(both.map((host) => host.sees("screened", BOBS)));

  // One puts on the air whom the other drops.
  await hugo.does("approve", BOBS);
  const again = await delays(hugo, `/calls/${BOBS}/air`);
  await hugo.does("air", BOBS);
  await hanna.does("drop", BOBS);
  await hanna.does("drop-confirm", BOBS);
  await bob.ends();
  again();
  await hugo.isTold("the call is over");
  await Promise.all(both.map((host) => host.sees("dropped", BOBS)));
  await listen({ ...cast, callers: cast.callers.filter((caller) => caller !== bob) }, { air: [hugo, ann] });
});

/** A show with two hosts, and two callers whom they approved: one each. */
async function open(title: string) {
  const studio = await Studio.open(stage);
  const show = await studio.show(title, NUMBER);
  const [hanna, hugo] = [await show.host("Hanna", HANNA), await show.host("Hugo", HUGO)];
  const [ann, bob] = [await show.phone(ANN.number, ANN.tone), await show.phone(BOB.number, BOB.tone)];
  const [ANNS, BOBS] = [await hanna.callOf(ANN.spoken), await hugo.callOf(BOB.spoken)];
  await hanna.does("approve", ANNS);
  await hugo.does("approve", BOBS);
  await Promise.all([hanna.sees("waiting", ANNS, BOBS), hugo.sees("waiting", ANNS, BOBS)]);
  // Hugo is an ear among the others, and in every scene on the air.
  const cast: Cast = { host: hanna, screeners: [], callers: [hugo, ann, bob] };
  return { studio, show, hanna, hugo, ann, bob, cast, ANNS, BOBS };
}

/** What a page asks for at this address is under way until it is let through: somebody else is quicker, every time. */
async function delays({ page }: Person, path: string): Promise<() => void> {
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  await page.route(`**${path}`, async (route) => {
    await released;
    await route.continue();
  });
  return release;
}

/** What happened with a call, as the server has it written down. */
async function events(studio: Studio, show: string, call: string): Promise<string[]> {
  const answer = await fetch(`${studio.server.url}/api/shows/${show}/calls/${call}/events`);
  const body = (await answer.json()) as { events?: { what: string }[] } | { what: string }[];
  return (Array.isArray(body) ? body : (body.events ?? [])).map(({ what }) => what);
}
