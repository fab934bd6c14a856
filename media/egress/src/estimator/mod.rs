//! What does the way to the client carry?
