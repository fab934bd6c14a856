//! Reading and writing TCP connections without waiting: as much as goes now.

use std::io;

/// How far a connection was read.
pub(crate) enum Filled {
    /// Nothing waits any more.
    All,
    /// More may wait; the others have their turn first.
    Some,
    /// The client closed.
    End,
}

/// Reads so many times at most. `read` gives how much it read: 0 at the end.
pub(crate) fn fill(times: usize, mut read: impl FnMut() -> io::Result<usize>) -> io::Result<Filled> {
    for _ in 0..times {
        match read() {
            Ok(0) => return Ok(Filled::End),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(Filled::All),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(Filled::Some)
}

/// Writes what waits, and keeps what the client does not take now. `write` gives how much of it was taken.
pub(crate) fn flush(waiting: &mut Vec<u8>, mut write: impl FnMut(&[u8]) -> io::Result<usize>) -> io::Result<()> {
    let mut sent = 0;
    while sent < waiting.len() {
        match write(&waiting[sent..]) {
            Ok(0) => break,
            Ok(written) => sent += written,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    waiting.drain(..sent);
    Ok(())
}
