//! The state machines read no clock, start no thread and open no socket. The compiler cannot tell, since all that is in
//! `std`, and clippy's list of forbidden methods would hit tests, which need one real instant to begin at: so the sources
//! are read up to their test module.

use std::path::Path;

use crate::graph::Graph;
use crate::{CannotRun, Complaints, dag, tree};

const IMPURE: &[(&str, &str)] = &[
    ("Instant::now", "time comes in as an argument"),
    ("SystemTime::now", "time comes in as an argument"),
    ("thread::spawn", "threads belong to media/worker"),
    ("thread::sleep", "a state machine says when it wants to be called (`poll_timeout`)"),
    ("UdpSocket", "datagrams come in as arguments and go out as transmits"),
    ("TcpStream", "bytes come in as arguments and go out as transmits"),
    ("std::fs::", "files belong to the control plane"),
    ("std::env::", "settings come in as arguments"),
];

/// Looks through the sources of every crate that must be a state machine.
pub fn check(root: &Path, graph: &Graph) -> Result<Complaints, CannotRun> {
    let mut found = Complaints::new();
    for (folder, package) in graph.ours() {
        if !dag::place(package).is_some_and(dag::Place::is_sans_io) {
            continue;
        }
        for file in tree::files_below(&root.join(folder).join("src"), &["rs"])? {
            // A file of tests on its own (`tests.rs`, `foo_tests.rs`) is not part of the product.
            let is_tests = file.file_stem().is_some_and(|stem| stem.to_string_lossy().ends_with("tests"));
            if !is_tests {
                let shown = file.strip_prefix(root).unwrap_or(&file).display().to_string();
                found.extend(impurities(&shown, &std::fs::read_to_string(&file)?));
            }
        }
    }
    Ok(found)
}

fn impurities(file: &str, source: &str) -> Complaints {
    let product = source.lines().enumerate().take_while(|(_, line)| !line.trim_start().starts_with("#[cfg(test)]"));
    let code = product.filter(|(_, line)| !line.trim_start().starts_with("//"));
    code.flat_map(|(index, line)| {
        let hits = IMPURE.iter().filter(move |(word, _)| line.contains(word));
        hits.map(move |(word, why)| format!("{file}:{}: `{word}` in a state machine: {why}", index + 1))
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_in_the_product_is_found_and_one_in_its_tests_is_not() {
        let source =
            "fn f() {\n    let now = Instant::now();\n}\n#[cfg(test)]\nmod tests { fn g() { Instant::now(); } }\n";
        assert_eq!(
            impurities("a.rs", source),
            ["a.rs:2: `Instant::now` in a state machine: time comes in as an argument"]
        );
    }

    #[test]
    fn comments_may_speak_of_clocks() {
        assert_eq!(impurities("a.rs", "/// Not `Instant::now`.\n"), Complaints::new());
    }
}
