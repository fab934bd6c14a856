//! What nobody can guess, and names that nobody else has.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use crosspoint_model::{Code, Refusal};

/// Letters and digits that are not taken for each other when they are read aloud.
const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// The id of a call: 60 bits.
pub(crate) fn call_id() -> Result<String, Refusal> {
    letters(12)
}

/// What tells people of one role apart: 30 bits.
pub(crate) fn short_id() -> Result<String, Refusal> {
    letters(6)
}

/// Presented once: 128 bits.
pub(crate) fn token() -> Result<String, Refusal> {
    Ok(URL_SAFE_NO_PAD.encode(bytes::<16>()?))
}

/// Six digits, each as likely as the others.
pub(crate) fn pin() -> Result<String, Refusal> {
    loop {
        let number = u32::from_le_bytes(bytes()?);
        // The last numbers would make low PINs likelier.
        if number < 4_294_000_000 {
            return Ok(format!("{:06}", number % 1_000_000));
        }
    }
}

/// Are two secrets the same? Takes as long where they are not.
pub(crate) fn same(a: &str, b: &str) -> bool {
    let differ = a.bytes().zip(b.bytes()).fold(0, |differ, (a, b)| differ | (a ^ b));
    a.len() == b.len() && differ == 0
}

fn letters(count: usize) -> Result<String, Refusal> {
    let bytes = bytes::<12>()?;
    Ok(bytes.iter().take(count).map(|byte| char::from(LETTERS[usize::from(byte % 32)])).collect())
}

fn bytes<const N: usize>() -> Result<[u8; N], Refusal> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| Refusal::new(Code::Internal, "the system gives no random numbers"))?;
    Ok(bytes)
}
