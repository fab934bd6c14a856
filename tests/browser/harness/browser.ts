/** Chromium with fake devices. */
import { type Browser, chromium } from "playwright-core";

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--use-fake-ui-for-media-stream",
  "--use-fake-device-for-media-stream=fps=30",
  "--autoplay-policy=no-user-gesture-required",
];

/** ICE over 127.0.0.1 is something that Chromium does only when told to. */
const LOOPBACK = "--allow-loopback-in-peer-connection";

/** How to start it, where it is not the usual way. */
export interface BrowserOptions {
  /** More flags. */
  flags?: string[];
  /** May ICE use the loopback interface? Default true. */
  loopback?: boolean;
  /** What to start in place of Chromium: a wrapper of it. */
  executable?: string;
}

/** Starts one with a profile of its own, which goes with it. */
export function launch({
  flags = [],
  loopback = true,
  executable = chromiumPath(),
}: BrowserOptions = {}): Promise<Browser> {
  return chromium.launch({
    executablePath: executable,
    headless: true,
    args: [...FLAGS, ...(loopback ? [LOOPBACK] : []), ...flags],
  });
}

/** Where Chromium is. */
export function chromiumPath(): string {
  return process.env.CHROMIUM ?? "/usr/bin/chromium";
}
