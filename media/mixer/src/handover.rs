//! The packets of a lone talker, given out as they are, and the way back to a decoder.

use std::sync::Arc;
use std::time::Instant;

use crosspoint_dsp::FRAME;

use crate::queue::Queued;
use crate::receiver::{CONCEALED, FAR_TOO_LATE, HANG, Receiver, State, TOO_LATE, to_micros};

/// So many packets that were passed on are kept, to go on from them with a decoder.
const PASSED: usize = 4;
/// What a passed tick gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Passed {
    /// This packet.
    Packet(Arc<[u8]>),
    /// One that is lost: its number is left out.
    Lost,
    /// Nothing yet.
    Nothing,
    /// The voice has ended.
    Ended,
}

impl Receiver {
    /// Could its packets be given out as they are, from the next tick on? Only a voice that is about to begin.
    pub(crate) fn can_pass(&self) -> bool {
        self.state == State::Waking && self.queue.iter().all(|queued| queued.samples == FRAME)
    }

    /// The packet for this tick. `ahead`: how many samples later than the decoder would it must be given out, so that a decoder
    /// and an encoder can take over without a gap.
    pub(crate) fn pass(&mut self, now: Instant, ahead: usize) -> Passed {
        let now = self.micros(now) - to_micros(ahead as i64);
        if self.state == State::Waking {
            if !self.begin(now) {
                return if self.state == State::Idle { Passed::Ended } else { Passed::Nothing };
            }
            self.state = State::Passing;
        }
        self.queue.drop_before(self.next);
        if self.next_media > self.loud_until.saturating_add(HANG) {
            self.rest();
            return Passed::Ended;
        }
        self.leave_out_silence(now);
        let Some(front) = self.queue.front() else { return self.wait_for_packet() };
        if front.sequence != self.next {
            return self.pass_over(front.sequence, front.media);
        }
        if front.media > self.next_media {
            // A pause: time goes on without packets.
            self.next_media += (front.media - self.next_media).min(FRAME as i64);
            return Passed::Nothing;
        }
        let Some(packet) = self.queue.pop() else { return Passed::Nothing };
        (self.next, self.next_media) = (packet.sequence + 1, packet.media + packet.samples as i64);
        self.lost_in_a_row = 0;
        self.passed.push_back(packet.clone());
        if self.passed.len() > PASSED {
            self.passed.pop_front();
        }
        Passed::Packet(packet.payload)
    }

    /// Is it much too late?
    pub(crate) fn is_late(&self, now: Instant) -> bool {
        self.is_passing() && self.excess(self.micros(now), self.next_media) > FAR_TOO_LATE
    }

    /// Do its packets tell how loud they are (RFC 6464)?
    pub(crate) fn tells_level(&self) -> bool {
        let newest = self.passed.back().or(self.queue.front());
        newest.is_none_or(|packet| packet.level.is_some())
    }

    /// Is the packet that comes next one that has to be decoded: not 20 ms long?
    pub(crate) fn must_decode(&self) -> bool {
        self.queue.front().is_some_and(|front| front.samples != FRAME)
    }

    /// Goes on with a decoder where passing ended. `ahead` samples are left out of what follows, because an encoder holds them
    /// back; what a decoder made of the last packets before that point (three frames) is appended to `history`.
    pub(crate) fn unpass(&mut self, ahead: usize, history: &mut Vec<f32>) {
        if self.state != State::Passing {
            return;
        }
        self.state = State::Playing;
        self.fade_in = false;
        self.sound.clear();
        let packets: Vec<Queued> = self.passed.drain(..).collect();
        if let Some(decoder) = &mut self.decoder {
            decoder.reset();
        }
        let (next, media) = (self.next, self.next_media);
        packets.iter().for_each(|packet| self.decode(packet));
        (self.next, self.next_media) = (next, media);
        self.queue.drop_before(next);
        while self.sound.len() < (packets.len() * FRAME + ahead) * self.channels() {
            match self.queue.front() {
                Some(front) if front.sequence == self.next => self.decode_next(),
                _ => self.stand_in(None),
            }
        }
        let begins = (packets.len() * FRAME + ahead) * self.channels();
        let wanted = 3 * FRAME * self.channels();
        history.extend_from_slice(&self.sound[begins.saturating_sub(wanted)..begins]);
        self.sound.drain(..begins);
    }

    fn wait_for_packet(&mut self) -> Passed {
        self.lost_in_a_row += 1;
        if self.lost_in_a_row > CONCEALED {
            self.rest();
            return Passed::Ended;
        }
        self.figures.underruns += u64::from(self.lost_in_a_row == 1);
        Passed::Nothing
    }

    fn pass_over(&mut self, sequence: u64, media: i64) -> Passed {
        if sequence - self.next > u64::from(CONCEALED) {
            (self.next, self.next_media) = (sequence, media);
        } else {
            self.next += 1;
            self.next_media += FRAME as i64;
        }
        self.passed.clear();
        Passed::Lost
    }

    /// When it has become too late, silent packets are left out until it is not.
    fn leave_out_silence(&mut self, now: i64) {
        while let Some(front) = self.queue.front()
            && front.sequence == self.next
            && !front.loud
            && self.excess(now, front.media) > TOO_LATE
        {
            (self.next, self.next_media) = (front.sequence + 1, front.media + front.samples as i64);
            self.queue.pop();
        }
    }
}
