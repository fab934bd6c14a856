//! What each event of a transport causes.

use std::time::Instant;

use crosspoint_model::LegKey;
use crosspoint_webrtc::{DataSent, Inbound, TransportEvent, TransportStats};

use crate::data;
use crate::engine::Engine;
use crate::fact::{Fact, LegEnd};
use crate::leg::{Leg, PATIENCE, Phase};
use crate::routes::Index;

impl Engine {
    pub(crate) fn handle_event(&mut self, index: Index, event: TransportEvent, now: Instant) {
        match event {
            TransportEvent::Packet(packet) => self.forward(index, &packet, now),
            TransportEvent::KeyFrameRequest { line } => {
                self.in_room_of(index, |room, leg| room.handle_key_frame_request(leg, line, now));
            }
            TransportEvent::Estimate(rate) => {
                self.in_room_of(index, |room, leg| room.handle_estimate(leg, rate, now));
            }
            TransportEvent::Connected { aes_cm } => self.connected(index, aes_cm),
            TransportEvent::Disconnected => self.lost(index, now),
            TransportEvent::Reconnected => self.found_again(index),
            TransportEvent::Closed => self.end_leg(index, LegEnd::Closed, now),
            TransportEvent::ChannelOpen { .. } | TransportEvent::DataDrained => self.pump_data(index, now),
            TransportEvent::Data { reliable, message } => self.relay_data(index, reliable, &message, now),
            TransportEvent::Stats(stats) => self.take_stats(index, *stats),
        }
    }

    fn connected(&mut self, index: Index, aes_cm: bool) {
        let Some(leg) = self.legs.get_mut(index) else { return };
        leg.phase = Phase::Connected;
        leg.aes_cm = aes_cm;
        let fact = Fact::Connected { leg: leg.key, tcp: leg.tcp, remote: leg.remote };
        self.out.facts.push(fact);
        self.cap_publishing(index);
    }

    fn lost(&mut self, index: Index, now: Instant) {
        let Some(leg) = self.legs.get_mut(index) else { return };
        if leg.phase == Phase::Connected {
            leg.phase = Phase::Lost(now + PATIENCE);
            let fact = Fact::Disconnected { leg: leg.key };
            self.out.facts.push(fact);
        }
    }

    fn found_again(&mut self, index: Index) {
        let Some(leg) = self.legs.get_mut(index) else { return };
        if let Phase::Lost(_) = leg.phase {
            leg.phase = Phase::Connected;
            let fact = Fact::Connected { leg: leg.key, tcp: leg.tcp, remote: leg.remote };
            self.out.facts.push(fact);
        }
    }

    fn take_stats(&mut self, index: Index, stats: TransportStats) {
        let Some(leg) = self.legs.get_mut(index) else { return };
        leg.stats = stats;
        let fact = Fact::Stats { leg: leg.key, report: Box::new(leg.report()) };
        self.out.facts.push(fact);
        self.cap_publishing(index);
    }

    /// Says again what the client may send: the message is RTCP and may have been lost.
    fn cap_publishing(&mut self, index: Index) {
        let Some(leg) = self.legs.get(index) else { return };
        let of_room = self.rooms.get(&leg.room).and_then(|room| room.settings.publish_bitrate);
        let cap = [leg.profile.publish_bitrate, of_room].into_iter().flatten().min();
        if let Some(cap) = cap {
            self.with_leg(index, |leg| leg.transport.cap_publishing(cap));
        }
    }

    /// A packet of this leg: to every slot that shows its track.
    fn forward(&mut self, index: Index, packet: &Inbound, now: Instant) {
        let Some(leg) = self.legs.get(index) else { return };
        let (Some(track), room) = (leg.track_on(packet.line), leg.room) else { return };
        let mut forwards = std::mem::take(&mut self.forwards);
        self.route_packet(room, track, packet, &mut forwards, now);
        for forward in forwards.drain(..) {
            let target = forward.leg.0 as usize;
            self.with_leg(target, |leg| {
                leg.transport.forward(forward.slot, packet, forward.sequence, forward.timestamp, forward.picture);
            });
        }
        self.forwards = forwards;
    }

    /// Works on a leg's transport and marks it for the next flush.
    pub(crate) fn with_leg(&mut self, index: Index, work: impl FnOnce(&mut Leg)) {
        let Some(leg) = self.legs.get_mut(index).filter(|leg| !leg.broken) else { return };
        if crate::guard::guard(|| work(leg)).is_none() {
            leg.broken = true;
            tracing::error!(leg = leg.key.0, "a leg's code panicked while it was written to; the leg ends");
            self.counters.broken += 1;
            self.broken.push(leg.key);
            return;
        }
        self.mark_dirty(index);
    }

    /// A data message of this leg: to all others in its room, or to those it names.
    fn relay_data(&mut self, index: Index, reliable: bool, message: &[u8], now: Instant) {
        let Some(leg) = self.legs.get_mut(index) else { return };
        let Some(room) = self.rooms.get(&leg.room) else { return };
        let (limit, rate) = (room.settings.data_bytes, room.settings.data_bytes_per_second);
        let allowance = leg.allowance.get_or_insert_with(|| data::Allowance::new(rate, now));
        if !leg.profile.sends_data
            || message.len() > limit
            || !allowance.take(message.len().max(data::LEAST_COST), rate, now)
        {
            return;
        }
        let Some((mut header, payload)) = data::parse(message) else { return };
        let to = header.to.take();
        header.from = Some(leg.identity.to_string());
        let Some(framed) = data::frame(&header, payload) else { return };
        let receivers: Vec<Index> = room.members.iter().copied().filter(|member| *member != index).collect();
        for receiver in receivers {
            let Some(leg) = self.legs.get(receiver) else { continue };
            let named = to.as_ref().is_none_or(|to| to.iter().any(|name| name == leg.identity.as_str()));
            if named {
                self.send_data(receiver, reliable, framed.clone(), now);
            }
        }
    }

    /// Sends a data message, or keeps a reliable one until the reader has room.
    pub(crate) fn send_data(&mut self, index: Index, reliable: bool, message: std::sync::Arc<[u8]>, now: Instant) {
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
            lost = leg.outgoing.take_lost(now).map(|count| (leg.key, count));
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
