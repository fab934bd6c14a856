//! Writes the TypeScript declarations of the signalling protocol into one file, `sdk/ts/src/wire/index.ts`.
//!
//! ```text
//! cargo run -p crosspoint-model --features typescript --example wire-types            # writes
//! cargo run -p crosspoint-model --features typescript --example wire-types -- --check # fails on drift
//! ```

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;

use crosspoint_model::signal::{
    ClientFrame, ClientMessage, DataHeader, LOSSY, PROTOCOL, RELIABLE, ServerFrame, ServerMessage, close,
};
use crosspoint_model::{Code, Preference};
use ts_rs::{Config, TS, TypeVisitor};

const HEAD: &str = "\
// Generated from core/model by `cargo run -p crosspoint-model --features typescript --example wire-types`.
// Do not edit: change the Rust types and generate again.
";

fn main() -> ExitCode {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../sdk/ts/src/wire/index.ts");
    let generated = declarations();
    if std::env::args().any(|argument| argument == "--check") {
        return check(&path, &generated);
    }
    match std::fs::write(&path, generated) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("cannot write {}: {error}", path.display());
            ExitCode::FAILURE
        }
    }
}

fn check(path: &PathBuf, generated: &str) -> ExitCode {
    match std::fs::read_to_string(path) {
        Ok(present) if present == generated => ExitCode::SUCCESS,
        Ok(_) => {
            eprintln!("{} differs from core/model: run the example wire-types without --check", path.display());
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("cannot read {}: {error}", path.display());
            ExitCode::FAILURE
        }
    }
}

/// The whole file: constants first, then every type in alphabetical order.
fn declarations() -> String {
    // JSON carries every integer of the protocol as a plain number; none comes near 2^53.
    let mut found = Found { config: Config::new().with_large_int("number"), types: BTreeMap::new() };
    found.visit::<ClientFrame>();
    found.visit::<ServerFrame>();
    found.visit::<DataHeader>();
    // Flattened into its messages, so that nothing names it there.
    found.visit::<Preference>();
    found.name_the_message::<ClientFrame, ClientMessage>();
    found.name_the_message::<ServerFrame, ServerMessage>();

    let mut file = String::from(HEAD);
    file.push_str(&constants());
    for declaration in found.types.values() {
        file.push('\n');
        file.push_str(&tidied(declaration));
        file.push('\n');
    }
    file
}

/// Comments of one sentence on one line, each message of a union on its own.
fn tidied(declaration: &str) -> String {
    declaration
        .replace(" | { \"type\"", "\n  | { \"type\"")
        .replace(" \n", "\n")
        .replace("/**\n * ", "/** ")
        .replace("\n */", " */")
}

fn constants() -> String {
    let codes: Vec<String> = Code::ALL.iter().map(|code| format!("  \"{}\",\n", code.as_str())).collect();
    format!(
        "
/** The version of the protocol that `join.protocol` names. */
export const PROTOCOL = {PROTOCOL};
/** The label of the data channel whose messages arrive in order and for certain. */
export const RELIABLE = \"{RELIABLE}\";
/** The label of the data channel whose messages are sent once. */
export const LOSSY = \"{LOSSY}\";
/** Codes with which the signalling socket is closed (RFC 6455 §7.4). */
export const CloseCode = {{
  POLICY: {},
  TOO_BIG: {},
  RESTART: {},
  REPLACED: {},
  KICKED: {},
  ROOM_CLOSED: {},
  SILENT: {},
  TOO_SLOW: {},
}} as const;
/** Every code of an `error`. */
export const CODES = [
{}] as const satisfies readonly Code[];
",
        close::POLICY,
        close::TOO_BIG,
        close::RESTART,
        close::REPLACED,
        close::KICKED,
        close::ROOM_CLOSED,
        close::SILENT,
        close::TOO_SLOW,
        codes.concat(),
    )
}

/// Declarations by name of the types that were visited, and of all that these name.
struct Found {
    config: Config,
    types: BTreeMap<String, String>,
}

impl Found {
    /// A frame is its envelope and a message: names the message's type instead of writing it out a second time.
    fn name_the_message<Frame: TS, Message: TS + 'static>(&mut self) {
        self.visit::<Message>();
        let name = Message::ident(&self.config);
        let written_out = Message::inline_flattened(&self.config);
        let frame = self.types.get_mut(&Frame::ident(&self.config)).expect("frames were visited");
        assert!(frame.contains(&written_out), "a frame that does not flatten {name}");
        *frame = frame.replace(&written_out, &name);
    }
}

impl TypeVisitor for Found {
    fn visit<T: TS + 'static + ?Sized>(&mut self) {
        // Only types that derive `TS` have a file of their own; `Vec`, `Option` and numbers are written in place.
        if T::output_path().is_none() {
            T::visit_dependencies(self);
            T::visit_generics(self);
            return;
        }
        let name = T::ident(&self.config);
        if self.types.contains_key(&name) {
            return;
        }
        let docs = T::docs().unwrap_or_default();
        self.types.insert(name, format!("{docs}export {}", T::decl(&self.config)));
        T::visit_dependencies(self);
        T::visit_generics(self);
    }
}
