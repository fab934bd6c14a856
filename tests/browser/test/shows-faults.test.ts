/** Call-in shows while things break: pages that are reloaded, sockets that are cut, callers who hang up, a server that is killed. */
import { expect, test, vi } from "vitest";
import { ANN, BOB, CAS, NUMBER } from "../harness/callers.ts";
import { TcpCut } from "../harness/cut.ts";
import { Stage } from "../harness/stage.ts";
import { type Cast, hasRooms, listen, type Person, Studio } from "../harness/studio.ts";

const stage = new Stage();
// On a busy machine; on a quiet one a quarter of it.
vi.setConfig({ testTimeout: 180_000 });

// As in `shows.test.ts`.
const [HANNA, SAM, GINA, HANNAS_PHONE] = [431, 587, 2243, 2411];
/** So long a server that is back, and everybody's place, may take. */
const SOON = 10_000;

test("host, screener and guest reload their pages during a call, and are back where they were", async () => {
  const { show, host, sam } = await open("Reloads");
  const gina = await show.guest("Gina", "Gardens", GINA);
  const GINAS = await sam.callOf("Gina");
  const ann = await show.phone(ANN.number, ANN.tone);
  const ANNS = await sam.callOf(ANN.spoken);
  const cast: Cast = { host, screeners: [sam], callers: [gina, ann] };
  await approve(sam, GINAS);
  await host.does("air", GINAS);
  await sam.picksUp(ANNS);
  const scene = { air: [gina], talks: [[sam, ann]] as const };
  await listen(cast, scene);

  await sam.page.reload();
  await sam.isAtDesk();
  await sam.talksTo(ANNS);
  await listen(cast, scene);
  await host.page.reload();
  await host.isAtDesk();
  await host.sees("on-air", GINAS);
  await listen(cast, scene);
  await gina.page.reload();
  await gina.isAt("on-air");
  await listen(cast, scene);
  // One and the same call, and nobody was hung up.
  await host.sees("on-air", GINAS);
  await host.sees("screening", ANNS);
  expect((await ann.report()).streams).toBe(1);
});

test("sockets of host, screener, guest and telephone are cut, and what they carried goes on", async () => {
  const studio = await Studio.open(stage);
  const show = await studio.show("Cuts", NUMBER);
  const line = await TcpCut.start(studio.server.ports.http);
  stage.atEnd(() => line.close());
  const host = await show.host("Hanna", HANNA, line.url);
  const sam = await show.screener("Sam", SAM, line.url);
  const gina = await show.guest("Gina", "Gardens", GINA, line.url);
  const GINAS = await sam.callOf("Gina");
  const ann = await show.phone(ANN.number, ANN.tone);
  const ANNS = await sam.callOf(ANN.spoken);
  const cast: Cast = { host, screeners: [sam], callers: [gina, ann] };
  await approve(sam, GINAS);
  await host.does("air", GINAS);
  await sam.picksUp(ANNS);
  const scene = { air: [gina], talks: [[sam, ann]] as const };
  await listen(cast, scene);

  line.break();
  await Promise.all([host.by("reconnect-banner").waitFor(), sam.by("reconnect-banner").waitFor()]);
  await gina.page.locator('[data-testid="guest-call"][data-repair="lost"]').waitFor();
  // Sound goes another way.
  await listen(cast, scene);
  line.mend();
  await Promise.all([host.isAtDesk(), sam.isAtDesk()]);
  await gina.page.locator('[data-testid="guest-call"]:not([data-repair="lost"])').waitFor();
  await listen(cast, scene);
  await host.does("hold", GINAS);
  await gina.isAt("hold");

  // The telephone's sound is gone with its socket: the company has it in its conference until it is asked back.
  await ann.cut();
  await ann.is("streams again", ({ streams, verb, stream }) => streams === 2 && verb === "Stream" && !!stream?.open);
  await sam.talksTo(ANNS);
  await listen(cast, { talks: [[sam, ann]] });
});

test("callers hang up while it rings, while they are screened and while they are on the air, and nothing of them stays", async () => {
  const { studio, show, host, sam } = await open("Hang-ups");
  const [ann, bob, cas] = [
    await show.phone(ANN.number, ANN.tone),
    await show.phone(BOB.number, BOB.tone),
    await show.phone(CAS.number, CAS.tone),
  ];
  const [ANNS, BOBS, CASS] = [await sam.callOf(ANN.spoken), await sam.callOf(BOB.spoken), await sam.callOf(CAS.spoken)];
  await approve(sam, CASS);
  await host.does("air", CASS);
  await sam.picksUp(BOBS);
  await listen({ host, screeners: [sam], callers: [ann, bob, cas] }, { air: [cas], talks: [[sam, bob]] });
  await hasRooms(studio, (rooms) => rooms.includes(`screening-${show.id}-${BOBS}`));

  await Promise.all([ann.hangUp(), bob.hangUp(), cas.hangUp()]);
  await host.sees("off", ANNS, BOBS, CASS);
  await host.by("list-over").getByText("Hung up").first().waitFor({ state: "attached" });
  await host.isTold(/Line \d hung up/);
  await sam.page.locator('[data-testid="talking"][data-idle]').waitFor();
  for (const list of ["list-ringing", "list-screened", "list-waiting"]) {
    expect(await sam.by(`${list}-count`).textContent()).toBe("0");
  }
  await hasRooms(studio, (rooms) => !rooms.some((room) => room.startsWith("screening-")));
  await listen({ host, screeners: [sam], callers: [] });
});

test("the server is killed during a show: within ten seconds everybody is back in their place, telephones too", async () => {
  const { studio, show, host, sam } = await open("Killed");
  const [ann, bob, cas] = [
    await show.phone(ANN.number, ANN.tone),
    await show.phone(BOB.number, BOB.tone),
    await show.phone(CAS.number, CAS.tone),
  ];
  const gina = await show.guest("Gina", "Gardens", GINA);
  const [ANNS, BOBS, CASS, GINAS] = [
    await sam.callOf(ANN.spoken),
    await sam.callOf(BOB.spoken),
    await sam.callOf(CAS.spoken),
    await sam.callOf("Gina"),
  ];
  await approve(sam, ANNS, "Ann");
  await approve(sam, GINAS);
  await host.does("air", ANNS);
  await host.does("air", GINAS);
  await host.does("hold", ANNS);
  await sam.picksUp(BOBS);
  const cast: Cast = { host, screeners: [sam], callers: [ann, bob, cas, gina] };
  const scene = { air: [gina], talks: [[sam, bob]] as const };
  await listen(cast, scene);

  await studio.server.kill();
  // What the company does with a stream that is gone.
  await Promise.all([ann.confers(), bob.confers(), cas.confers()]);
  await host.by("reconnect-banner").waitFor();
  await studio.server.run();
  const back = Date.now();
  await Promise.all([
    host.isAtDesk(SOON),
    sam.isAtDesk(SOON),
    gina.isAt("on-air", SOON),
    ...[ann, bob, cas].map((phone) => phone.streams(SOON)),
  ]);
  await sam.talksTo(BOBS);
  await host.sees("hold", ANNS);
  await host.sees("screening", BOBS);
  await host.sees("ringing", CASS);
  await host.sees("on-air", GINAS);
  await listen(cast, scene);
  expect(Date.now() - back).toBeLessThan(SOON);
  await host.by("list-hold").getByText("Ann", { exact: true }).waitFor();

  // And it goes on from there.
  await sam.decides("approve");
  await host.does("air", ANNS);
  await listen(cast, { air: [gina, ann] });
});

test("telephones are switched to the company's conference and back while the show is live", async () => {
  const { studio, show, host, sam } = await open("Switched");
  const [ann, bob] = [await show.phone(ANN.number, ANN.tone), await show.phone(BOB.number, BOB.tone)];
  const [ANNS, BOBS] = [await sam.callOf(ANN.spoken), await sam.callOf(BOB.spoken)];
  const cast: Cast = { host, screeners: [sam], callers: [ann, bob] };
  await approve(sam, ANNS);
  await approve(sam, BOBS);
  await host.does("air", ANNS);
  await listen(cast, { air: [ann] });

  await carry(host, "conference");
  await host.by("fallback-banner").waitFor();
  await Promise.all([ann.confers(), bob.confers()]);
  await host.call(ANNS).getByTestId("badge-conference").waitFor();
  // The host takes part by telephone: the show begins when it does.
  await host.by("open-call-me").click();
  await host.by("call-me-number").fill("+14155550142");
  await host.by("call-me").click();
  await gone(host, "call-me-dialog");
  const own = await studio.phones.called("+14155550142", HANNAS_PHONE);
  // A mailbox presses no key.
  await own.is("is asked for a key", ({ verb }) => verb === "Gather");
  await own.press("1");
  await own.confers();
  const silent = [HANNA, SAM];
  await own.hears([ANN.tone], [BOB.tone, ...silent]);
  await ann.hears([HANNAS_PHONE], [BOB.tone, ...silent]);
  await bob.hears([HANNAS_PHONE, ANN.tone], silent);
  // Air, hold and drop act on the conference.
  await host.does("hold", ANNS);
  await own.hears([], [ANN.tone, BOB.tone]);
  await host.does("air", BOBS);
  await own.hears([BOB.tone], [ANN.tone]);
  await ann.hears([HANNAS_PHONE, BOB.tone], silent);

  await carry(host, "crosspoint");
  await host.by("fallback-banner").waitFor({ state: "detached" });
  await Promise.all([ann.streams(), bob.streams()]);
  await host.sees("hold", ANNS);
  await host.sees("on-air", BOBS);
  await listen(cast, { air: [bob] });
  await host.does("drop", BOBS);
  await host.does("drop-confirm", BOBS);
  await bob.ends();
});

/** A studio with a show, its host and its screener. */
async function open(title: string) {
  const studio = await Studio.open(stage);
  const show = await studio.show(title, NUMBER);
  return { studio, show, host: await show.host("Hanna", HANNA), sam: await show.screener("Sam", SAM) };
}

/** A screener talks to a caller, notes the name if there is one to note, and approves. */
async function approve(screener: Person, id: string, name?: string): Promise<void> {
  await screener.picksUp(id);
  if (name) await screener.by("note-name").fill(name);
  await screener.decides("approve");
  await screener.sees("waiting", id);
}

/** The host has somebody else carry the telephones. */
async function carry(host: Person, media: "crosspoint" | "conference"): Promise<void> {
  await host.by("open-more").click();
  await host.by("open-telephones").click();
  await host.by(`media-${media}`).check();
  await host.by("switch-media").click();
  await gone(host, "telephones-dialog");
}

/** Waits until a dialog is gone. */
async function gone(who: Person, dialog: string): Promise<void> {
  await who.by(dialog).waitFor({ state: "detached" });
}
