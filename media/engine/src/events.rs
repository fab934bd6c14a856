//! What each event of a transport causes.

use std::sync::Arc;
use std::time::Instant;

use crosspoint_model::{LegKey, RoomKey, TrackKey};
use crosspoint_router::Forward;
use crosspoint_rtp::sequence::Rewritten;
use crosspoint_webrtc::{DataSent, Inbound, TransportEvent, TransportStats};

use crate::data;
use crate::engine::Engine;
use crate::fact::{Fact, LegEnd};
use crate::leg::{Leg, PATIENCE, Phase};
use crate::relay::{Down, Up};
use crate::routes::Index;
use crate::seat::Member;

impl Engine {
    pub(crate) fn handle_event(&mut self, index: Index, event: TransportEvent, now: Instant) {
        match event {
            TransportEvent::Packet(packet) => self.packet_came(index, packet, now),
            TransportEvent::KeyFrameRequest { line } => {
                self.tell_host(index, Up::KeyFrameRequest { line });
                self.in_room_of(Member::Leg(index), |room, leg| room.handle_key_frame_request(leg, line, now));
            }
            TransportEvent::Estimate(rate) => {
                self.tell_host(index, Up::Estimate(rate));
                self.in_room_of(Member::Leg(index), |room, leg| room.handle_estimate(leg, rate, now));
            }
            TransportEvent::Connected { aes_cm } => self.connected(index, aes_cm),
            TransportEvent::Disconnected => self.lost(index, now),
            TransportEvent::Reconnected => self.found_again(index),
            TransportEvent::Closed => self.end_leg(index, LegEnd::Closed, now),
            TransportEvent::ChannelOpen { .. } | TransportEvent::DataDrained => self.pump_data(index, now),
            TransportEvent::Data { reliable, message } => self.data_came(index, reliable, message, now),
            TransportEvent::Stats(stats) => self.take_stats(index, *stats),
        }
    }

    fn connected(&mut self, index: Index, aes_cm: bool) {
        let Some(leg) = self.legs.get_mut(index) else { return };
        leg.phase = Phase::Connected;
        leg.aes_cm = aes_cm;
        let fact = Fact::Connected { leg: leg.seat.key, tcp: leg.tcp, remote: leg.remote };
        self.out.facts.push(fact);
        self.cap_publishing(index);
    }

    fn lost(&mut self, index: Index, now: Instant) {
        let Some(leg) = self.legs.get_mut(index) else { return };
        if leg.phase == Phase::Connected {
            leg.phase = Phase::Lost(now + PATIENCE);
            let fact = Fact::Disconnected { leg: leg.seat.key };
            self.out.facts.push(fact);
        }
    }

    fn found_again(&mut self, index: Index) {
        let Some(leg) = self.legs.get_mut(index) else { return };
        if let Phase::Lost(_) = leg.phase {
            leg.phase = Phase::Connected;
            let fact = Fact::Connected { leg: leg.seat.key, tcp: leg.tcp, remote: leg.remote };
            self.out.facts.push(fact);
        }
    }

    fn take_stats(&mut self, index: Index, stats: TransportStats) {
        let Some(leg) = self.legs.get_mut(index) else { return };
        leg.stats = stats;
        let fact = Fact::Stats { leg: leg.seat.key, report: Box::new(leg.report()) };
        self.out.facts.push(fact);
        self.cap_publishing(index);
    }

    /// Says again what the client may send: the message is RTCP and may have been lost.
    fn cap_publishing(&mut self, index: Index) {
        let Some(leg) = self.legs.get(index) else { return };
        let of_room = match leg.away {
            Some(away) => away.publish_bitrate,
            None => self.rooms.get(&leg.seat.room).and_then(|room| room.settings.publish_bitrate),
        };
        let cap = [leg.seat.profile.publish_bitrate, of_room].into_iter().flatten().min();
        if let Some(cap) = cap {
            self.with_leg(index, |leg| leg.transport.cap_publishing(cap));
        }
    }

    /// A packet of a track comes into its room, from a leg of this worker or a guest: to every slot that shows the track.
    pub(crate) fn forward(&mut self, room: RoomKey, track: TrackKey, packet: &Arc<Inbound>, now: Instant) {
        self.hear(room, track, packet);
        self.forward_only(room, track, packet, now);
    }

    /// The same, for a packet that no mixer is to hear.
    pub(crate) fn forward_only(&mut self, room: RoomKey, track: TrackKey, packet: &Arc<Inbound>, now: Instant) {
        let mut forwards = std::mem::take(&mut self.forwards);
        self.route_packet(room, track, packet, &mut forwards, now);
        for forward in forwards.drain(..) {
            self.deliver(&forward, packet);
        }
        self.forwards = forwards;
    }

    /// A packet leaves a room, for a leg of this worker or a guest.
    pub(crate) fn deliver(&mut self, forward: &Forward, packet: &Arc<Inbound>) {
        let Forward { leg, slot: line, sequence, timestamp, picture } = *forward;
        let numbers = Rewritten { sequence, timestamp };
        match Member::of(leg) {
            Member::Leg(index) => self.with_leg(index, |leg| leg.send(line, packet, numbers, picture)),
            Member::Guest(index) => {
                let packet = packet.clone();
                self.tell_home(index, Down::Forward { line, packet, numbers, picture });
            }
            Member::Plain(_) => {}
        }
    }

    /// Works on a leg's transport and marks it for the next flush.
    pub(crate) fn with_leg(&mut self, index: Index, work: impl FnOnce(&mut Leg)) {
        let Some(leg) = self.legs.get_mut(index).filter(|leg| !leg.broken) else { return };
        if crate::guard::guard(|| work(leg)).is_none() {
            leg.broken = true;
            tracing::error!(leg = leg.seat.key.0, "a leg's code panicked while it was written to; the leg ends");
            self.counters.broken += 1;
            self.broken.push(leg.seat.key);
            return;
        }
        self.mark_dirty(index);
    }

    fn data_came(&mut self, index: Index, reliable: bool, message: Vec<u8>, now: Instant) {
        if self.legs.get(index).is_some_and(|leg| leg.away.is_some()) {
            return self.tell_host(index, Up::Data { reliable, message });
        }
        self.relay_data(Member::Leg(index), reliable, &message, now);
    }

    /// A data message of somebody: to all others in the room, or to those it names.
    pub(crate) fn relay_data(&mut self, sender: Member, reliable: bool, message: &[u8], now: Instant) {
        let Some(room) = self.seat(sender).and_then(|seat| self.rooms.get(&seat.room)) else { return };
        let (limit, rate) = (room.settings.data_bytes, room.settings.data_bytes_per_second);
        let receivers: Vec<Member> = room.members.iter().copied().filter(|member| *member != sender).collect();
        let Some(seat) = self.seat_mut(sender) else { return };
        let allowance = seat.allowance.get_or_insert_with(|| data::Allowance::new(rate, now));
        if !seat.profile.sends_data
            || message.len() > limit
            || !allowance.take(message.len().max(data::LEAST_COST), rate, now)
        {
            return;
        }
        let Some((mut header, payload)) = data::parse(message) else { return };
        let to = header.to.take();
        header.from = Some(seat.identity.to_string());
        let Some(framed) = data::frame(&header, payload) else { return };
        for receiver in receivers {
            let Some(seat) = self.seat(receiver) else { continue };
            let named = to.as_ref().is_none_or(|to| to.iter().any(|name| name == seat.identity.as_str()));
            let message = framed.clone();
            match receiver {
                Member::Leg(index) if named => self.send_data(index, reliable, message, now),
                Member::Guest(index) if named => self.tell_home(index, Down::Data { reliable, message }),
                Member::Leg(_) | Member::Guest(_) | Member::Plain(_) => {}
            }
        }
    }

    /// Sends a data message, or keeps a reliable one until the reader has room.
    pub(crate) fn send_data(&mut self, index: Index, reliable: bool, message: Arc<[u8]>, now: Instant) {
        self.with_leg(index, |leg| {
            if !leg.transport.has_channel(reliable) {
                return;
            }
            if !reliable {
                // A lossy message that finds no room is lost, as it says.
                leg.transport.send_data(false, &message);
                return;
            }
            let sent = if leg.outgoing.is_empty() { leg.transport.send_data(true, &message) } else { DataSent::Full };
            match sent {
                DataSent::Yes => {}
                DataSent::Full => leg.outgoing.push(message, now),
                DataSent::Never => leg.outgoing.lost_one(now),
            }
        });
    }

    /// Sends what a reader has room for now, and tells what it lost.
    pub(crate) fn pump_data(&mut self, index: Index, now: Instant) {
        let mut lost = None;
        self.with_leg(index, |leg| {
            let transport = &mut leg.transport;
            leg.outgoing.drain(now, |message| transport.send_data(true, message));
            lost = leg.outgoing.take_lost(now).map(|count| (leg.seat.key, count));
        });
        if let Some((leg, count)) = lost {
            self.out.facts.push(Fact::DataLost { leg, count });
        }
    }

    /// The slab index of a leg.
    pub(crate) fn index_of(&self, leg: LegKey) -> Option<Index> {
        self.by_key.get(&leg).copied()
    }
}
