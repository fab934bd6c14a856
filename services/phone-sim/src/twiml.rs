//! Reads TwiML. What the provider would pass over with a warning is passed over with one here; what it would stop at is an
//! error with the provider's code.

use std::str::FromStr;
use std::time::Duration;

use roxmltree::Node;

use crate::line::Method;
use crate::verbs::{Action, Conference, Connect, Dial, Document, Gather, Verb};

/// The longest document that the provider takes.
pub(crate) const LONGEST: usize = 64 * 1_024;
/// What the provider allows for name and value of a `<Parameter>` together.
const LONGEST_PARAMETER: usize = 500;

/// Why a document cannot be executed, with the provider's code.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unusable {
    pub(crate) code: u16,
    pub(crate) detail: String,
}

/// Reads a document.
pub(crate) fn read(text: &str) -> Result<Document, Unusable> {
    if text.len() > LONGEST {
        return Err(Unusable {
            code: 11_750,
            detail: format!("the document has {} bytes; {LONGEST} are read", text.len()),
        });
    }
    let parsed = roxmltree::Document::parse(text.trim_start_matches('\u{feff}'));
    let parsed = parsed.map_err(|error| Unusable { code: 12_100, detail: format!("not XML: {error}") })?;
    let root = parsed.root_element();
    if root.tag_name().name() != "Response" {
        let detail = format!("the document begins with <{}> and not with <Response>", root.tag_name().name());
        return Err(Unusable { code: 12_100, detail });
    }
    let mut reader = Reader { warnings: Vec::new() };
    let verbs = elements(root).filter_map(|node| reader.verb(node)).collect();
    Ok(Document { verbs, warnings: reader.warnings })
}

fn elements<'a, 'input>(node: Node<'a, 'input>) -> impl Iterator<Item = Node<'a, 'input>> {
    node.children().filter(Node::is_element)
}

fn text(node: Node<'_, '_>) -> String {
    node.children().filter_map(|child| child.text()).collect::<String>().trim().to_owned()
}

struct Reader {
    warnings: Vec<String>,
}

impl Reader {
    fn warn(&mut self, warning: String) {
        self.warnings.push(format!("12200 {warning}"));
    }

    /// Attributes that the provider's schema does not have are passed over with a warning.
    fn check(&mut self, node: Node<'_, '_>, known: &[&str]) {
        for attribute in node.attributes().filter(|attribute| !known.contains(&attribute.name())) {
            self.warn(format!("<{}> has no attribute {}", node.tag_name().name(), attribute.name()));
        }
    }

    fn value<T: FromStr>(&mut self, node: Node<'_, '_>, name: &str, otherwise: T) -> T {
        let Some(value) = node.attribute(name) else { return otherwise };
        value.parse().unwrap_or_else(|_| {
            self.warn(format!("{name}={value:?} of <{}> is not understood", node.tag_name().name()));
            otherwise
        })
    }

    fn method(&mut self, node: Node<'_, '_>, name: &str) -> Method {
        match node.attribute(name).unwrap_or("POST") {
            "GET" => Method::Get,
            "POST" => Method::Post,
            other => {
                self.warn(format!("{name}={other:?} is neither GET nor POST"));
                Method::Post
            }
        }
    }

    fn action(&mut self, node: Node<'_, '_>, url: &str, method: &str) -> Option<Action> {
        let method = self.method(node, method);
        node.attribute(url).map(|url| Action { url: url.to_owned(), method })
    }

    fn verb(&mut self, node: Node<'_, '_>) -> Option<Verb> {
        match node.tag_name().name() {
            "Connect" => self.connect(node).map(Verb::Connect),
            "Dial" => self.dial(node).map(Verb::Dial),
            "Gather" => Some(Verb::Gather(self.gather(node))),
            "Say" => {
                self.check(node, &["voice", "language", "loop"]);
                Some(Verb::Say { text: text(node), times: self.value(node, "loop", 1) })
            }
            "Play" => {
                self.check(node, &["loop", "digits"]);
                Some(Verb::Play { url: text(node), times: self.value(node, "loop", 1) })
            }
            "Pause" => {
                self.check(node, &["length"]);
                Some(Verb::Pause(Duration::from_secs(self.value(node, "length", 1))))
            }
            "Redirect" => {
                self.check(node, &["method"]);
                Some(Verb::Redirect(Action { url: text(node), method: self.method(node, "method") }))
            }
            "Reject" => {
                self.check(node, &["reason"]);
                Some(Verb::Reject { reason: node.attribute("reason").unwrap_or("rejected").to_owned() })
            }
            "Hangup" => {
                self.check(node, &[]);
                Some(Verb::Hangup)
            }
            other => {
                self.warn(format!("<{other}> is no verb, or one that the simulator does not execute"));
                None
            }
        }
    }

    fn connect(&mut self, node: Node<'_, '_>) -> Option<Connect> {
        self.check(node, &["action", "method"]);
        let action = self.action(node, "action", "method");
        let Some(stream) = elements(node).next().filter(|child| child.tag_name().name() == "Stream") else {
            self.warn("the simulator connects only a <Stream>".to_owned());
            return None;
        };
        self.check(stream, &["url", "name", "track", "statusCallback", "statusCallbackMethod", "connectorName"]);
        if stream.attribute("track").is_some_and(|track| track != "inbound_track") {
            self.warn("a <Stream> of <Connect> has the inbound track only".to_owned());
        }
        let status_callback = self.action(stream, "statusCallback", "statusCallbackMethod");
        let parameters = elements(stream).filter_map(|child| self.parameter(child)).collect();
        let owned = |name| stream.attribute(name).map(str::to_owned);
        Some(Connect {
            action,
            url: owned("url").unwrap_or_default(),
            name: owned("name"),
            parameters,
            status_callback,
        })
    }

    fn parameter(&mut self, node: Node<'_, '_>) -> Option<(String, String)> {
        self.check(node, &["name", "value"]);
        let (name, value) = (node.attribute("name").unwrap_or_default(), node.attribute("value").unwrap_or_default());
        let refused = match () {
            () if node.tag_name().name() != "Parameter" => format!("<{}> in <Stream>", node.tag_name().name()),
            () if name.is_empty() => "a <Parameter> without a name".to_owned(),
            () if name.len() + value.len() >= LONGEST_PARAMETER => {
                format!(
                    "the <Parameter> {name} is too long: name and value have {LONGEST_PARAMETER} characters or more"
                )
            }
            () => return Some((name.to_owned(), value.to_owned())),
        };
        self.warn(refused);
        None
    }

    fn dial(&mut self, node: Node<'_, '_>) -> Option<Dial> {
        const DIAL: [&str; 14] = [
            "action",
            "method",
            "timeout",
            "hangupOnStar",
            "timeLimit",
            "callerId",
            "record",
            "trim",
            "answerOnBridge",
            "ringTone",
            "recordingStatusCallback",
            "recordingStatusCallbackMethod",
            "recordingStatusCallbackEvent",
            "sequential",
        ];
        self.check(node, &DIAL);
        let action = self.action(node, "action", "method");
        let Some(child) = elements(node).next().filter(|child| child.tag_name().name() == "Conference") else {
            self.warn("the simulator dials only a <Conference>".to_owned());
            return None;
        };
        Some(Dial { action, conference: self.conference(child)? })
    }

    fn conference(&mut self, node: Node<'_, '_>) -> Option<Conference> {
        const CONFERENCE: [&str; 21] = [
            "muted",
            "startConferenceOnEnter",
            "endConferenceOnExit",
            "participantLabel",
            "jitterBufferSize",
            "beep",
            "waitUrl",
            "waitMethod",
            "maxParticipants",
            "record",
            "region",
            "coach",
            "trim",
            "statusCallback",
            "statusCallbackMethod",
            "statusCallbackEvent",
            "recordingStatusCallback",
            "recordingStatusCallbackMethod",
            "recordingStatusCallbackEvent",
            "eventCallbackUrl",
            "transcribe",
        ];
        self.check(node, &CONFERENCE);
        let name = text(node);
        if name.is_empty() {
            self.warn("a <Conference> without a name".to_owned());
            return None;
        }
        let beep = node.attribute("beep").unwrap_or("true");
        let max_participants: usize = self.value(node, "maxParticipants", 250);
        if !(1..=250).contains(&max_participants) {
            self.warn(format!("maxParticipants={max_participants} is not from 1 to 250"));
        }
        let events = node.attribute("statusCallbackEvent").unwrap_or("start end");
        let events: Vec<_> = events.split_whitespace().map(str::to_owned).collect();
        for event in events.iter().filter(|event| !EVENTS.contains(&event.as_str())) {
            self.warn(format!("statusCallbackEvent {event:?} is not one of {}", EVENTS.join(", ")));
        }
        Some(Conference {
            name,
            muted: self.value(node, "muted", false),
            start_on_enter: self.value(node, "startConferenceOnEnter", true),
            end_on_exit: self.value(node, "endConferenceOnExit", false),
            beep_on_enter: matches!(beep, "true" | "onEnter"),
            beep_on_exit: matches!(beep, "true" | "onExit"),
            wait_in_silence: node.attribute("waitUrl").is_some_and(str::is_empty),
            max_participants: max_participants.clamp(1, 250),
            label: node.attribute("participantLabel").map(str::to_owned),
            status_callback: self.action(node, "statusCallback", "statusCallbackMethod"),
            events,
        })
    }

    fn gather(&mut self, node: Node<'_, '_>) -> Gather {
        const GATHER: [&str; 9] = [
            "action",
            "method",
            "timeout",
            "numDigits",
            "finishOnKey",
            "actionOnEmptyResult",
            "input",
            "language",
            "speechTimeout",
        ];
        self.check(node, &GATHER);
        if node.attribute("input").is_some_and(|input| !input.contains("dtmf")) {
            self.warn("the simulator gathers digits only".to_owned());
        }
        let method = self.method(node, "method");
        let digits: usize = self.value(node, "numDigits", 0);
        Gather {
            action: Action { url: node.attribute("action").unwrap_or_default().to_owned(), method },
            timeout: Duration::from_secs(self.value(node, "timeout", 5)),
            digits: (digits > 0).then_some(digits),
            finish_on: node.attribute("finishOnKey").unwrap_or("#").chars().next(),
            even_if_empty: self.value(node, "actionOnEmptyResult", false),
            prompts: elements(node).filter_map(|child| self.verb(child)).filter(is_prompt).collect(),
        }
    }
}

/// The words of a conference's `statusCallbackEvent`.
const EVENTS: [&str; 9] = ["start", "end", "join", "leave", "mute", "hold", "modify", "speaker", "announcement"];

fn is_prompt(verb: &Verb) -> bool {
    matches!(verb, Verb::Say { .. } | Verb::Play { .. } | Verb::Pause(_))
}

#[cfg(test)]
mod tests;
