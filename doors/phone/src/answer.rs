//! What the desk decided, as a document for the provider.

use crosspoint_carrier::twiml::{self, Room, Stream};
use crosspoint_carrier::{Addresses, Provider};
use crosspoint_rooms::{Conference, Welcome};

/// To whom, and where we are.
#[derive(Debug)]
pub struct Answer<'a> {
    pub addresses: &'a Addresses,
    pub provider: Provider,
    /// The show that the webhook's address names.
    pub show: Option<&'a str>,
    pub wait_url: Option<&'a str>,
}

impl Answer<'_> {
    pub fn to(&self, welcome: &Welcome) -> String {
        let callback = self.addresses.conference(self.provider);
        match welcome {
            Welcome::Stream { token, show, call_id, conference } => {
                let url = self.addresses.stream(self.provider);
                let parameters = [("token", token.as_str()), ("show", show), ("call", call_id)];
                let stream = Stream { url: &url, parameters: &parameters };
                twiml::stream(self.provider, &stream, &self.room(conference, &callback))
            }
            Welcome::Conference { conference, asks_pin: false } => {
                twiml::conference(self.provider, &self.room(conference, &callback))
            }
            Welcome::Conference { conference, asks_pin: true } => {
                let show = self.show.or_else(|| conference.name.strip_prefix("show-"));
                let action = self.addresses.pin(self.provider, show);
                twiml::ask_pin(self.provider, &action, &self.room(conference, &callback))
            }
            Welcome::Confirm { show, message } => {
                twiml::confirm(&self.addresses.pin(self.provider, Some(show)), message)
            }
            Welcome::Goodbye { message } => twiml::goodbye(message),
            Welcome::Reject => twiml::reject(),
        }
    }

    fn room<'a>(&'a self, conference: &'a Conference, callback: &'a str) -> Room<'a> {
        let Conference { name, label, starts, muted, reserved } = conference;
        Room { name, label, starts: *starts, muted: *muted, reserved: *reserved, callback, wait_url: self.wait_url }
    }
}

/// To a webhook that names no call.
pub fn nobody() -> String {
    twiml::nothing()
}
