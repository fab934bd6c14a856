//! A connection whose client does not say in time which HTTP it speaks is closed, over TLS as without. hyper bounds the time
//! for a request's head, and pings who speaks HTTP/2, only when it knows which of the two it is: when the first bytes are
//! the preface of HTTP/2 (RFC 9113 §3.4), or differ from it. Until then ten thousand connections that are silent, or say
//! `PRI` and no more, would hold their sockets for ever.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum_server::accept::Accept;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

const PATIENCE: Duration = Duration::from_secs(15);
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Accepts what the inner acceptor accepts, and waits only so long to know which HTTP it is.
#[derive(Clone)]
pub struct Impatient<A>(pub A);

type Accepting<T> = Pin<Box<dyn Future<Output = io::Result<T>> + Send>>;

impl<A, I, S> Accept<I, S> for Impatient<A>
where
    A: Accept<I, S>,
    A::Future: Send + 'static,
    A::Stream: 'static,
    A::Service: 'static,
{
    type Stream = Opening<A::Stream>;
    type Service = A::Service;
    type Future = Accepting<(Self::Stream, Self::Service)>;

    fn accept(&self, stream: I, service: S) -> Self::Future {
        let accepting = self.0.accept(stream, service);
        Box::pin(async move {
            let (stream, service) = accepting.await?;
            Ok((Opening::of(stream), service))
        })
    }
}

/// A stream that ends when it does not show in time which HTTP it is.
pub struct Opening<S> {
    stream: S,
    waiting: Option<Pin<Box<Sleep>>>,
    /// Bytes of the preface that have come.
    preface: usize,
}

impl<S> Opening<S> {
    fn of(stream: S) -> Self {
        Self { stream, waiting: Some(Box::pin(sleep(PATIENCE))), preface: 0 }
    }

    fn heard(&mut self, bytes: &[u8]) {
        let rest = &PREFACE[self.preface..];
        let is_open = bytes.len() < rest.len() && rest.starts_with(bytes);
        self.preface += bytes.len().min(rest.len());
        if !is_open {
            self.waiting = None;
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Opening<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buffer);
        if self.waiting.is_none() {
            return read;
        }
        if read.is_ready() {
            self.heard(&buffer.filled()[before..]);
        } else if let Some(waiting) = &mut self.waiting
            && waiting.as_mut().poll(cx).is_ready()
        {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Opening<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn silence_and_half_a_preface_end_a_connection() {
        for beginning in ["", "P", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r"] {
            assert!(is_cut(&[beginning]).await, "{beginning:?}");
            assert!(is_cut(&beginning.split("").collect::<Vec<_>>()).await, "{beginning:?} byte by byte");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn who_says_which_http_it_speaks_is_left_to_hyper() {
        for beginning in [&["G"][..], &["POST"], &["PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"], &["P", "U"], &["PRI * HTTP/1"]]
        {
            assert!(!is_cut(beginning).await, "{beginning:?}");
        }
    }

    /// Is a client cut off that says this and then nothing?
    async fn is_cut(said: &[&str]) -> bool {
        let (mut client, stream) = duplex(64);
        let mut stream = Opening::of(stream);
        for part in said.iter().filter(|part| !part.is_empty()) {
            client.write_all(part.as_bytes()).await.expect("written");
            let mut read = vec![0; part.len()];
            stream.read_exact(&mut read).await.expect("read");
        }
        match tokio::time::timeout(PATIENCE * 2, stream.read_u8()).await {
            Ok(read) => read.is_err_and(|error| error.kind() == io::ErrorKind::TimedOut),
            Err(_) => false,
        }
    }
}
