/** A host is with one caller alone: talks to somebody whom nobody else is to hear it, and listens to somebody who is not on the air. */
import { test, vi } from "vitest";
import { ANN, BOB, CAS, NUMBER } from "../harness/callers.ts";
import { Stage } from "../harness/stage.ts";
import { type Cast, listen, type Person, Studio } from "../harness/studio.ts";
import { until } from "../harness/wait.ts";

const stage = new Stage();
// On a busy machine; on a quiet one a quarter of it.
vi.setConfig({ testTimeout: 180_000 });

// As in `shows.test.ts`.
const [HANNA, SAM, GINA] = [431, 587, 2243];
/** A press of this many milliseconds is none that stays on. */
const LONG = 600;

test("a host talks to a caller who waits, and neither the air nor anybody else hears it", async () => {
  const { host, sam, ann, bob, cas, cast, BOBS } = await open("Talkback");
  const alone = async () => {
    await host.by("talking-banner").getByText("Only Bob hears you now.").waitFor();
    await Promise.all([
      // Who waits goes on hearing the show, and hears the host besides.
      bob.hears([HANNA, ANN.tone], [SAM, CAS.tone, BOB.tone]),
      ann.hears([], [HANNA, SAM, BOB.tone, CAS.tone]),
      sam.hears([ANN.tone], [HANNA, BOB.tone, CAS.tone]),
      cas.hears([ANN.tone], [HANNA, SAM, BOB.tone]),
      host.hears([ANN.tone], [SAM, BOB.tone, CAS.tone]),
    ]);
  };
  const toAll = async () => {
    await host.by("talking-banner").waitFor({ state: "detached" });
    await listen(cast, { air: [ann] });
  };

  // A short press stays on.
  await chooses(host, BOBS);
  await host.by("talk-person").click();
  await alone();
  await host.by("end-talk").click();
  await toAll();

  // A long one ends when it is let go.
  await host.by("talk-person").hover();
  const pressed = Date.now();
  await host.page.mouse.down();
  await alone();
  await until("the press is a long one", () => Date.now() - pressed > LONG);
  await host.page.mouse.up();
  await toAll();

  // Who is heard by one alone is not on the air because that one hangs up, and sees so.
  await host.by("talk-person").click();
  await alone();
  await bob.hangUp();
  await host.sees("off", BOBS);
  await host.by("talking-banner").getByText("nobody hears you").waitFor();
  await Promise.all([ann, sam].map((other) => other.hears([], [HANNA])));
  await host.by("end-talk").click();
  await host.by("talking-banner").waitFor({ state: "detached" });
  await Promise.all([ann, sam].map((other) => other.hears([HANNA], [])));
});

test("a host hears a caller before the air, and the air does not", async () => {
  const { host, sam, ann, bob, cas, cast, ANNS, BOBS } = await open("Pre-fade");
  const unheard = () =>
    Promise.all([
      ann.hears([HANNA], [SAM, BOB.tone, CAS.tone]),
      sam.hears([HANNA, ANN.tone], [BOB.tone, CAS.tone]),
      cas.hears([HANNA, ANN.tone], [SAM, BOB.tone]),
      bob.hears([HANNA, ANN.tone], [SAM, BOB.tone, CAS.tone]),
    ]);
  await chooses(host, BOBS);
  await host.by("listen-person").click();
  await host.by("listening-banner").getByText("You hear Bob besides the programme.").waitFor();
  await host.hears([ANN.tone, BOB.tone], [HANNA, SAM, CAS.tone]);
  await unheard();

  // On hold it is the same; one at a time is listened to, and the choice of a call is not the choice of a voice.
  await host.does("hold", ANNS);
  await host.hears([BOB.tone], [ANN.tone, CAS.tone]);
  await chooses(host, ANNS);
  await host.by("listen-person").click();
  await host.by("listening-banner").getByText("You hear Ann besides the programme.").waitFor();
  await host.hears([ANN.tone], [BOB.tone, CAS.tone]);
  await bob.hears([HANNA], [SAM, ANN.tone, CAS.tone]);

  // Listened to and talked to: a conversation that is nobody's else.
  await host.by("talk-person").click();
  await Promise.all([
    ann.hears([HANNA], [SAM, BOB.tone, CAS.tone]),
    host.hears([ANN.tone], [SAM, BOB.tone, CAS.tone]),
    ...[sam, bob, cas].map((other) => other.hears([], [HANNA, ANN.tone, BOB.tone, CAS.tone])),
  ]);
  await host.by("end-talk").click();
  await host.by("end-listen").click();
  await host.by("listening-banner").waitFor({ state: "detached" });
  await listen(cast);
});

test("a host is alone with a guest in a browser, whose page hears it", async () => {
  const { show, host, sam, ann, cast } = await open("Alone with a guest");
  const gina = await show.guest("Gina", "Gardens", GINA);
  const GINAS = await sam.callOf("Gina");
  await sam.does("pick-up", GINAS);
  await sam.talksTo(GINAS);
  await sam.decides("approve");
  await chooses(host, GINAS);
  await host.by("talk-person").click();
  await host.by("listen-person").click();
  await Promise.all([
    gina.hears([HANNA, ANN.tone], [SAM, GINA]),
    host.hears([ANN.tone, GINA], [SAM, BOB.tone]),
    ann.hears([], [HANNA, GINA]),
    sam.hears([ANN.tone], [HANNA, GINA]),
  ]);
  await host.by("end-talk").click();
  await host.by("end-listen").click();
  await listen({ ...cast, callers: [...cast.callers, gina] }, { air: [ann] });
});

/** A show with Ann on the air, Bob who waits, and Cas who rings. */
async function open(title: string) {
  const studio = await Studio.open(stage);
  const show = await studio.show(title, NUMBER);
  const [host, sam] = [await show.host("Hanna", HANNA), await show.screener("Sam", SAM)];
  const [ann, bob, cas] = [
    await show.phone(ANN.number, ANN.tone),
    await show.phone(BOB.number, BOB.tone),
    await show.phone(CAS.number, CAS.tone),
  ];
  const [ANNS, BOBS] = [await sam.callOf(ANN.spoken), await sam.callOf(BOB.spoken)];
  await approve(sam, ANNS, "Ann");
  await approve(sam, BOBS, "Bob");
  await host.does("air", ANNS);
  const cast: Cast = { host, screeners: [sam], callers: [ann, bob, cas] };
  await listen(cast, { air: [ann] });
  return { show, host, sam, ann, bob, cas, cast, ANNS, BOBS };
}

/** A screener talks to a caller, notes the name, and approves. */
async function approve(screener: Person, id: string, name: string): Promise<void> {
  await screener.picksUp(id);
  await screener.by("note-name").fill(name);
  await screener.decides("approve");
  await screener.sees("waiting", id);
}

/** A host looks at a call closely. */
async function chooses(host: Person, id: string): Promise<void> {
  await host.call(id).getByTestId("choose-call").click();
  await host.page.locator(`[data-testid="inspector"][data-call="${id}"]`).waitFor();
}
