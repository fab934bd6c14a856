/** What rooms that mix offer beside what all rooms do: the mix, what one hears, how voices are treated, talkback. */
import type { MixTrack } from "./mix-track.js";
import { type Mixing, USUAL_VOICE } from "./mixing.js";
import { ModeratedRoom } from "./moderation.js";
import type { Listening, VoiceSettings } from "./types.js";

/** The part of a room that is about its mix. Calls resolve when the server took them, and reject when not. */
export abstract class MixedRoom extends ModeratedRoom {
  protected abstract readonly mixing: Mixing;

  /** The room's mix, without one's own voice; absent where the room has none. It plays by itself. */
  get mix(): MixTrack | undefined {
    return this.mixing.track;
  }

  /** What one hears unasked now. */
  get listening(): Readonly<Listening> {
    return this.mixing.listening;
  }

  /** How voices are treated that are not treated as usual, by identity. */
  get voices(): ReadonlyMap<string, VoiceSettings> {
    return this.mixing.voices;
  }

  /** To whom oneself talks alone. */
  get talkingTo(): string | undefined {
    return this.mixing.talkingTo;
  }

  /** Those who talk to oneself alone now. */
  get talkers(): ReadonlySet<string> {
    return this.mixing.talkers;
  }

  /** How somebody's voice is treated, in full. */
  voice(identity: string): VoiceSettings {
    return { ...USUAL_VOICE, ...this.mixing.voices.get(identity) };
  }

  /**
   * Chooses what one hears unasked: the `mix`, or each voice by itself (`tracks`). With an admin grant also whom besides, on
   * the air or not (`preFade`).
   */
  async listen(listening: Listening): Promise<void> {
    await this.confirm({ type: "listen", ...listening });
    this.mixing.chosen = listening.hears;
  }

  /** Sets what somebody else hears, `hold` and `nothing` included; needs an admin grant. */
  listenFor(identity: string, listening: Listening): Promise<void> {
    return this.confirm({ type: "listen", userId: identity, ...listening });
  }

  /**
   * Changes how somebody's voice is treated before it is mixed; needs an admin grant. What is not given stays as it is;
   * `noiseGate: undefined` takes the gate away.
   */
  async setVoice(identity: string, change: Partial<VoiceSettings>): Promise<void> {
    const { voices } = this.mixing;
    const before = voices.get(identity);
    const voice = { ...this.voice(identity), ...change };
    // Taken over at once, so that a second change that is made before the server's echo does not undo the first.
    voices.set(identity, voice);
    try {
      await this.confirm({ type: "voice", userId: identity, voice });
    } catch (error) {
      if (before) voices.set(identity, before);
      else voices.delete(identity);
      throw error;
    }
  }

  /** Talkback: from now on one's own voice goes to this participant alone; `null`: to the room again. Needs an admin grant. */
  async talkTo(identity: string | null): Promise<void> {
    await this.confirm({ type: "talk", ...(identity === null ? {} : { to: identity }) });
    this.mixing.talkingTo = identity ?? undefined;
  }
}
