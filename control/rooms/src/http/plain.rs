//! What a library says of a value that it cannot read, in words for people who do not know the library.

use std::error::Error;

/// What was at the bottom of it: the field and what is wrong with it.
pub(super) fn innermost(error: &(dyn Error + 'static)) -> String {
    let mut cause = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    in_words(&cause.to_string())
}

/// Without the names of types.
fn in_words(text: &str) -> String {
    let text = text.replace("invalid digit found in string", "this is no whole number, 0 or more");
    let Some((before, expected)) = text.split_once("expected ") else { return text };
    let (word, after) = expected.split_once(' ').unwrap_or((expected, ""));
    let (word, after) = match word {
        "u8" | "u16" | "u32" | "u64" | "usize" => ("a whole number, 0 or more", after),
        "i8" | "i16" | "i32" | "i64" | "isize" => ("a whole number", after),
        "f32" | "f64" => ("a number", after),
        // The name of the type follows.
        "struct" | "enum" | "internally" => ("an object", after.split_once(" at ").map_or("", |(_, at)| at)),
        word => (word, after),
    };
    let gap = if after.is_empty() { "" } else { " " };
    let at = if after.starts_with("line ") { "at " } else { "" };
    format!("{before}expected {word}{gap}{at}{after}")
}

#[cfg(test)]
mod tests {
    use super::in_words;

    #[test]
    fn types_have_names_that_people_know() {
        for (library, people) in [
            ("wait: invalid digit found in string", "wait: this is no whole number, 0 or more"),
            (
                "connectMs: invalid value: integer `-1`, expected u64 at line 1 column 37",
                "connectMs: invalid value: integer `-1`, expected a whole number, 0 or more at line 1 column 37",
            ),
            (
                "invalid type: string \"x\", expected struct ReportBody at line 1 column 3",
                "invalid type: string \"x\", expected an object at line 1 column 3",
            ),
            ("invalid type: sequence, expected struct X", "invalid type: sequence, expected an object"),
            ("missing field `state` at line 1 column 2", "missing field `state` at line 1 column 2"),
            ("expected value at line 1 column 1", "expected value at line 1 column 1"),
        ] {
            assert_eq!(in_words(library), people);
        }
    }
}
