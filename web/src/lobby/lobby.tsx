/** The lobby: see oneself, choose a room, go in. Also in front of a room that was opened by its address. */
import { useEffect, useMemo, useState } from "preact/hooks";
import { OperatorHead } from "../components/operator-head";
import { invitation } from "../lib/arrival";
import { claimsOf } from "../lib/claims";
import { enter } from "./door";
import { firstName, JoinForm } from "./join-form";
import "./lobby.css";
import { Preview } from "./preview";
import { PreviewCard, WatchCard } from "./preview-card";
import { RoomsList, useOpenRooms } from "./rooms-list";

export function Lobby({ room: fixedRoom }: { room?: string }) {
  const invited = invitation.value;
  const token = invited && invited.room === fixedRoom ? invited.token : undefined;
  const watches = token !== undefined && claimsOf(token)?.publishes === false;
  const preview = useMemo(() => new Preview(), []);
  const [name, setName] = useState(() => firstName(token));
  const [room, setRoom] = useState(fixedRoom ?? "");
  const open = useOpenRooms();
  useEffect(() => {
    document.title = fixedRoom ? `${fixedRoom} · Crosspoint` : "Crosspoint";
    if (!watches) void preview.start();
    return () => preview.close();
  }, [preview, fixedRoom, watches]);
  return (
    <div class="page lobby">
      <OperatorHead present="lobby" />
      <main class="lobby-main">
        {watches ? <WatchCard /> : <PreviewCard preview={preview} name={name} />}
        <section class="lobby-side" aria-labelledby="lobby-title">
          <h1 id="lobby-title">{fixedRoom ? "Ready to join?" : "Join a room"}</h1>
          <JoinForm
            fixedRoom={fixedRoom}
            token={token}
            room={room}
            setRoom={setRoom}
            name={name}
            setName={setName}
            open={open}
            enter={(entry) => enter(entry, preview)}
          />
        </section>
        {fixedRoom === undefined && <RoomsList open={open} onPick={setRoom} />}
      </main>
    </div>
  );
}
