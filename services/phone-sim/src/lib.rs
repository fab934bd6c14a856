//! A telephone company that only pretends: callers, their provider, and its REST interface, for tests and for trying out.

#![forbid(unsafe_code)]
