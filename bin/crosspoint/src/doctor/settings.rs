//! Are the settings consistent?

use crosspoint_config::Layers;

use super::report::Finding;

const CHECK: &str = "settings";

/// Settings that name files of the server's machine, which is not there on another one.
const FILES: &[&str] = &["http.tls_cert:", "http.tls_key:", "acme.directory_root:", "player.directory:"];

/// Everything that is wrong with them: what `serve` would refuse to start for.
pub fn check(layers: &Layers, outside: bool) -> Vec<Finding> {
    let problems = layers.config().err().map(|problems| problems.0).unwrap_or_default();
    let is_told = |problem: &String| !(outside && FILES.iter().any(|file| problem.starts_with(file)));
    let told: Vec<Finding> = problems.into_iter().filter(is_told).map(finding).collect();
    if told.is_empty() { vec![Finding::ok(CHECK, format!("{}, consistent", origin(layers)))] } else { told }
}

fn origin(layers: &Layers) -> String {
    let file = layers.file.as_ref().map(|(path, _)| format!("read from {}", path.display()));
    let dev = if layers.dev { " (--dev)" } else { "" };
    format!("{}{dev}", file.unwrap_or_else(|| "no file; environment and flags".into()))
}

/// A problem says what is wrong, and what to do behind a colon or a semicolon, or in itself.
fn finding(problem: String) -> Finding {
    let cure = "Set it right in the file, the environment or the flags; `crosspoint config` prints every setting and where it \
                comes from.";
    Finding::failed(CHECK, problem, cure)
}
