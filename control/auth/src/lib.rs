//! Who may do what: tokens are verified and minted here. In: the text of a token, and the time. Out: a
//! [`Bearer`](crosspoint_model::grant::Bearer), or a refusal that says what is wrong with the token.
//!
//! Tokens are JWTs (RFC 7519) signed with HS256, in the shape that LiveKit's server SDKs mint, so every language has a
//! library for them already. An *API key* names a *secret*; the token's `iss` says which one signed it.
//!
//! | file | what it holds |
//! |---|---|
//! | `keys.rs` | the keys, and `verify` and `mint` with them |
//! | `attempts.rs` | how often one address may fail |
//! | `claims.rs` | what stands in a token |
//! | `origins.rs` | whose web pages may use the server |
//! | `webhook.rs` | the signature on a webhook's body |

#![forbid(unsafe_code)]

mod attempts;
mod claims;
mod keys;
mod origins;
mod webhook;

pub use attempts::{Attempts, network};
pub use keys::{DEV_KEY, DEV_SECRET, Keys, NBF_LEEWAY, Objection, unix_now};
pub use origins::is_allowed_origin;
