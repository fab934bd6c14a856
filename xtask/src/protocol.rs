//! The guide to the signalling protocol names every message there is.

use std::collections::BTreeSet;
use std::path::Path;

use crate::{CannotRun, Complaints};

const WIRE_TYPES: &str = "sdk/ts/src/wire/index.ts";
const GUIDE: &str = "docs/protocol/signalling.md";

/// Compares the generated wire types with the guide.
pub fn check(root: &Path) -> Result<Complaints, CannotRun> {
    let types = std::fs::read_to_string(root.join(WIRE_TYPES))?;
    let guide = std::fs::read_to_string(root.join(GUIDE))?;
    let messages = messages(&types);
    if messages.is_empty() {
        return Err(format!("{WIRE_TYPES} declares no messages that this check can read").into());
    }
    Ok(unnamed(&messages, &guide).map(|message| format!("{GUIDE} does not name the message `{message}`")).collect())
}

/// The words after `"type":`.
fn messages(types: &str) -> BTreeSet<String> {
    let words = types.split("\"type\": \"").skip(1);
    words.filter_map(|rest| Some(rest.split_once('"')?.0.to_owned())).collect()
}

/// A message is named in code (`leave`) or in an example ("leave").
fn unnamed<'a>(messages: &'a BTreeSet<String>, guide: &str) -> impl Iterator<Item = &'a String> {
    messages.iter().filter(move |message| {
        let named = [format!("`{message}`"), format!("`{message} "), format!("\"{message}\"")];
        !named.iter().any(|word| guide.contains(word))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_without_a_word_in_the_guide_is_found() {
        let messages = messages(
            "export type M = { \"type\": \"join\" } & Join | { \"type\": \"leave\", } | { \"type\": \"ping\" }",
        );
        let left: Vec<_> = unnamed(&messages, "Say `join`, then {\"type\": \"leave\"}.").collect();
        assert_eq!(left, ["ping"]);
    }
}
