/** The written conversation. */
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { Avatar } from "../components/avatar";
import { IconButton } from "../components/button";
import { Empty } from "../components/state-page";
import { timeOfDay } from "../lib/format";
import { type ChatMessage, continues, LONGEST, linkify } from "./chat";
import type { RoomSession } from "./session";

export function ChatPanel({ session }: { session: RoomSession }) {
  const { chat } = session;
  const messages = chat.messages.value;
  const list = useRef<HTMLDivElement>(null);
  // The latest message is in sight, as in every chat.
  useLayoutEffect(() => {
    const element = list.current;
    if (element) element.scrollTop = element.scrollHeight;
  }, [messages.length]);
  return (
    <>
      <div class="chat-list" ref={list} role="log" aria-live="polite" aria-label="Messages">
        {messages.length === 0 && (
          <Empty icon="chat" title="No messages yet" text="What you write here, everybody in the room can read." />
        )}
        {messages.map((message, index) => (
          <Message
            key={message.id}
            message={message}
            before={messages[index - 1]}
            again={() => void chat.again(message.id)}
          />
        ))}
      </div>
      <Composer send={(text) => void chat.send(text)} />
    </>
  );
}

interface MessageProps {
  message: ChatMessage;
  before: ChatMessage | undefined;
  again: () => void;
}

function Message({ message, before, again }: MessageProps) {
  const { from, name, text, at, own, failed } = message;
  const first = !continues(message, before);
  return (
    <div class={`chat-message ${own ? "own" : ""} ${first ? "first" : ""}`} data-testid="chat-message" data-user={from}>
      {first && (
        <div class="chat-author">
          <Avatar identity={from} name={name} size={24} />
          <strong class="truncate">{own ? "You" : name}</strong>
          <time class="faint num">{timeOfDay(at)}</time>
        </div>
      )}
      <p class="chat-text">
        {linkify(text).map((part, index) =>
          part.href ? (
            <a key={`${index}`} href={part.href} target="_blank" rel="noopener noreferrer">
              {part.text}
            </a>
          ) : (
            part.text
          ),
        )}
      </p>
      {failed && (
        <button type="button" class="chat-failed" onClick={again}>
          Not sent. Try again
        </button>
      )}
    </div>
  );
}

function Composer({ send }: { send: (text: string) => void }) {
  const [text, setText] = useState("");
  const field = useRef<HTMLTextAreaElement>(null);
  useEffect(() => field.current?.focus({ preventScroll: true }), []);
  const submit = (event?: Event) => {
    event?.preventDefault();
    if (text.trim() === "") return;
    send(text);
    setText("");
  };
  return (
    <form class="composer" onSubmit={submit}>
      <textarea
        ref={field}
        class="input"
        rows={Math.min(5, Math.max(1, text.split("\n").length))}
        maxLength={LONGEST}
        placeholder="Write to everybody"
        aria-label="Message"
        data-testid="chat-input"
        value={text}
        onInput={(event) => setText(event.currentTarget.value)}
        onKeyDown={(event) => {
          // Enter also ends the choice of a letter in some scripts: that one is not for us.
          if (event.key === "Enter" && !event.shiftKey && !event.isComposing) submit(event);
        }}
      />
      <IconButton icon="send" label="Send" disabled={text.trim() === ""} testid="chat-send" onClick={() => submit()} />
    </form>
  );
}
