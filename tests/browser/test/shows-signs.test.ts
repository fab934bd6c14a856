/** What desks show of what nobody there has done: how lines do, and that it is recorded. */
import { expect, test, vi } from "vitest";
import { Stage } from "../harness/stage.ts";
import { type Person, Studio } from "../harness/studio.ts";

const stage = new Stage();
// On a busy machine; on a quiet one a quarter of it.
vi.setConfig({ testTimeout: 180_000 });

// As in `shows.test.ts`.
const [HANNA, SAM] = [431, 587];
const [ANN, BOB] = [
  { number: "+14155550101", spoken: "+1 415 555 0101", tone: 853 },
  { number: "+14155550102", spoken: "+1 415 555 0102", tone: 1049 },
] as const;
const NUMBER = "+14155550100";
/** Late by chance, by up to so many milliseconds: a line that everybody would call bad. */
const UNSTEADY = 400;

test("a line that gets bad shows it on every desk, at this call alone, and that it is well again", async () => {
  const { show, host, sam } = await open("Lines");
  const ann = await show.phone(ANN.number, ANN.tone);
  await show.phone(BOB.number, BOB.tone);
  const [ANNS, BOBS] = [await sam.callOf(ANN.spoken), await sam.callOf(BOB.spoken)];
  for (const id of [ANNS, BOBS]) await host.does("approve", id);
  await host.does("air", ANNS);
  await host.sees("on-air", ANNS);
  const both = (id: string, quality: string) => Promise.all([host, sam].map((desk) => connects(desk, id, quality)));
  await both(ANNS, "excellent");
  await both(BOBS, "excellent");

  await ann.jitter(UNSTEADY);
  await both(ANNS, "poor");
  await both(BOBS, "excellent");
  // Closely, in figures.
  await host.call(ANNS).getByTestId("choose-call").click();
  await host.by("line-figures").getByText("Jitter").waitFor();
  await ann.jitter(0);
  await both(ANNS, "excellent");
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

/** Waits until the row of a call says how its connection is: as somebody is told who does not see the bars. */
async function connects(desk: Person, id: string, quality: string): Promise<void> {
  await desk
    .by(`call-${id}`)
    .getByRole("img", { name: `Connection: ${quality}` })
    .first()
    .waitFor();
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
