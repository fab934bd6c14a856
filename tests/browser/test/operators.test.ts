/** A server that hands out nothing to strangers: an operator logs in with the admin key and invites people. */
import type { Locator, Page } from "playwright-core";
import { expect, test } from "vitest";
import { freshRoom, Stage } from "../harness/stage.ts";
import { until } from "../harness/wait.ts";

const ADMIN_KEY = "the key of the operators";
const stage = new Stage();
const server = stage.server({ "admin.key": ADMIN_KEY, "log.level": "debug" });

test("an operator's links bring one guest in to take part and one to watch, and no log knows their tokens", async () => {
  const room = `${freshRoom()}.v1.2`;
  await makeRoom(room);
  const operator = await screen();
  await operator.goto(`${server.url}/dashboard`);
  await by(operator, "admin-key").fill(ADMIN_KEY);
  await by(operator, "admin-enter").click();
  await by(operator, "dashboard-room-row").getByRole("link", { name: room }).click();

  await by(operator, "invite-to-room").click();
  await by(operator, "invite-name").fill("Ann");
  const annLink = await copied(operator);
  await by(operator, "invite-view").check({ force: true });
  await by(operator, "invite-name").fill("");
  await by(operator, "invite-lives").selectOption({ label: "7 days" });
  const guestLink = await copied(operator);
  expect(days(guestLink)).toBeCloseTo(7, 1);

  const ann = await screen();
  await ann.goto(annLink);
  expect(await by(ann, "lobby-name").inputValue()).toBe("Ann");
  expect(ann.url(), "the token does not stay in the address").not.toContain("token");
  await by(ann, "lobby-join").click();
  await by(ann, "room").waitFor();

  const guest = await screen();
  await guest.goto(guestLink);
  await by(guest, "lobby-watch").waitFor();
  expect(await by(guest, "lobby-preview").count()).toBe(0);
  await by(guest, "lobby-name").fill("Gus");
  await by(guest, "lobby-join").click();
  await by(guest, "view-only").waitFor();
  expect(await by(guest, "toggle-camera").count()).toBe(0);
  const picture = guest.locator('[data-testid="tile"][data-local="false"] video');
  await until("the guest sees ann", () =>
    picture.evaluate((video: HTMLVideoElement) => video.getVideoPlaybackQuality().totalVideoFrames > 10),
  );
  for (const link of [annLink, guestLink]) expect(server.log).not.toContain(tokenOf(link));
});

test("a host invites from inside the room; a guest cannot, and a stranger needs an invitation", async () => {
  const room = freshRoom();
  const { token } = await mint({ room, identity: "hugh", name: "Hugh", admin: true });
  const host = await screen();
  await host.goto(`${server.url}/room/${room}#token=${token}`);
  await by(host, "lobby-join").click();
  await by(host, "room").waitFor();
  await by(host, "invite").click();
  const link = await by(host, "invite-token-link").inputValue();

  const guest = await screen();
  await guest.goto(link);
  await by(guest, "lobby-name").fill("Gus");
  await by(guest, "lobby-join").click();
  await by(guest, "room").waitFor();
  await by(guest, "invite").click();
  await by(guest, "ask-the-host").waitFor();

  const stranger = await screen();
  await stranger.goto(`${server.url}/room/${room}`);
  await by(stranger, "lobby-name").fill("Sid");
  await by(stranger, "lobby-join").click();
  await by(stranger, "lobby-token").waitFor();
});

test("on an empty server an operator makes a room, and whom the link makes its host finds every button beside a long name", async () => {
  const room = freshRoom();
  const operator = await screen();
  await operator.goto(`${server.url}/dashboard`);
  await by(operator, "admin-key").fill("not the key of the operators");
  await by(operator, "admin-enter").click();
  await operator.getByText("This is not the admin key.").waitFor();
  await by(operator, "admin-key").fill(ADMIN_KEY);
  await by(operator, "admin-enter").click();
  await by(operator, "new-room").click();
  await by(operator, "lobby-room").fill(room);
  await by(operator, "make-room").click();
  await by(operator, "invite-host").check({ force: true });
  const link = await copied(operator);

  const host = await screen();
  await host.goto(link);
  await by(host, "lobby-name").fill("Wolfeschlegelsteinhausenbergerdorffwelchevoralte");
  await by(host, "lobby-join").click();
  await by(host, "room").waitFor();
  await by(host, "invite").click();
  await host.getByText("Who opens it needs an invitation of their own.").waitFor();
  await by(host, "invite-token-link").waitFor();
  await host.keyboard.press("Escape");
  for (const width of [1280, 390]) {
    await host.setViewportSize({ width, height: 800 });
    await host.keyboard.press("p");
    const menu = by(host, "participant-menu");
    await menu.waitFor();
    const edge = await menu.evaluate((button) => button.getBoundingClientRect().right);
    expect(edge, "the row ends in the panel").toBeLessThanOrEqual(width);
    await host.keyboard.press("i");
    await by(host, "track-stats").first().waitFor();
    const beyond = await by(host, "stats").evaluate((panel) => panel.scrollWidth - panel.clientWidth);
    expect(beyond, "nothing stands out of the statistics").toBe(0);
    await host.keyboard.press("i");
  }
});

async function screen(): Promise<Page> {
  const permissions = ["camera", "microphone", "clipboard-read", "clipboard-write"];
  const context = await stage.browser.newContext({ permissions, viewport: { width: 1280, height: 800 } });
  stage.atEnd(() => context.close());
  return context.newPage();
}

/** Presses the button, and gives what is on the clipboard then. */
async function copied(page: Page): Promise<string> {
  await by(page, "make-invite").click();
  const link = await by(page, "operator-invite-link").inputValue();
  await until("the link is copied", async () => (await page.evaluate(() => navigator.clipboard.readText())) === link);
  return link;
}

function tokenOf(link: string): string {
  const token = new URLSearchParams(new URL(link).hash.slice(1)).get("token");
  if (!token) throw new Error(`no token in ${link}`);
  return token;
}

/** How long a link can be used. */
function days(link: string): number {
  const claims = JSON.parse(Buffer.from(tokenOf(link).split(".")[1] ?? "", "base64url").toString());
  return (claims.exp - Date.now() / 1000) / 86_400;
}

async function makeRoom(roomId: string): Promise<void> {
  expect((await post("/api/rooms", { roomId })).status).toBe(201);
}

async function mint(wanted: unknown): Promise<{ token: string }> {
  return (await post("/api/token", wanted)).json() as Promise<{ token: string }>;
}

function post(path: string, body: unknown): Promise<Response> {
  const headers = { authorization: `Bearer ${ADMIN_KEY}`, "content-type": "application/json" };
  return fetch(`${server.url}${path}`, { method: "POST", headers, body: JSON.stringify(body) });
}

function by(page: Page, testid: string): Locator {
  return page.getByTestId(testid);
}
