//! Is the queue on the way growing? The delay-based half of Google Congestion Control (draft-ietf-rmcat-gcc-02 §5.2-5.5,
//! with the trendline filter and the figures that libwebrtc uses today).
//!
//! One thing differs, because there is no pacer here and a picture leaves at once: of each group of packets the *smallest*
//! delay counts, not that of its last packet. What stands behind a packet of its own burst is no queue of the way; and
//! a client that looks at its socket late is believed by the packet that waited least.

/// Packets that left within this time are one group.
const GROUP: u64 = 5_000;
/// Packets of a stalled link arrive at once: with so little between them they are one group, up to the second length.
const BURST: i64 = 5_000;
const LONGEST_BURST: i64 = 100_000;
/// How many groups the line is laid through.
const WINDOW: usize = 20;
const SMOOTHING: f64 = 0.9;
const GAIN: f64 = 4.0;
const MOST_DELTAS: f64 = 60.0;
/// The trend must be above the threshold for longer than this (ms).
const OVERUSE_TIME: f64 = 10.0;
/// §5.4: the threshold follows the trend slowly up and faster down, so that flows which fill queues do not starve us.
const RISE: f64 = 0.0087;
const FALL: f64 = 0.039;

/// What the way does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Usage {
    /// A queue drains.
    Under,
    #[default]
    Normal,
    /// A queue grows.
    Over,
}

#[derive(Clone, Copy, Debug)]
struct Group {
    first_sent: u64,
    last_sent: u64,
    first_arrival: i64,
    last_arrival: i64,
    delay: i64,
}

/// Groups, trendline, threshold. Times are microseconds, arrivals by the client's clock.
#[derive(Debug)]
pub(super) struct Trend {
    group: Option<Group>,
    /// Arrival of the first group and its delay: both axes begin there.
    origin: Option<(i64, i64)>,
    smoothed: f64,
    /// (arrival, smoothed delay) in ms, a ring.
    points: [(f64, f64); WINDOW],
    count: usize,
    threshold: f64,
    last_arrival: f64,
    last_trend: f64,
    over_for: f64,
    overs: u32,
    usage: Usage,
}

impl Trend {
    pub fn new() -> Self {
        Self {
            group: None,
            origin: None,
            smoothed: 0.0,
            points: [(0.0, 0.0); WINDOW],
            count: 0,
            threshold: 12.5,
            last_arrival: 0.0,
            last_trend: 0.0,
            over_for: 0.0,
            overs: 0,
            usage: Usage::Normal,
        }
    }

    pub fn usage(&self) -> Usage {
        self.usage
    }

    /// A packet that left then has arrived.
    #[inline]
    pub fn arrived(&mut self, sent: u64, arrival: i64, delay: i64) {
        let Some(group) = &mut self.group else {
            self.group = Some(Group::new(sent, arrival, delay));
            return;
        };
        if sent < group.first_sent {
            return;
        }
        if group.takes(sent, arrival) {
            group.last_sent = group.last_sent.max(sent);
            group.last_arrival = group.last_arrival.max(arrival);
            group.delay = group.delay.min(delay);
            return;
        }
        let complete = std::mem::replace(group, Group::new(sent, arrival, delay));
        self.point(complete.last_arrival, complete.delay);
    }

    fn point(&mut self, arrival: i64, delay: i64) {
        let (first, base) = *self.origin.get_or_insert((arrival, delay));
        let x = (arrival - first) as f64 / 1000.0;
        let y = (delay - base) as f64 / 1000.0;
        self.smoothed = SMOOTHING * self.smoothed + (1.0 - SMOOTHING) * y;
        self.points[self.count % WINDOW] = (x, self.smoothed);
        self.count += 1;
        let slope = if self.count >= WINDOW { slope(&self.points) } else { None };
        self.detect(slope.unwrap_or(self.last_trend), x);
    }

    fn detect(&mut self, trend: f64, now: f64) {
        let elapsed = (now - self.last_arrival).clamp(0.0, 100.0);
        self.last_arrival = now;
        if self.count < 2 {
            return;
        }
        let modified = (self.count as f64).min(MOST_DELTAS) * trend * GAIN;
        if modified > self.threshold {
            self.over_for += elapsed;
            self.overs += 1;
            if self.over_for > OVERUSE_TIME && self.overs > 1 && trend >= self.last_trend {
                (self.over_for, self.overs) = (0.0, 0);
                self.usage = Usage::Over;
            }
        } else {
            (self.over_for, self.overs) = (0.0, 0);
            self.usage = if modified < -self.threshold { Usage::Under } else { Usage::Normal };
        }
        self.last_trend = trend;
        let above = modified.abs() - self.threshold;
        // A sudden jump is no reason to become insensitive.
        if above <= 15.0 {
            let speed = if above < 0.0 { FALL } else { RISE };
            self.threshold = (self.threshold + speed * above * elapsed).clamp(6.0, 600.0);
        }
    }
}

impl Group {
    fn new(sent: u64, arrival: i64, delay: i64) -> Self {
        Self { first_sent: sent, last_sent: sent, first_arrival: arrival, last_arrival: arrival, delay }
    }

    #[inline]
    fn takes(&self, sent: u64, arrival: i64) -> bool {
        if sent - self.first_sent <= GROUP {
            return true;
        }
        let apart = arrival - self.last_arrival;
        // §5.2: it caught up with the packet before it.
        let caught_up = apart < sent.saturating_sub(self.last_sent) as i64;
        caught_up && apart <= BURST && arrival - self.first_arrival < LONGEST_BURST
    }
}

/// Least squares. None: all points at one time.
fn slope(points: &[(f64, f64)]) -> Option<f64> {
    let count = points.len() as f64;
    let (x_sum, y_sum) = points.iter().fold((0.0, 0.0), |(x_sum, y_sum), (x, y)| (x_sum + x, y_sum + y));
    let (x_mean, y_mean) = (x_sum / count, y_sum / count);
    let (up, down) = points
        .iter()
        .fold((0.0, 0.0), |(up, down), (x, y)| (up + (x - x_mean) * (y - y_mean), down + (x - x_mean) * (x - x_mean)));
    (down > 0.0).then(|| up / down)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_growing_queue_is_noticed_and_a_steady_one_is_none() {
        let mut trend = Trend::new();
        let step = |trend: &mut Trend, index: i64, delay| {
            let sent = index * 20_000;
            trend.arrived(sent as u64, sent + delay, delay);
        };
        for index in 0..100 {
            step(&mut trend, index, 5_000 + index % 3 * 2_000);
            assert_eq!(trend.usage(), Usage::Normal);
        }
        let noticed = (0..30).find(|index| {
            step(&mut trend, 100 + index, 7_000 + index * 4_000);
            trend.usage() == Usage::Over
        });
        assert!(noticed.is_some_and(|index| index < 15), "{noticed:?}");
    }

    #[test]
    fn what_a_picture_waits_for_itself_is_no_trend() {
        let mut trend = Trend::new();
        for frame in 0..200i64 {
            // From the hundredth frame on they are ten times as large.
            let packets = if frame < 100 { 1 } else { 10 };
            for packet in 0..packets {
                let (sent, delay) = (frame * 33_000, 5_000 + (packet + 1) * 2_500);
                trend.arrived(sent as u64, sent + delay, delay);
                assert_eq!(trend.usage(), Usage::Normal, "frame {frame}");
            }
        }
    }
}
