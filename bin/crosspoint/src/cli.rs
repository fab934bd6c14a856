//! The command line. Every key of the configuration is a flag too: `--http.bind 127.0.0.1:8080`.

use std::path::PathBuf;

use anyhow::Context;
use clap::{Arg, ArgMatches, Args, CommandFactory, FromArgMatches, Parser, Subcommand};
use crosspoint_config::{KEYS, Key, Layers};

/// Connects live sources to destinations.
#[derive(Debug, Parser)]
#[command(name = "crosspoint", version, max_term_width = 120)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the server
    Serve(Source),
    /// Print every setting with its value, its origin and its documentation
    Config(Source),
    /// Look at a deployment: what works, and what to change
    Doctor(Doctor),
    /// Make tokens
    Token(Token),
    /// What telephone companies are to be told
    Phone(Phone),
    /// A simulated telephone company, for trying out and for tests: it is a stand-in, no call leaves this machine
    PhoneSim(PhoneSim),
}

/// `crosspoint phone …`
#[derive(Debug, Args)]
pub struct Phone {
    #[command(subcommand)]
    pub action: PhoneAction,
}

#[derive(Debug, Subcommand)]
pub enum PhoneAction {
    /// Print the TwiML that a number falls back to when this server does not answer ("primary handler fails")
    FallbackTwiml {
        /// The show whose conference callers go into
        #[arg(long)]
        show: String,
        /// For the host's own number: comes in un-muted and starts the conference
        #[arg(long)]
        host: bool,
        /// The telephone company, whose dialect it is in
        #[arg(long, default_value = "twilio", value_parser = ["twilio", "signalwire", "telnyx"])]
        provider: String,
    },
}

/// `crosspoint phone-sim …`
#[derive(Debug, Args)]
pub struct PhoneSim {
    #[command(subcommand)]
    pub action: PhoneSimAction,
}

#[derive(Debug, Subcommand)]
pub enum PhoneSimAction {
    /// Run the company, with a REST interface like Twilio's and one of its own that places calls
    Serve(SimCompany),
    /// Place one call from here, and hang up when it is over
    Call(Box<SimCall>),
}

/// Who the simulated company is.
#[derive(Debug, Args)]
pub struct SimCompany {
    /// Where it listens
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:9080")]
    pub bind: std::net::SocketAddr,
    /// The voice webhook of its numbers
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8080/api/phone/voice")]
    pub voice_url: String,
    /// Told when a call has ended: the server's `/api/phone/status`
    #[arg(long, value_name = "URL")]
    pub status_url: Option<String>,
    /// Its Account SID: the server's `phone.twilio_account`
    #[arg(long, value_name = "SID", default_value = crate::phones::SIMULATED_ACCOUNT)]
    pub account: String,
    /// Its auth token: the server's `phone.twilio_token`
    #[arg(long, value_name = "TOKEN", default_value = crate::phones::SIMULATED_TOKEN)]
    pub token: String,
    /// Folder from which calls may play WAV files
    #[arg(long, value_name = "FOLDER")]
    pub files: Option<PathBuf>,
    /// What it executes when the webhook fails, as `crosspoint phone fallback-twiml` prints it
    #[arg(long, value_name = "FILE")]
    pub fallback_twiml: Option<PathBuf>,
}

/// One simulated call.
#[derive(Debug, Args)]
pub struct SimCall {
    #[command(flatten)]
    pub company: SimCompany,
    /// The caller's number
    #[arg(long, default_value = "+14155550101")]
    pub from: String,
    /// The number that is called
    #[arg(long, default_value = "+14155550100")]
    pub to: String,
    /// A WAV file that the caller says; without one a tone
    #[arg(long, value_name = "FILE")]
    pub play: Option<PathBuf>,
    /// The tone in hertz, where no file is played
    #[arg(long, default_value_t = 440.0)]
    pub tone: f32,
    /// Where to write what the caller hears (WAV)
    #[arg(long, value_name = "FILE")]
    pub record: Option<PathBuf>,
    /// Hang up after so long: 30s, 5m [default: when the file is over; with a tone never]
    #[arg(long, value_name = "TIME", value_parser = crosspoint_config::duration)]
    pub length: Option<std::time::Duration>,
    /// Milliseconds by which frames come irregularly
    #[arg(long, default_value_t = 0)]
    pub jitter_ms: u32,
    /// Press keys so long after the call was placed: 6s=123456 (more than once if wanted, as the two below)
    #[arg(long, value_name = "TIME=KEYS", value_parser = timed_keys)]
    pub digits: Vec<(std::time::Duration, String)>,
    /// Hold what the caller says for a while, and send it at once then: 10s=800ms
    #[arg(long, value_name = "TIME=TIME", value_parser = timed_stall)]
    pub stall: Vec<(std::time::Duration, std::time::Duration)>,
    /// Cut the socket of the stream, so long after the call was placed
    #[arg(long, value_name = "TIME", value_parser = crosspoint_config::duration)]
    pub cut: Vec<std::time::Duration>,
}

fn timed_keys(text: &str) -> Result<(std::time::Duration, String), String> {
    let (at, keys) = timed(text)?;
    let is_key = |key: char| key.is_ascii_digit() || "*#".contains(key);
    if keys.is_empty() || !keys.chars().all(is_key) {
        return Err(format!("{keys:?} is no row of keys: 0 to 9, * and #"));
    }
    Ok((at, keys.to_owned()))
}

fn timed_stall(text: &str) -> Result<(std::time::Duration, std::time::Duration), String> {
    let (at, length) = timed(text)?;
    Ok((at, crosspoint_config::duration(length)?))
}

fn timed(text: &str) -> Result<(std::time::Duration, &str), String> {
    let (at, what) = text.split_once('=').ok_or("write when and what, as 6s=123456 or 10s=800ms")?;
    Ok((crosspoint_config::duration(at)?, what))
}

/// Where settings come from.
#[derive(Clone, Debug, Args)]
pub struct Source {
    /// For trying out: loopback only, a key that everybody knows, tokens for whoever asks
    #[arg(long)]
    pub dev: bool,
    /// The configuration file (TOML)
    #[arg(long, value_name = "FILE", env = "CROSSPOINT_CONFIG")]
    pub config: Option<PathBuf>,
}

/// `crosspoint doctor …`
#[derive(Debug, Args)]
pub struct Doctor {
    #[command(flatten)]
    source: Source,
    /// A STUN server outside of this network: it tells the public address of this machine
    #[arg(long, value_name = "HOST:PORT", value_parser = host_and_port)]
    pub stun: Option<String>,
    /// This is a client's machine: leave out what only the server's own can tell
    #[arg(long)]
    pub from_outside: bool,
    /// Print an array of {check, state, seen, cure}
    #[arg(long)]
    pub json: bool,
}

fn host_and_port(text: &str) -> Result<String, String> {
    match text.rsplit_once(':') {
        Some((host, port)) if !host.is_empty() && port.parse::<u16>().is_ok() => Ok(text.to_owned()),
        _ => Err("write it as HOST:PORT, such as stun.example.org:3478".into()),
    }
}

/// `crosspoint token …`
#[derive(Debug, Args)]
pub struct Token {
    #[command(subcommand)]
    action: TokenAction,
}

impl Token {
    /// What the token is to be.
    pub fn request(&self) -> &CreateToken {
        let TokenAction::Create(request) = &self.action;
        request
    }
}

#[derive(Debug, Subcommand)]
enum TokenAction {
    /// Print a token, and nothing else
    Create(Box<CreateToken>),
}

/// What a token is to be.
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
#[derive(Debug, Args)]
pub struct CreateToken {
    #[command(flatten)]
    source: Source,
    /// The room it is for; without one: every room, for administrators
    #[arg(long, required_unless_present_any = ["admin", "session", "role"])]
    pub room: Option<String>,
    /// Who it speaks for
    #[arg(long, required_unless_present_any = ["admin", "session", "role"])]
    pub identity: Option<String>,
    /// The session it is for, in which two programs meet; it lets nobody into a room
    #[arg(long, value_name = "ID", requires = "role", conflicts_with_all = ["room", "admin", "record"])]
    pub session: Option<String>,
    /// What its bearer is in the session
    #[arg(long, requires = "session", conflicts_with_all = ["room", "admin"], value_parser = ["viewer", "controller", "agent"])]
    pub role: Option<String>,
    /// The name that others see
    #[arg(long, default_value = "")]
    pub name: String,
    /// May kick, mute, hold, move and close; without --room it may also make and list rooms
    #[arg(long)]
    pub admin: bool,
    /// May start and stop recordings
    #[arg(long)]
    pub record: bool,
    /// Others are not told of this participant
    #[arg(long)]
    pub hidden: bool,
    /// May publish
    #[arg(long, value_name = "BOOL", default_value = "true", action = clap::ArgAction::Set)]
    pub can_publish: bool,
    /// May receive
    #[arg(long, value_name = "BOOL", default_value = "true", action = clap::ArgAction::Set)]
    pub can_subscribe: bool,
    /// May send data
    #[arg(long, value_name = "BOOL", default_value = "true", action = clap::ArgAction::Set)]
    pub can_publish_data: bool,
    /// Free text of the application
    #[arg(long, default_value = "")]
    pub metadata: String,
    /// An attribute of the application; may be given many times
    #[arg(long = "attribute", value_name = "NAME=VALUE", value_parser = name_and_value)]
    pub attributes: Vec<(String, String)>,
    /// How long it lives: 30m, 6h [default: auth.token_lifetime]
    #[arg(long, value_name = "TIME", value_parser = crosspoint_config::duration)]
    pub ttl: Option<std::time::Duration>,
    /// The API key that signs it [default: the first by name]
    #[arg(long, value_name = "NAME")]
    pub key: Option<String>,
}

/// What `crosspoint doctor --help` says last.
const DOCTOR_ENDS: &str =
    "Give it the settings of the server: the same file, environment and flags. Every setting is a flag, too; \
`crosspoint config` lists them.

Ends with 0 if nothing failed, with 1 if something did, and with 2 if it could not look.";

/// Reads the command line, the environment and the file. Ends the process for `--help`, `--version` and wrong usage.
pub fn parse() -> anyhow::Result<(Command, Layers)> {
    let matches = command().get_matches();
    let command = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit()).command;
    let layers = layers(source(&command), &flags(innermost(&matches)))?;
    Ok((command, layers))
}

/// Where commands without settings have theirs from.
static NO_SOURCE: Source = Source { dev: true, config: None };

fn source(command: &Command) -> &Source {
    match command {
        Command::Serve(source) | Command::Config(source) => source,
        Command::Doctor(doctor) => &doctor.source,
        Command::Token(token) => &token.request().source,
        // They need no settings of the server.
        Command::Phone(_) | Command::PhoneSim(_) => &NO_SOURCE,
    }
}

const SETTINGS_ARE_FLAGS: &str =
    "Every setting is a flag, too: --http.bind 127.0.0.1:9000; `crosspoint config` lists them.";

/// The command line with a flag for each key. `--help` of `serve` and `config` explains each.
fn command() -> clap::Command {
    let command =
        ["serve", "config"].into_iter().fold(Cli::command(), |command, name| command.mut_subcommand(name, with_keys));
    let command = command.mut_subcommand("doctor", |doctor| with_hidden_keys(doctor).after_help(DOCTOR_ENDS));
    command.mut_subcommand("token", |token| {
        token.mut_subcommand("create", |create| with_hidden_keys(create).after_help(SETTINGS_ARE_FLAGS))
    })
}

fn with_keys(command: clap::Command) -> clap::Command {
    KEYS.iter().fold(command, |command, key| command.arg(flag(key).hide_short_help(true)))
}

fn with_hidden_keys(command: clap::Command) -> clap::Command {
    KEYS.iter().fold(command, |command, key| command.arg(flag(key).hide(true)))
}

fn flag(key: &Key) -> Arg {
    Arg::new(key.path)
        .long(key.path)
        .value_name("VALUE")
        .help(key.doc)
        .help_heading("Settings")
        .allow_negative_numbers(true)
}

/// The arguments of the command that was chosen.
fn innermost(matches: &ArgMatches) -> &ArgMatches {
    matches.subcommand().map_or(matches, |(_, chosen)| innermost(chosen))
}

fn flags(matches: &ArgMatches) -> Vec<(String, String)> {
    // Commands without settings know none of these.
    let text = |path| matches.try_get_one::<String>(path).ok().flatten();
    let given = KEYS.iter().filter_map(|key| Some((key.path, text(key.path)?)));
    given.map(|(path, text)| (path.to_owned(), text.clone())).collect()
}

fn layers(source: &Source, flags: &[(String, String)]) -> anyhow::Result<Layers> {
    let file = match &source.config {
        None => None,
        Some(path) => {
            let text = std::fs::read_to_string(path)
                .with_context(|| format!("the configuration {} cannot be read", path.display()))?;
            Some((path.clone(), text))
        }
    };
    // A variable that is not Unicode cannot be one of ours.
    let environment = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    Ok(Layers { dev: source.dev, file, environment, flags: flags.to_vec() })
}

fn name_and_value(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write it as NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        command().debug_assert();
    }

    #[test]
    fn a_token_is_for_a_room_or_for_a_session_with_a_role() {
        let fits = |line: &str| command().try_get_matches_from(line.split_whitespace()).is_ok();
        assert!(fits("crosspoint token create --room a --identity b"));
        assert!(fits("crosspoint token create --session vm7 --role agent"));
        assert!(!fits("crosspoint token create --session vm7"));
        assert!(!fits("crosspoint token create --role agent --room a --identity b"));
        assert!(!fits("crosspoint token create --session vm7 --role agent --room a"));
        assert!(!fits("crosspoint token create --session vm7 --role host"));
    }

    #[test]
    fn every_key_is_a_flag() {
        let matches = command().get_matches_from(["crosspoint", "serve", "--dev", "--http.bind", "127.0.0.1:1"]);
        assert_eq!(flags(innermost(&matches)), [("http.bind".to_owned(), "127.0.0.1:1".to_owned())]);
    }
}
