//! The sources of settings, and their order: defaults, `--dev`, the file, the environment, flags. The later one wins.

use std::fmt;
use std::path::PathBuf;

use crate::check;
use crate::config::Config;
use crate::file::{self, Problem};
use crate::settings::{Origin, Settings};
use crate::table::{KEYS, Key, SECTIONS};
use crate::value::Raw;

/// Variables that begin like ours but are not settings: the file's path, and what Kubernetes sets for a service that is
/// called `crosspoint`.
const NOT_SETTINGS: &[&str] = &["CROSSPOINT_CONFIG", "CROSSPOINT_SERVICE_", "CROSSPOINT_PORT", "CROSSPOINT_PORT_"];

/// Everything that is wrong with a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problems(pub Vec<Problem>);

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("\n"))
    }
}

impl std::error::Error for Problems {}

/// What there is to read settings from.
#[derive(Clone, Debug, Default)]
pub struct Layers {
    /// `--dev`?
    pub dev: bool,
    /// The file, read already: its path (for messages) and its text.
    pub file: Option<(PathBuf, String)>,
    /// The environment. Variables that do not begin with `CROSSPOINT_` are ignored.
    pub environment: Vec<(String, String)>,
    /// Flags: `http.bind` and what it is set to.
    pub flags: Vec<(String, String)>,
}

impl Layers {
    /// Lays them on top of each other.
    pub fn settings(&self) -> Result<Settings, Problems> {
        let mut settings = Settings::defaults(self.dev);
        let mut problems = Vec::new();
        if let Some((path, text)) = &self.file {
            file::apply(&mut settings, path, text, &mut problems);
        }
        for (name, text) in &self.environment {
            if let Err(problem) = from_environment(&mut settings, name, text) {
                problems.push(problem);
            }
        }
        for (path, text) in &self.flags {
            if let Err(problem) = from_flag(&mut settings, path, text) {
                problems.push(problem);
            }
        }
        if problems.is_empty() { Ok(settings) } else { Err(Problems(problems)) }
    }

    /// The configuration without the checks that a server needs: enough to mint a token.
    pub fn unchecked(&self) -> Result<Config, Problems> {
        Ok(Config::read(&self.settings()?, self.dev))
    }

    /// The checked configuration.
    pub fn config(&self) -> Result<Config, Problems> {
        let config = self.unchecked()?;
        let problems = check::problems(&config);
        if problems.is_empty() { Ok(config) } else { Err(Problems(problems)) }
    }
}

fn from_environment(settings: &mut Settings, name: &str, text: &str) -> Result<(), Problem> {
    let foreign = NOT_SETTINGS.iter().any(|other| name == *other || other.ends_with('_') && name.starts_with(other));
    if !name.starts_with("CROSSPOINT_") || foreign {
        return Ok(());
    }
    let Some(key) = KEYS.iter().find(|key| key.variable() == name) else {
        let path = name["CROSSPOINT_".len()..].to_lowercase().replacen('_', ".", 1);
        let meant = Key::find(&nearest(&path)).map_or_else(String::new, Key::variable);
        return Err(format!("environment: unknown variable {name}; did you mean {meant}?"));
    };
    let value = key.kind.read(Raw::Text(text.to_owned()));
    let value = value.map_err(|wanted| format!("environment: {name} must be {wanted}"))?;
    settings.set(key, value, Origin::Environment(name.to_owned()));
    Ok(())
}

fn from_flag(settings: &mut Settings, path: &str, text: &str) -> Result<(), Problem> {
    let Some(key) = Key::find(path) else {
        return Err(format!("--{path}: unknown key; did you mean --{}?", nearest(path)));
    };
    let value = key.kind.read(Raw::Text(text.to_owned())).map_err(|wanted| format!("--{path} must be {wanted}"))?;
    settings.set(key, value, Origin::Flag(format!("--{path}")));
    Ok(())
}

/// The key whose path is most like this one.
pub(crate) fn nearest(path: &str) -> String {
    closest(path, KEYS.iter().map(|key| key.path))
}

/// The section whose name is most like this one.
pub(crate) fn nearest_section(name: &str) -> String {
    closest(name, SECTIONS.iter().map(|section| section.name))
}

fn closest<'a>(given: &str, known: impl Iterator<Item = &'a str>) -> String {
    known.min_by_key(|word| strsim::osa_distance(given, word)).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::Key;

    #[test]
    fn the_later_layer_wins_and_the_origin_says_which() {
        let mut layers = Layers { dev: true, ..Layers::default() };
        assert_eq!(shown(&layers, "http.bind"), ("\"127.0.0.1:8080\"".into(), "--dev".into()));
        layers.file = Some(("a.toml".into(), "\n[http]\nbind = \"127.0.0.1:1\"\n".into()));
        assert_eq!(shown(&layers, "http.bind"), ("\"127.0.0.1:1\"".into(), "a.toml:3".into()));
        layers.environment = vec![("CROSSPOINT_HTTP_BIND".into(), "127.0.0.1:2".into()), ("HOME".into(), "/".into())];
        assert_eq!(shown(&layers, "http.bind"), ("\"127.0.0.1:2\"".into(), "CROSSPOINT_HTTP_BIND".into()));
        layers.flags = vec![("http.bind".into(), "127.0.0.1:3".into())];
        assert_eq!(shown(&layers, "http.bind"), ("\"127.0.0.1:3\"".into(), "--http.bind".into()));
    }

    #[test]
    fn an_unknown_key_is_named_with_its_line_and_the_key_that_was_meant() {
        let file = "[http]\nbund = \"127.0.0.1:1\"\n\n[rooom]\nx = 1\n";
        let layers = Layers { file: Some(("a.toml".into(), file.into())), ..Layers::default() };
        assert_eq!(
            problems(&layers),
            [
                "a.toml:2: unknown key http.bund; did you mean http.bind?",
                "a.toml:4: unknown section [rooom]; did you mean [rooms]?"
            ]
        );
        let layers = Layers { environment: vec![("CROSSPOINT_HTTP_BINT".into(), "x".into())], ..Layers::default() };
        assert!(
            problems(&layers)[0].ends_with("unknown variable CROSSPOINT_HTTP_BINT; did you mean CROSSPOINT_HTTP_BIND?")
        );
        let layers = Layers { flags: vec![("http.bint".into(), "x".into())], ..Layers::default() };
        assert!(problems(&layers)[0].ends_with("did you mean --http.bind?"));
    }

    #[test]
    fn a_wrong_value_is_told_with_what_it_should_be() {
        let file =
            "[rooms]\nparticipants = \"many\"\nempty = 1.5\nresume = \"30x\"\n[http]\ntrusted_proxies = [\"proxy\"]\n";
        let layers = Layers { file: Some(("a.toml".into(), file.into())), ..Layers::default() };
        let problems = problems(&layers).join("\n");
        for expected in [
            "a.toml:2: rooms.participants must be a number from 1 to 1000000",
            "a.toml:3: rooms.empty must be time (`30s`, `1h30m`)",
            "a.toml:4: rooms.resume must be a time, like 30s, 5m or 1h30m",
            "a.toml:6: http.trusted_proxies must be an IP address or a range like 10.0.0.0/8, which \"proxy\" is not",
        ] {
            assert!(problems.contains(expected), "{problems}");
        }
    }

    #[test]
    fn broken_toml_is_told_with_its_line() {
        let layers = Layers { file: Some(("a.toml".into(), "[http]\nbind = \n".into())), ..Layers::default() };
        assert!(problems(&layers)[0].starts_with("a.toml:2: "), "{:?}", problems(&layers));
    }

    #[test]
    fn what_kubernetes_sets_for_a_service_called_crosspoint_is_no_setting() {
        let names = ["CROSSPOINT_SERVICE_HOST", "CROSSPOINT_PORT", "CROSSPOINT_PORT_8080_TCP", "CROSSPOINT_CONFIG"];
        let environment = names.map(|name| (name.to_owned(), "x".to_owned())).to_vec();
        assert!(Layers { environment, ..Layers::default() }.settings().is_ok());
    }

    fn shown(layers: &Layers, path: &str) -> (String, String) {
        let settings = layers.settings().expect("settings");
        let (value, origin) = settings.get(Key::find(path).expect("a key"));
        (value.toml(), origin.to_string())
    }

    fn problems(layers: &Layers) -> Vec<String> {
        layers.settings().expect_err("problems").0
    }
}
