//! Writes a document whose shape we know and whose texts we do not.

/// Escaped characters of a text for people; what is longer is cut.
const TEXT: usize = 800;
/// The same of an attribute. Twilio: a parameter's name and value are shorter than 500 together.
const ATTRIBUTE: usize = 500;

/// A document on its way.
#[derive(Debug)]
pub struct Document(String);

impl Document {
    pub fn new() -> Self {
        Self("<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response>".to_owned())
    }

    pub fn open(&mut self, name: &str, attributes: &[(&str, &str)]) {
        self.tag(name, attributes);
        self.0.push('>');
    }

    pub fn close(&mut self, name: &str) {
        self.0.push_str("</");
        self.0.push_str(name);
        self.0.push('>');
    }

    pub fn empty(&mut self, name: &str, attributes: &[(&str, &str)]) {
        self.tag(name, attributes);
        self.0.push_str("/>");
    }

    pub fn text(&mut self, name: &str, attributes: &[(&str, &str)], text: &str) {
        self.open(name, attributes);
        escape(text, TEXT, &mut self.0);
        self.close(name);
    }

    pub fn finish(mut self) -> String {
        self.close("Response");
        self.0
    }

    fn tag(&mut self, name: &str, attributes: &[(&str, &str)]) {
        self.0.push('<');
        self.0.push_str(name);
        for (name, value) in attributes {
            self.0.push(' ');
            self.0.push_str(name);
            self.0.push_str("=\"");
            escape(value, ATTRIBUTE, &mut self.0);
            self.0.push('"');
        }
    }
}

/// Adds the text, at most so many bytes of it, with entities for what means something. Control characters, which XML 1.0 has no
/// way to write, become spaces.
fn escape(text: &str, most: usize, out: &mut String) {
    let end = out.len() + most;
    let mut bytes = [0; 4];
    for character in text.chars() {
        let written: &str = match character {
            '&' => "&amp;",
            '<' => "&lt;",
            '>' => "&gt;",
            '"' => "&quot;",
            '\'' => "&apos;",
            character if character.is_control() || matches!(character, '\u{FFFE}' | '\u{FFFF}') => " ",
            character => character.encode_utf8(&mut bytes),
        };
        if out.len() + written.len() > end {
            return;
        }
        out.push_str(written);
    }
}
