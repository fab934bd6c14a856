//! Identifiers. Strings are what clients see and choose; keys are small numbers that media threads index by.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::refusal::{Code, Refusal};

/// The longest room id or identity that is accepted, in bytes.
pub const MAX_NAME_BYTES: usize = 256;

macro_rules! name {
    ($(#[$doc:meta])* $type:ident, $what:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
        #[cfg_attr(feature = "typescript", ts(type = "string"))]
        #[serde(transparent)]
        pub struct $type(Arc<str>);

        impl $type {
            #[doc = concat!("Checks and wraps the text of a ", $what, ".")]
            pub fn parse(text: &str) -> Result<Self, Refusal> {
                check_name($what, text)?;
                Ok(Self(text.into()))
            }

            /// The text itself.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// As one segment of a path: all but unreserved characters (RFC 3986 §2.3) as `%XX`.
            pub fn path_segment(&self) -> String {
                let encode = |byte: u8| match byte {
                    b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
                    _ => format!("%{byte:02X}"),
                };
                self.0.bytes().map(encode).collect()
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:?}", &*self.0)
            }
        }
    };
}

name!(
    /// The name of a room, chosen by clients: `lobby-42`.
    RoomId,
    "room id"
);
name!(
    /// Who a participant is: the `sub` of its token. Unique within a room.
    Identity,
    "identity"
);

/// 1 to [`MAX_NAME_BYTES`] bytes, no control characters, no spaces at the ends.
fn check_name(what: &str, text: &str) -> Result<(), Refusal> {
    let refuse = |why: &str| Err(Refusal::new(Code::InvalidRequest, format!("the {what} {why}")));
    if text.is_empty() {
        return refuse("is empty");
    }
    if text.len() > MAX_NAME_BYTES {
        return refuse("is longer than 256 bytes");
    }
    if text.chars().any(char::is_control) {
        return refuse("contains a control character");
    }
    if text.trim() != text {
        return refuse("begins or ends with a space");
    }
    Ok(())
}

macro_rules! key {
    ($(#[$doc:meta])* $type:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $type(pub u64);
    };
}

key!(
    /// A room on the media plane. Never used twice in the life of a process.
    RoomKey
);
key!(
    /// A leg (one transport of a participant) on the media plane. Never used twice in the life of a process.
    LegKey
);
key!(
    /// A track on the media plane. Never used twice in the life of a process.
    TrackKey
);

/// A track as clients name it: `TR_` and the number of its [`TrackKey`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[cfg_attr(feature = "typescript", ts(type = "string"))]
pub struct TrackId(pub TrackKey);

impl fmt::Display for TrackId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TR_{}", self.0.0)
    }
}

impl std::str::FromStr for TrackId {
    type Err = Refusal;

    fn from_str(text: &str) -> Result<Self, Refusal> {
        text.strip_prefix("TR_")
            .and_then(|number| number.parse().ok())
            .map(|number| Self(TrackKey(number)))
            .ok_or_else(|| Refusal::new(Code::TrackNotFound, "no such track id: a track id looks like TR_17"))
    }
}

impl Serialize for TrackId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TrackId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|refusal: Refusal| serde::de::Error::custom(refusal.detail))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_short_visible_text() {
        assert!(RoomId::parse("lobby-42").is_ok());
        assert!(RoomId::parse("Grüße 🎙").is_ok());
        for bad in ["", " a", "a\n", "a\u{0}b", &"x".repeat(257)] {
            assert_eq!(RoomId::parse(bad).map_err(|r| r.code), Err(Code::InvalidRequest), "{bad:?}");
        }
    }

    #[test]
    fn a_name_in_a_path_cannot_be_taken_for_more_of_it() {
        assert_eq!(RoomId::parse("a/b?ü~").map(|room| room.path_segment()), Ok("a%2Fb%3F%C3%BC~".into()));
    }

    #[test]
    fn a_track_id_reads_back_as_written() {
        let id = TrackId(TrackKey(17));
        assert_eq!(id.to_string(), "TR_17");
        assert_eq!("TR_17".parse(), Ok(id));
        assert!("17".parse::<TrackId>().is_err());
    }
}
