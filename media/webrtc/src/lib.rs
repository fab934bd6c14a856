//! One participant's transport around str0m. The only crate that names str0m.

#![forbid(unsafe_code)]

/// One connection: ICE, DTLS, SRTP, SCTP, and its negotiated m-lines.
#[derive(Debug)]
pub struct Transport {}

/// An m-line as negotiated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MediaLine {
    /// Its mid.
    pub mid: String,
    /// Sound or picture.
    pub kind: crosspoint_model::MediaKind,
    /// The client sends on it: it can carry a published track.
    pub receives: bool,
    /// The server sends on it: it is a slot.
    pub sends: bool,
    /// The simulcast rids that the client sends, best first.
    pub rids: Vec<String>,
}
