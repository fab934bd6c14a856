//! `<Connect><Stream>`: the provider's side of a media stream. What the caller says goes out every 20 ms; what the server
//! sends goes through the playout queue; it lasts until the server closes, the caller hangs up, or REST sends the call elsewhere.

use std::time::SystemTime;

use crosspoint_dsp::g711::{self, Law};
use futures_util::StreamExt;
use tokio::time::{Instant, sleep_until};
use tokio_tungstenite::tungstenite::Message;

use crate::FRAME;
use crate::call::StreamReport;
use crate::course::{After, Course};
use crate::date::rfc2822;
use crate::handset::Frame;
use crate::line::{Beat, Fault, Interrupt};
use crate::open_stream::Stream;
use crate::sid::sid;
use crate::socket::{self, Incoming};
use crate::verbs::Connect;
use crate::wire::{self, FromServer, WireError, Writer};

/// Why a stream ends.
enum Over {
    /// The server closed it, or its connection broke.
    Closed(String),
    Cut,
    Interrupt(Interrupt),
}

impl Course {
    pub(crate) async fn connect(&mut self, connect: Connect) -> After {
        let call = self.call();
        let stream_sid = sid("MZ");
        let url = without_query(&connect.url);
        if url != connect.url {
            call.log("warning", "a <Stream> takes no query string; it is left out");
        }
        let webhooks = self.company.webhooks().clone();
        let connected = match self.line.quietly(socket::connect(&webhooks, url)).await {
            Ok(connected) => connected,
            Err(interrupt) => return interrupt.into(),
        };
        let (outgoing, incoming) = match connected {
            Ok(both) => both,
            Err(no) => {
                call.error(no.code, &format!("{url}: {}", no.detail));
                self.stream_event(&connect, &stream_sid, "stream-error", Some(&no.detail));
                return After::Next;
            }
        };
        call.log("stream", format!("{stream_sid} to {url}"));
        self.stream_event(&connect, &stream_sid, "stream-started", None);
        let writer = Writer::new(&stream_sid, &self.company.settings().account_sid, call.sid());
        let mut stream = Stream::new(stream_sid.clone(), writer, outgoing, self.seed);
        stream.line.set_jitter(self.jitter);
        {
            let mut now = call.situation();
            now.streams += 1;
            now.stream = Some(StreamReport { stream_sid: stream_sid.clone(), open: true, ..StreamReport::default() });
        }
        stream.greet(&connect.parameters, self);
        let over = self.converse(&mut stream, incoming).await;
        stream.publish(self, false);
        let after = match over {
            Over::Closed(why) => {
                call.log("stream", format!("{stream_sid} ended: {why}"));
                stream.outgoing.close().await;
                After::Next
            }
            Over::Cut => {
                call.log("fault", format!("{stream_sid}: the connection is gone"));
                stream.outgoing.cut();
                After::Next
            }
            Over::Interrupt(interrupt) => {
                let stop = stream.writer.stop();
                stream.last(stop);
                call.log("stream", format!("{stream_sid} stopped"));
                stream.outgoing.close().await;
                interrupt.into()
            }
        };
        self.stream_event(&connect, &stream_sid, "stream-stopped", None);
        match (after, &connect.action) {
            (After::Next, Some(action)) => self.follow(action, None),
            (after, _) => after,
        }
    }

    /// Both ways, until it is over.
    async fn converse(&mut self, stream: &mut Stream, mut incoming: Incoming) -> Over {
        loop {
            let due = stream.line.due();
            tokio::select! {
                // What REST has accepted comes before the end of a stream, which the same server closes right after.
                biased;
                beat = self.line.beat() => match beat {
                    Beat::Tick(at) => self.tick(stream, at),
                    Beat::Interrupt(interrupt) => return Over::Interrupt(interrupt),
                    Beat::Digits(digits) => {
                        self.call().log("digits", digits.clone());
                        for digit in digits.chars() {
                            let text = stream.writer.dtmf(digit);
                            stream.send(text, self);
                        }
                    }
                    Beat::Fault(Fault::Cut) => return Over::Cut,
                    Beat::Fault(Fault::Stall(length)) => {
                        self.call().log("fault", format!("stalls for {length:?}"));
                        stream.line.stall(stream.began.elapsed(), length);
                    }
                    Beat::Fault(Fault::Jitter(jitter)) => {
                        self.call().log("fault", format!("jitter of up to {jitter:?}"));
                        stream.line.set_jitter(jitter);
                    }
                },
                () = sleep_until(stream.began + due.unwrap_or_default()), if due.is_some() => stream.release(self),
                message = incoming.next() => match message {
                    Some(Ok(Message::Text(text))) => self.received(stream, wire::read(&text, &stream.sid)),
                    Some(Ok(Message::Binary(_))) => {
                        self.received(stream, Err(WireError::Undecodable("a binary frame".to_owned())));
                    }
                    Some(Ok(Message::Close(frame))) => {
                        let why = frame.map_or_else(String::new, |frame| format!(" ({} {})", frame.code, frame.reason));
                        return Over::Closed(format!("the server closed it{why}"));
                    }
                    Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
                    Some(Err(error)) => return Over::Closed(error.to_string()),
                    None => return Over::Closed("the connection is gone".to_owned()),
                },
            }
        }
    }

    /// 20 ms: the caller says something, and hears what is due.
    fn tick(&self, stream: &mut Stream, at: Instant) {
        let call = self.call();
        let now = at.saturating_duration_since(stream.began);
        let mut frame: Frame = [0.0; FRAME];
        let marks = {
            let mut handset = call.handset();
            handset.speak(&mut frame);
            stream.heard.clear();
            let marks = stream.playout.advance(now, &mut stream.heard);
            stream.sound.clear();
            g711::decode(Law::Mu, &stream.heard, &mut stream.sound);
            handset.hear(&stream.sound);
            marks
        };
        stream.bytes.clear();
        g711::encode(Law::Mu, &frame, &mut stream.bytes);
        let text = stream.writer.media(stream.frames * 20, &stream.bytes);
        stream.frames += 1;
        stream.send(text, self);
        for mark in marks {
            stream.return_mark(&mark, self);
        }
        stream.publish(self, true);
    }

    fn received(&self, stream: &mut Stream, message: Result<FromServer, WireError>) {
        match message {
            Ok(FromServer::Media(bytes)) => {
                if stream.playout.media(bytes).is_err() {
                    stream.error(31_931, "more than ten minutes are queued; this is left out", self);
                }
            }
            Ok(FromServer::Mark(name)) => {
                if let Some(mark) = stream.playout.mark(name) {
                    stream.return_mark(&mark, self);
                }
            }
            Ok(FromServer::Clear) => {
                self.call().log("stream", format!("clear, with {} ms queued", stream.playout.backlog().as_millis()));
                for mark in stream.playout.clear() {
                    stream.return_mark(&mark, self);
                }
            }
            Err(error) => stream.error(error.code(), error.detail(), self),
        }
        stream.publish(self, true);
    }

    /// Tells the `<Stream>`'s statusCallback.
    fn stream_event(&self, connect: &Connect, stream_sid: &str, event: &str, error: Option<&str>) {
        let Some(action) = connect.status_callback.clone() else { return };
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let mut params = vec![
            pair("AccountSid", &self.company.settings().account_sid),
            pair("CallSid", self.call().sid()),
            pair("StreamSid", stream_sid),
            pair("StreamName", connect.name.as_deref().unwrap_or(stream_sid)),
            pair("StreamEvent", event),
            pair("Timestamp", &rfc2822(SystemTime::now())),
        ];
        params.extend(error.map(|error| pair("StreamError", error)));
        self.tell(action, params, event.to_owned());
    }
}

/// `<Stream>` takes no query string.
fn without_query(url: &str) -> &str {
    url.split_once('?').map_or(url, |(before, _)| before)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_string_does_not_reach_the_server() {
        assert_eq!(without_query("wss://a/b?token=1"), "wss://a/b");
        assert_eq!(without_query("wss://a/b"), "wss://a/b");
    }
}
