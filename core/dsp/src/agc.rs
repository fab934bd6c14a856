//! temp
#[derive(Debug)]
pub struct Agc;
impl Agc {
    pub fn new() -> Self {
        Self
    }
    pub fn process(&mut self, _f: &mut [f32]) {}
}
