//! temp
pub trait Denoiser: Send {
    fn process(&mut self, f: &mut [f32]);
}
struct N;
impl Denoiser for N {
    fn process(&mut self, _f: &mut [f32]) {}
}
pub fn suppressor() -> Box<dyn Denoiser> {
    Box::new(N)
}
