//! Makes new inputs from known ones, as a fuzzer without feedback does.

use fastrand::Rng;

/// Numbers at which programs stumble.
const ODD: [&str; 9] = ["0", "-1", "1", "127", "128", "65535", "65536", "4294967296", "99999999999999999999"];

/// A mutation of one of the inputs.
pub fn mutate(inputs: &[(String, Vec<u8>)], rng: &mut Rng) -> Vec<u8> {
    let pick = |rng: &mut Rng| rng.choice(inputs).map(|(_, bytes)| bytes.clone()).unwrap_or_default();
    let mut bytes = pick(rng);
    for _ in 0..=rng.usize(0..4) {
        if rng.u8(0..10) == 0 {
            splice(&mut bytes, &pick(rng), rng);
        } else if is_text(&bytes) && rng.bool() {
            bytes = mutate_lines(&bytes, rng);
        } else {
            mutate_bytes(&mut bytes, rng);
        }
    }
    bytes.truncate(64 << 10);
    bytes
}

fn is_text(bytes: &[u8]) -> bool {
    bytes.iter().take(200).all(|byte| byte.is_ascii_graphic() || byte.is_ascii_whitespace())
}

/// The beginning of one and the end of another.
fn splice(bytes: &mut Vec<u8>, other: &[u8], rng: &mut Rng) {
    bytes.truncate(rng.usize(0..=bytes.len()));
    bytes.extend_from_slice(&other[rng.usize(0..=other.len())..]);
}

fn mutate_bytes(bytes: &mut Vec<u8>, rng: &mut Rng) {
    if bytes.is_empty() {
        return bytes.push(rng.u8(..));
    }
    let at = rng.usize(0..bytes.len());
    match rng.u8(0..7) {
        0 => bytes[at] ^= 1 << rng.u8(0..8),
        1 => bytes[at] = rng.u8(..),
        2 => bytes[at] = [0, 1, 0x7F, 0x80, 0xFF][rng.usize(0..5)],
        3 => bytes.insert(at, rng.u8(..)),
        4 => drop(bytes.drain(at..(at + rng.usize(1..9)).min(bytes.len()))),
        5 => bytes.truncate(at),
        _ => {
            let chunk = bytes[at..(at + rng.usize(1..33)).min(bytes.len())].to_vec();
            let to = rng.usize(0..=bytes.len());
            bytes.splice(to..to, chunk);
        }
    }
}

fn mutate_lines(bytes: &[u8], rng: &mut Rng) -> Vec<u8> {
    let text = String::from_utf8_lossy(bytes).into_owned();
    let mut lines: Vec<String> = text.split_inclusive('\n').map(str::to_owned).collect();
    if lines.is_empty() {
        return bytes.to_vec();
    }
    let (at, other) = (rng.usize(0..lines.len()), rng.usize(0..lines.len()));
    match rng.u8(0..6) {
        0 => drop(lines.remove(at)),
        1 => lines.insert(other, lines[at].clone()),
        2 => lines.swap(at, other),
        3 | 4 => lines[at] = other_number(&lines[at], rng),
        _ => lines[at] = other_word(&lines[at], &lines[other], rng),
    }
    lines.concat().into_bytes()
}

/// With one of the line's numbers replaced.
fn other_number(line: &str, rng: &mut Rng) -> String {
    let starts: Vec<usize> =
        line.char_indices().filter(|(_, letter)| letter.is_ascii_digit()).map(|(at, _)| at).collect();
    let Some(start) = rng.choice(&starts).copied() else { return line.to_owned() };
    let digits = line[start..].chars().take_while(char::is_ascii_digit).count();
    let odd = rng.choice(&ODD).copied().unwrap_or_default();
    format!("{}{odd}{}", &line[..start], &line[start + digits..])
}

/// With one word replaced by one of another line.
fn other_word(line: &str, other: &str, rng: &mut Rng) -> String {
    let mut words: Vec<&str> = line.split(' ').collect();
    let others: Vec<&str> = other.split(' ').collect();
    let at = rng.usize(0..words.len());
    words[at] = others[rng.usize(0..others.len())];
    words.join(" ")
}
