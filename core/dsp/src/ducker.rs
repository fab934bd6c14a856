//! temp
use crate::fade::Ramp;
#[derive(Debug)]
pub struct Ducker;
impl Ducker {
    pub fn new(_d: f32) -> Self {
        Self
    }
    pub fn step(&mut self, _a: bool) -> Option<Ramp> {
        None
    }
}
