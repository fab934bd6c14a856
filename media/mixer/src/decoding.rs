//! The decoder of a voice: the next packet, or what stands in for it.

use std::sync::Arc;

use crosspoint_codec::opus::Decoder;
use crosspoint_dsp::FRAME;

use crate::queue::Queued;
use crate::receiver::{CONCEALED, Receiver, State};

impl Receiver {
    /// Decodes the next packet, or what stands in for it.
    pub(crate) fn decode_next(&mut self) {
        self.queue.drop_before(self.next);
        let Some(front) = self.queue.front() else { return self.underrun() };
        let gap = front.media - self.next_media;
        if front.sequence == self.next {
            if gap > 0 {
                return self.pause(gap);
            }
            let Some(packet) = self.queue.pop() else { return };
            return self.decode(&packet);
        }
        let missing = front.sequence - self.next;
        if missing > u64::from(CONCEALED) || gap <= 0 {
            // Too much for making it up: go on with what there is.
            (self.next, self.next_media) = (front.sequence, front.media);
            self.fade_in = true;
            return;
        }
        let next = (missing == 1).then(|| front.payload.clone());
        self.stand_in(next.as_ref());
    }

    pub(crate) fn decode(&mut self, packet: &Queued) {
        let Some(decoder) = decoder(&mut self.decoder, self.stereo) else { return self.rest() };
        let before = self.sound.len();
        match decoder.decode(&packet.payload, &mut self.sound) {
            Ok(_) => self.figures.decoded += 1,
            Err(_) => {
                self.figures.invalid += 1;
                self.sound.resize(before + packet.samples * if self.stereo { 2 } else { 1 }, 0.0);
            }
        }
        self.lost_in_a_row = 0;
        self.length = packet.samples;
        self.next = packet.sequence + 1;
        self.next_media = packet.media + packet.samples as i64;
    }

    /// Makes up a lost packet, from the one behind it where that knows it.
    pub(crate) fn stand_in(&mut self, next: Option<&Arc<[u8]>>) {
        let (length, stereo) = (self.length, self.stereo);
        let Some(decoder) = decoder(&mut self.decoder, stereo) else { return self.rest() };
        let before = self.sound.len();
        let made = match next {
            Some(next) => decoder.recover(next, length, &mut self.sound),
            None => decoder.conceal(length, &mut self.sound),
        };
        if made.is_err() {
            self.sound.resize(before + length * if stereo { 2 } else { 1 }, 0.0);
        }
        if next.is_some() {
            self.figures.recovered += 1;
        } else {
            self.figures.concealed += 1;
        }
        self.next += 1;
        self.next_media += length as i64;
    }

    /// The sender pauses (DTX): silence in the meantime.
    fn pause(&mut self, gap: i64) {
        let samples = usize::try_from(gap).unwrap_or(0).min(FRAME);
        self.sound.resize(self.sound.len() + samples * self.channels(), 0.0);
        self.next_media += samples as i64;
    }

    /// Nothing is there: make something up for a while, then give up.
    fn underrun(&mut self) {
        self.figures.underruns += u64::from(self.lost_in_a_row == 0);
        self.lost_in_a_row += 1;
        if self.lost_in_a_row > CONCEALED || self.next_media > self.loud_until {
            self.state = State::Idle;
            return;
        }
        // The packet may only be late: its number is kept, and the sound gets later by what is made up here.
        let (next, media) = (self.next, self.next_media);
        self.stand_in(None);
        (self.next, self.next_media) = (next, media);
    }
}

fn decoder(slot: &mut Option<Decoder>, stereo: bool) -> Option<&mut Decoder> {
    if slot.is_none() {
        *slot = Decoder::new(stereo).ok();
    }
    slot.as_mut()
}
