//! temp
#[derive(Debug)]
pub struct HighPass;
impl HighPass {
    pub fn new() -> Self {
        Self
    }
    pub fn process(&mut self, _f: &mut [f32]) {}
}
