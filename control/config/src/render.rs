//! The table and the settings as text: the effective configuration, the sample file, the documentation's page.

use std::fmt::Write as _;

use crate::kind::Kind;
use crate::settings::{Origin, Settings};
use crate::table::{KEYS, Key, SECTIONS};
use crate::value::Raw;

impl Settings {
    /// The effective configuration as TOML, every key with its documentation and, where it is not the default, its origin.
    /// Secrets are hidden.
    pub fn toml(&self) -> String {
        sections(|key| {
            let (value, origin) = self.get(key);
            let note = if *origin == Origin::Default { String::new() } else { format!("  # from {origin}") };
            format!("{} = {}{note}", key.name(), value.toml())
        })
    }
}

/// `crosspoint.sample.toml`: every key with its default, commented out.
pub fn sample() -> String {
    let head = "# Everything that can be set, with what it is when nobody sets it.\n\
                # Copy this file, take the `#` away before what you change, and start: crosspoint serve --config FILE\n\n";
    head.to_owned() + &sections(|key| format!("#{} = {}", key.name(), default_of(key)))
}

/// `docs/guide/configuration.md`.
pub fn page() -> String {
    let mut text = String::from(PAGE_HEAD);
    for section in SECTIONS {
        let _ = write!(
            text,
            "\n## {}\n\n{}\n\n| key | takes | default | |\n|---|---|---|---|\n",
            section.name, section.doc
        );
        for key in KEYS.iter().filter(|key| key.section() == section.name) {
            let dev = key.dev.map_or_else(String::new, |_| format!(" With `--dev`: `{}`.", dev_of(key)));
            let _ = writeln!(
                text,
                "| `{}` | {} | `{}` | {}{dev} |",
                key.path,
                key.kind.describe().replace('|', "\\|"),
                default_of(key),
                key.doc
            );
        }
    }
    text
}

const PAGE_HEAD: &str = "# Configuration

<!-- Written by `UPDATE_DOCS=1 cargo test -p crosspoint-config`; the table is control/config/src/table.rs. -->

Every key can be set in a TOML file (`crosspoint serve --config crosspoint.toml`, or `CROSSPOINT_CONFIG`), in the
environment, and as a flag. The later one wins: defaults, `--dev`, file, environment, flags.

| where | how `http.bind` is written |
|---|---|
| file | `[http]`, and below it `bind = \"127.0.0.1:8080\"` |
| environment | `CROSSPOINT_HTTP_BIND=127.0.0.1:8080` |
| flag | `--http.bind 127.0.0.1:8080` |

Lists have commas in the environment and in flags: `CROSSPOINT_MEDIA_BIND=0.0.0.0,::`. An unknown key is an error that names
the key that was probably meant. `crosspoint config` prints what is in effect, where each value came from, and this
documentation; secrets are hidden in it.

`--dev` is a flag only, so that no file can switch it on: it uses an API key that everybody knows and, while HTTP listens on
loopback, mints tokens for whoever asks. [The sample file](../../crosspoint.sample.toml) has every key with its default.
";

fn sections(line: impl Fn(&Key) -> String) -> String {
    let mut text = String::new();
    for section in SECTIONS {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "# {}\n[{}]", section.doc, section.name);
        for key in KEYS.iter().filter(|key| key.section() == section.name) {
            let _ = writeln!(text, "# {} ({})\n{}", key.doc, key.kind.describe().replace('`', ""), line(key));
        }
        text.push('\n');
    }
    text
}

fn default_of(key: &Key) -> String {
    as_toml(key.kind, key.default)
}

fn dev_of(key: &Key) -> String {
    as_toml(key.kind, key.dev.unwrap_or(key.default))
}

/// A default as one would write it in the file.
fn as_toml(kind: Kind, text: &str) -> String {
    match kind {
        // `64KiB` reads better than 65536.
        Kind::Size | Kind::Duration | Kind::MaybeDuration => format!("\"{text}\""),
        _ => kind.read(Raw::Text(text.into())).map_or_else(|_| text.to_owned(), |value| value.toml()),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::layers::Layers;

    use super::*;

    #[test]
    fn the_effective_configuration_reads_back_and_hides_secrets() {
        let keys = ("auth.keys".to_owned(), "a: 0123456789abcdef0123456789abcdef".to_owned());
        let layers = Layers { dev: true, flags: vec![keys], ..Layers::default() };
        let text = layers.settings().expect("settings").toml();
        assert!(!text.contains("0123456789abcdef"), "{text}");
        assert!(text.contains("bind = \"127.0.0.1:8080\"  # from --dev"), "{text}");
        let again = Layers { file: Some(("again".into(), text)), ..Layers::default() };
        assert!(again.settings().is_ok(), "{:?}", again.settings());
    }

    #[test]
    fn the_sample_file_is_the_defaults() {
        let uncommented: String = sample()
            .lines()
            .map(|line| if line.starts_with("# ") { line } else { line.trim_start_matches('#') })
            .flat_map(|line| [line, "\n"])
            .collect();
        let read =
            Layers { file: Some(("sample".into(), uncommented)), ..Layers::default() }.settings().expect("settings");
        let defaults = Layers::default().settings().expect("settings");
        for key in KEYS {
            assert_eq!(read.get(key).0, defaults.get(key).0, "{}", key.path);
        }
    }

    #[test]
    fn the_sample_file_and_the_page_are_up_to_date() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        for (file, text) in [("crosspoint.sample.toml", sample()), ("docs/guide/configuration.md", page())] {
            let path = root.join(file);
            if std::env::var_os("UPDATE_DOCS").is_some() {
                std::fs::create_dir_all(path.parent().expect("a folder")).expect("the folder");
                std::fs::write(&path, &text).expect("the file");
            }
            let there = std::fs::read_to_string(&path).unwrap_or_default();
            assert!(there == text, "{file} is out of date: UPDATE_DOCS=1 cargo test -p crosspoint-config");
        }
    }
}
