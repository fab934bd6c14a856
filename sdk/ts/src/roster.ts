/**
 * Who is in the room and what they publish. In: the server's messages, already in order. Out: participants and tracks, and
 * the events about them. Objects live as long as what they stand for, over every kind of reconnection, so that what an
 * application attached stays attached.
 */
import type { AudioPlayer } from "./audio-player.js";
import type { Emitter } from "./emitter.js";
import type { LocalParticipant } from "./local-participant.js";
import type { Participant } from "./participant.js";
import { RemoteParticipant } from "./remote-participant.js";
import { RemoteTrack, type RemoteTrackHome } from "./remote-track.js";
import type { RoomEvents } from "./types.js";
import type { SlotView, Speaker, TrackView, UserQuality, UserView } from "./wire/index.js";

interface Place {
  slot: SlotView;
  media: MediaStreamTrack | undefined;
}

/** The participants of a room. */
export class Roster {
  readonly participants = new Map<string, RemoteParticipant>();
  /** Who speaks, loudest first. */
  speakers: Participant[] = [];

  #tracks = new Map<string, RemoteTrack>();
  /** Where media are; a slot may be told before the track in it. */
  #places = new Map<string, Place>();

  constructor(
    private readonly events: Emitter<RoomEvents>,
    private readonly local: LocalParticipant,
    private readonly home: RemoteTrackHome,
    private readonly player: AudioPlayer,
  ) {}

  /** The track of this id. */
  track(id: string): RemoteTrack | undefined {
    return this.#tracks.get(id);
  }

  /** Takes the whole state of a `joined`. What is wanted of new tracks is for `announceAll`, unless the session went on. */
  sync(users: readonly UserView[], tracks: readonly TrackView[], announces: boolean): void {
    const present = new Set(users.map(({ userId }) => userId));
    for (const id of [...this.participants.keys()]) if (!present.has(id)) this.left(id, "disconnected");
    for (const user of users) {
      this.arrived(user);
      this.syncTracks(
        user.userId,
        tracks.filter(({ userId }) => userId === user.userId),
        announces,
      );
    }
  }

  /** Tells a session what is wanted; one that was `resumed` by a new page also what is not wanted any more. */
  announceAll(resumed: boolean): void {
    for (const track of this.#tracks.values()) track.announce(resumed);
  }

  /** Media of a connection that is no more: what was placed by it will be placed anew. */
  forgetPlaces(): void {
    this.#places.clear();
  }

  /** Somebody came, or is still here. */
  arrived(user: UserView): void {
    const present = this.participants.get(user.userId);
    if (present) {
      this.#update(present, user);
      return;
    }
    const participant = new RemoteParticipant(user);
    this.participants.set(user.userId, participant);
    this.events.emit("participantJoined", participant);
  }

  /** Somebody went. */
  left(userId: string, reason: string): void {
    const participant = this.participants.get(userId);
    if (!participant) return;
    for (const id of [...participant.tracks.keys()]) this.unpublished(id);
    this.participants.delete(userId);
    if (participant.isSpeaking) this.speaking([]);
    this.events.emit("participantLeft", participant, reason);
  }

  /** Everything that somebody publishes now. */
  syncTracks(userId: string, views: readonly TrackView[], announces = true): void {
    const participant = this.participants.get(userId);
    if (!participant) return;
    const fresh = views.filter(({ trackId }) => !participant.tracks.has(trackId));
    for (const track of [...participant.tracks.values()]) {
      const view = views.find(({ trackId }) => trackId === track.id);
      if (view) this.#takeFlags(track, view);
      else this.#replaceOrEnd(track, fresh);
    }
    for (const view of fresh) this.published(view, announces);
  }

  /** A new track. */
  published(view: TrackView, announces = true): void {
    const participant = this.participants.get(view.userId);
    if (!participant || participant.tracks.has(view.trackId)) return;
    const track = new RemoteTrack(participant, view, this.home);
    participant.addTrack(track);
    this.#tracks.set(track.id, track);
    this.events.emit("trackPublished", track, participant);
    if (announces) track.announce();
    const place = this.#places.get(track.id);
    if (place) this.#put(track, place.slot, place.media);
  }

  /** A track is gone. */
  unpublished(id: string): void {
    const track = this.#tracks.get(id);
    if (!track) return;
    this.placed(id, undefined, undefined);
    this.#tracks.delete(id);
    track.participant.removeTrack(id);
    track.end();
    this.player.update(track);
    this.events.emit("trackUnpublished", track, track.participant);
  }

  /** A track's media is somewhere else, or nowhere. */
  placed(id: string, slot: SlotView | undefined, media: MediaStreamTrack | undefined): void {
    if (slot) this.#places.set(id, { slot, media });
    else this.#places.delete(id);
    const track = this.#tracks.get(id);
    if (track) this.#put(track, slot, media);
  }

  /** A publisher's own flag. */
  takeMuted(id: string, muted: boolean): void {
    const track = this.#tracks.get(id);
    if (track) this.#takeFlags(track, { muted });
  }

  /** The room's flag. */
  takeHeld(id: string, held: boolean): void {
    const track = this.#tracks.get(id);
    if (track) this.#takeFlags(track, { held });
  }

  /** What others see of somebody changed. */
  updated(user: UserView): void {
    const participant = this.participants.get(user.userId);
    if (participant) this.#update(participant, user);
  }

  /** Who speaks now. */
  speaking(speakers: readonly Speaker[]): void {
    for (const before of this.speakers) before.takeLevel(undefined);
    this.speakers = [];
    for (const { userId, level } of speakers) {
      const participant = this.#anybody(userId);
      if (!participant || this.speakers.includes(participant)) continue;
      participant.takeLevel(level);
      this.speakers.push(participant);
    }
    this.events.emit("activeSpeakers", [...this.speakers]);
  }

  /** Whose connection changed. */
  qualities(users: readonly UserQuality[]): void {
    for (const { userId, quality } of users) {
      const participant = this.#anybody(userId);
      if (!participant || participant.quality === quality) continue;
      participant.takeQuality(quality);
      this.events.emit("connectionQuality", participant, quality);
    }
  }

  /** The room was left: media stop, without an event for each. */
  close(): void {
    for (const track of this.#tracks.values()) {
      track.end();
      this.player.update(track);
    }
    this.#tracks.clear();
    this.#places.clear();
  }

  /** After a rejoin the same microphone has another id: what was attached to it stays attached. */
  #replaceOrEnd(track: RemoteTrack, fresh: TrackView[]): void {
    const index = fresh.findIndex(
      ({ kind, source, name }) => kind === track.kind && source === track.source && name === track.name,
    );
    const view = fresh[index];
    if (!view) {
      this.unpublished(track.id);
      return;
    }
    fresh.splice(index, 1);
    this.#tracks.delete(track.id);
    this.#places.delete(track.id);
    track.participant.removeTrack(track.id);
    track.takeView({ ...view, muted: track.muted, held: track.held });
    track.participant.addTrack(track);
    this.#tracks.set(track.id, track);
    this.#takeFlags(track, view);
    const place = this.#places.get(track.id);
    if (place) this.#put(track, place.slot, place.media);
  }

  #put(track: RemoteTrack, slot: SlotView | undefined, media: MediaStreamTrack | undefined): void {
    const { layer, paused } = track;
    const { participant } = track;
    const changed = track.takeSlot(slot, media);
    this.player.update(track);
    if (changed) this.events.emit(media ? "trackSubscribed" : "trackUnsubscribed", track, participant);
    else if (layer !== track.layer || paused !== track.paused) {
      this.events.emit("trackStreamChanged", track, participant);
    }
  }

  #takeFlags(track: RemoteTrack, now: Partial<TrackView>): void {
    const { muted, held } = track;
    track.takeView(now);
    if (track.muted !== muted) this.events.emit(track.muted ? "trackMuted" : "trackUnmuted", track, track.participant);
    if (track.held !== held) this.events.emit("trackHeld", track, track.participant);
  }

  #update(participant: RemoteParticipant, user: UserView): void {
    const before = JSON.stringify([participant.name, participant.metadata, participant.attributes]);
    participant.takeView(user);
    const now = JSON.stringify([participant.name, participant.metadata, participant.attributes]);
    if (before !== now) this.events.emit("participantUpdated", participant);
  }

  #anybody(userId: string): Participant | undefined {
    return userId === this.local.identity ? this.local : this.participants.get(userId);
  }
}
