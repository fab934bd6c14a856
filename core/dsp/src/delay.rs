//! temp
#[derive(Debug)]
pub struct DelayEstimator {
    base: i64,
    worst: i64,
    any: bool,
}
impl DelayEstimator {
    pub fn new() -> Self {
        Self { base: 0, worst: 0, any: false }
    }
    pub fn reset(&mut self) {
        *self = Self::new();
    }
    pub fn add(&mut self, arrival: i64, media: i64) {
        let d = arrival - media;
        if !self.any || d < self.base {
            self.base = d;
        }
        self.any = true;
        self.worst = (self.worst * 999 / 1000).max(d - self.base);
    }
    pub fn target_us(&self) -> i64 {
        self.worst
    }
    pub fn excess_us(&self, now: i64, media: i64) -> i64 {
        if self.any { now - media - self.base } else { 0 }
    }
}
