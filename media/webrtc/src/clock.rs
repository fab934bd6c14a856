//! A publisher's clock and ours. In: what its sender reports say of its packets. Out: when they were captured, on our clock,
//! which our own sender reports pass on. All streams of a publisher are mapped by one pair of moments, so that lips and
//! sound keep the distance that they had at the source.

use std::time::{Duration, Instant, SystemTime};

use str0m::rtp::RtpPacket;

/// Maps a publisher's NTP clock to ours with one pair of moments for all its streams: those of the packet that was
/// quickest on its way. A slower one must not be the measure, or quicker packets would seem to come from the future, and
/// cutting that off would shift one stream against the other.
#[derive(Debug, Default)]
pub(crate) struct PublisherClock {
    pair: Option<(SystemTime, Instant)>,
}

impl PublisherClock {
    /// How far a mapped moment may lie behind its arrival before the pair is taken anew (a clock step, or drift).
    const MAX_AGE: Duration = Duration::from_secs(2);

    /// When a payload was captured that is so many ticks older than its packet; nothing before the first sender report of
    /// its stream (RFC 3550 §6.4.1).
    pub(crate) fn capture(&mut self, packet: &RtpPacket, earlier: u32, clock_rate: u32) -> Option<Instant> {
        let report = packet.last_sender_info.as_ref()?;
        let ticks = packet.header.timestamp.wrapping_sub(earlier).wrapping_sub(report.rtp_time.numer() as u32) as i32;
        let offset = f64::from(ticks) / f64::from(clock_rate);
        let ntp = if offset >= 0.0 {
            report.ntp_time.checked_add(Duration::from_secs_f64(offset))?
        } else {
            report.ntp_time.checked_sub(Duration::from_secs_f64(-offset))?
        };
        self.map(ntp, packet.timestamp)
    }

    fn map(&mut self, ntp: SystemTime, arrival: Instant) -> Option<Instant> {
        let (base_ntp, base) = *self.pair.get_or_insert((ntp, arrival));
        let moment = match ntp.duration_since(base_ntp) {
            Ok(after) => base.checked_add(after)?,
            Err(before) => base.checked_sub(before.duration())?,
        };
        let is_too_old = arrival.saturating_duration_since(moment) > Self::MAX_AGE;
        if is_too_old || moment > arrival {
            self.pair = Some((ntp, arrival));
            return Some(arrival);
        }
        Some(moment)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_keep_their_distance_although_one_is_slower_on_its_way() {
        let (mut clock, start) = (PublisherClock::default(), Instant::now());
        let at = |ms: u64| (SystemTime::UNIX_EPOCH + Duration::from_millis(ms), start + Duration::from_millis(ms));
        // Captured at 1000 ms and each following second: pictures take 50 ms, sound takes 10.
        let mut apart = Duration::MAX;
        for second in 1..4 {
            let (captured, _) = at(second * 1000);
            let picture = clock.map(captured, at(second * 1000 + 50).1).expect("a moment");
            let sound = clock.map(captured, at(second * 1000 + 10).1).expect("a moment");
            apart = picture.max(sound) - picture.min(sound);
        }
        assert_eq!(apart, Duration::ZERO);
    }

    #[test]
    fn no_moment_lies_in_the_future_and_a_step_of_the_clock_is_followed() {
        let (mut clock, start) = (PublisherClock::default(), Instant::now());
        let second = Duration::from_secs(1);
        for ntp in [10_u32, 11, 500, 20, 21] {
            let arrival = start + second * ntp.min(30);
            let moment = clock.map(SystemTime::UNIX_EPOCH + second * ntp, arrival).expect("a moment");
            assert!(moment <= arrival && arrival - moment <= PublisherClock::MAX_AGE, "{ntp}");
        }
    }
}
