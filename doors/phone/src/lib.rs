//! The door of telephones: media streams and webhooks.

#![forbid(unsafe_code)]
