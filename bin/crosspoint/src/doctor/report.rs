//! What was found, for people and for programs.

use std::io::{IsTerminal, Write};

use serde::Serialize;

/// How it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum State {
    /// It was looked at, and it works.
    #[serde(rename = "ok")]
    Ok,
    /// It works for some, or not for long.
    #[serde(rename = "warning")]
    Warning,
    /// It does not work.
    #[serde(rename = "failed")]
    Failed,
    /// It could not be looked at.
    #[serde(rename = "not checked")]
    NotChecked,
}

impl State {
    const ALL: [Self; 4] = [Self::Failed, Self::Warning, Self::NotChecked, Self::Ok];

    fn text(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Failed => "failed",
            Self::NotChecked => "not checked",
        }
    }

    /// The colour's number (ECMA-48 §8.3.117).
    fn colour(self) -> u8 {
        match self {
            Self::Ok => 32,
            Self::Warning => 33,
            Self::Failed => 31,
            Self::NotChecked => 36,
        }
    }
}

/// One line of the report.
#[derive(Clone, Debug, Serialize)]
pub struct Finding {
    /// What was looked at.
    pub check: &'static str,
    /// How it is.
    pub state: State,
    /// What was seen.
    pub seen: String,
    /// What to change; none: nothing.
    pub cure: Option<String>,
}

impl Finding {
    /// It works.
    pub fn ok(check: &'static str, seen: impl Into<String>) -> Self {
        Self { check, state: State::Ok, seen: seen.into(), cure: None }
    }

    /// It works for some, or not for long.
    pub fn warning(check: &'static str, seen: impl Into<String>, cure: impl Into<String>) -> Self {
        Self { check, state: State::Warning, seen: seen.into(), cure: Some(cure.into()) }
    }

    /// It does not work.
    pub fn failed(check: &'static str, seen: impl Into<String>, cure: impl Into<String>) -> Self {
        Self { check, state: State::Failed, seen: seen.into(), cure: Some(cure.into()) }
    }

    /// It could not be looked at: why, and what would make it possible.
    pub fn not_checked(check: &'static str, why: impl Into<String>, cure: impl Into<String>) -> Self {
        Self {
            check,
            state: State::NotChecked,
            seen: why.into(),
            cure: Some(cure.into()).filter(|cure| !cure.is_empty()),
        }
    }
}

/// Prints an array of all findings.
pub fn print_json(found: &[Finding]) -> anyhow::Result<()> {
    write(&format!("{}\n", serde_json::to_string_pretty(found)?));
    Ok(())
}

/// Who reads may have read enough.
fn write(text: &str) {
    let _ = std::io::stdout().write_all(text.as_bytes());
}

/// Prints a table, with colours where somebody looks at it.
pub fn print(found: &[Finding], outside: bool) {
    let coloured = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    write(&format!("{}\n{}\n", table(found, coloured), summary(found)));
    if !outside {
        write(
            "Seen from this machine. What a firewall lets through is seen with --from-outside, from a client's machine.\n",
        );
    }
}

fn table(found: &[Finding], coloured: bool) -> String {
    let width = found.iter().map(|finding| finding.check.len()).max().unwrap_or_default();
    let mut text = String::new();
    for Finding { check, state, seen, cure } in found {
        let (on, off) = if coloured { (format!("\x1b[{}m", state.colour()), "\x1b[0m") } else { Default::default() };
        text.push_str(&format!("{on}{:11}{off}  {check:width$}  {seen}\n", state.text()));
        if let Some(cure) = cure {
            let arrow = "->";
            text.push_str(&format!("{:11}  {:width$}  {arrow} {cure}\n", "", ""));
        }
    }
    text
}

fn summary(found: &[Finding]) -> String {
    let count = |state| found.iter().filter(|finding| finding.state == state).count();
    let counts = State::ALL.map(|state| format!("{} {}", count(state), state.text()));
    counts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_and_colours_are_for_terminals() {
        let found = [Finding::ok("clock", "right"), Finding::failed("certificate", "expired", "Renew it.")];
        let expected = "ok           clock        right\n\
                        failed       certificate  expired\n\
                        \x20                         -> Renew it.\n";
        assert_eq!(table(&found, false), expected);
        assert!(table(&found, true).starts_with("\x1b[32mok         \x1b[0m  clock"));
        assert_eq!(summary(&found), "1 failed, 0 warning, 0 not checked, 1 ok");
    }
}
