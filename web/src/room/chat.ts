/** The room's written conversation: data messages of topic `chat`. Kept over a reload of the tab. */
import type { DataMessage, Room } from "@crosspoint/client";
import { signal } from "@preact/signals";
import { randomLetters } from "../lib/identity";
import { tab } from "../lib/storage";

export const TOPIC = "chat";
/** As many as are kept. */
const MOST = 300;
/** The longest message in letters. */
export const LONGEST = 4000;
/** Messages of one person within this time stand under one name, in milliseconds. */
const TOGETHER = 3 * 60_000;

export interface ChatMessage {
  id: string;
  from: string;
  name: string;
  text: string;
  at: number;
  own: boolean;
  /** It could not be sent. */
  failed?: boolean;
}

/** The conversation of one room. */
export class Chat {
  readonly messages = signal<ChatMessage[]>([]);
  readonly unread = signal(0);
  /** Is it being looked at? */
  readonly open = signal(false);
  #room: Room | undefined;

  constructor(
    private readonly key: string,
    private readonly arrived: (message: ChatMessage) => void,
  ) {
    this.messages.value = tab.read<ChatMessage[]>(`chat:${key}`, []);
  }

  follow(room: Room): void {
    this.#room = room;
    room.on("data", (message) => {
      if (message.topic === TOPIC) this.#receive(message);
    });
  }

  /** Looks at it, or not any more. */
  look(open: boolean): void {
    this.open.value = open;
    if (open) this.unread.value = 0;
  }

  /** Says something to everybody. */
  async send(text: string): Promise<void> {
    const room = this.#room;
    const said = text.trim().slice(0, LONGEST);
    if (!room || said === "") return;
    const { identity, name } = room.localParticipant;
    const message: ChatMessage = { id: randomLetters(10), from: identity, name, text: said, at: Date.now(), own: true };
    this.#add(message);
    await this.#deliver(message);
  }

  /** Tries again to send a message that failed. */
  async again(id: string): Promise<void> {
    const message = this.messages.value.find((one) => one.id === id);
    if (!message) return;
    this.#mark(id, false);
    await this.#deliver(message);
  }

  async #deliver({ id, text }: ChatMessage): Promise<void> {
    try {
      await this.#room?.send({ id, text }, { topic: TOPIC });
    } catch {
      this.#mark(id, true);
    }
  }

  #receive(message: DataMessage): void {
    const body = readBody(message.text());
    if (!body || this.messages.value.some(({ id }) => id === body.id)) return;
    const name = message.participant?.name ?? message.from;
    const added = { ...body, from: message.from, name, at: Date.now(), own: false };
    this.#add(added);
    if (this.open.value) return;
    this.unread.value += 1;
    this.arrived(added);
  }

  #add(message: ChatMessage): void {
    this.messages.value = [...this.messages.value, message].slice(-MOST);
    this.#save();
  }

  #mark(id: string, failed: boolean): void {
    this.messages.value = this.messages.value.map((one) => (one.id === id ? { ...one, failed } : one));
    this.#save();
  }

  #save(): void {
    tab.write(`chat:${this.key}`, this.messages.value);
  }
}

/** What somebody sent: our own shape, or plain text from another program. */
export function readBody(raw: string): { id: string; text: string } | undefined {
  let body: unknown;
  try {
    body = JSON.parse(raw);
  } catch {
    body = raw;
  }
  const fields = typeof body === "object" && body !== null ? (body as Record<string, unknown>) : { text: body };
  const text = typeof fields.text === "string" ? fields.text.slice(0, LONGEST) : "";
  if (text.trim() === "") return undefined;
  return { id: typeof fields.id === "string" ? fields.id.slice(0, 64) : randomLetters(10), text };
}

/** Does a message stand under the name of the one before? */
export function continues(message: ChatMessage, before: ChatMessage | undefined): boolean {
  return before !== undefined && before.from === message.from && message.at - before.at < TOGETHER;
}

/** Text cut into plain parts and web addresses. */
export function linkify(text: string): { text: string; href?: string }[] {
  const parts: { text: string; href?: string }[] = [];
  let at = 0;
  for (const match of text.matchAll(/https?:\/\/[^\s<>"]+[^\s<>".,;:!?)\]]/g)) {
    if (match.index > at) parts.push({ text: text.slice(at, match.index) });
    parts.push({ text: match[0], href: match[0] });
    at = match.index + match[0].length;
  }
  if (at < text.length) parts.push({ text: text.slice(at) });
  return parts;
}
