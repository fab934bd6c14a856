/** What desks show of what nobody there has done: how lines do, and that it is recorded. */
import { expect, test, vi } from "vitest";
import { ANN, BOB, NUMBER } from "../harness/callers.ts";
import { Stage } from "../harness/stage.ts";
import { type Person, Studio } from "../harness/studio.ts";

const stage = new Stage();
// On a busy machine; on a quiet one a quarter of it.
vi.setConfig({ testTimeout: 180_000 });

// As in `shows.test.ts`.
const [HANNA, SAM] = [431, 587];
/** What the bars say; a busy machine makes a line a little unsteady by itself. */
const [WELL, BAD] = [/^Connection: (excellent|good)$/, /^Connection: poor$/];
/** Late by chance, by up to so many milliseconds: a line that everybody would call bad. */
const UNSTEADY = 400;

test("a line that gets bad shows it on both desks, at this call alone", async () => {
  const { show, host, sam } = await open("Lines");
  const ann = await show.phone(ANN.number, ANN.tone);
  await show.phone(BOB.number, BOB.tone);
  const [ANNS, BOBS] = [await sam.callOf(ANN.spoken), await sam.callOf(BOB.spoken)];
  for (const id of [ANNS, BOBS]) await host.does("approve", id);
  const connect = (id: string, how: RegExp) => Promise.all([host, sam].map((desk) => connects(desk, id, how)));
  await connect(ANNS, WELL);
  await connect(BOBS, WELL);

  await ann.jitter(UNSTEADY);
  await connect(ANNS, BAD);
  await connect(BOBS, WELL);
  // And on the air, where it matters most.
  await host.does("air", ANNS);
  await host.sees("on-air", ANNS);
  await connects(host, ANNS, BAD);
});

test("desks show that it is recorded as long as it is", async () => {
  const { host, sam } = await open("Recorded");
  expect(await host.by("recording").count()).toBe(0);
  const word = await recorder(host);
  await host.isAtDesk();
  word(true);
  await host.by("recording").getByText("Recording").waitFor();
  expect(await sam.by("recording").count()).toBe(0);
  word(false);
  await host.by("recording").waitFor({ state: "detached" });
});

/** A studio with a show, its host and its screener. */
async function open(title: string) {
  const studio = await Studio.open(stage);
  const show = await studio.show(title, NUMBER);
  return { show, host: await show.host("Hanna", HANNA), sam: await show.screener("Sam", SAM) };
}

/** Waits until a desk says this of a call's connection: as somebody is told who does not see the bars. */
async function connects(desk: Person, id: string, how: RegExp): Promise<void> {
  await desk.call(id).getByTestId("line-quality").getByRole("img", { name: how }).waitFor();
}

/** No server here has a recorder: its word is put into the page's socket, among what the server says. */
async function recorder({ page }: Person): Promise<(active: boolean) => void> {
  const sockets: { send(message: string): void }[] = [];
  await page.routeWebSocket(/./, (socket) => {
    socket.connectToServer();
    sockets.push(socket);
  });
  await page.reload();
  return (active) => {
    for (const socket of sockets) socket.send(JSON.stringify({ type: "recording", active }));
  };
}
