//! The documents: every link leads somewhere, and every page can be reached from the README.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use crate::{CannotRun, Complaints, tree};

/// Where a reader begins.
const START: &str = "README.md";

/// Checks the Markdown files at the root and below `docs`.
pub fn check(root: &Path) -> Result<Complaints, CannotRun> {
    let mut found = Complaints::new();
    let mut linked = BTreeSet::new();
    let mut open = vec![PathBuf::from(START)];
    while let Some(page) = open.pop() {
        if !linked.insert(page.clone()) || page.extension().is_none_or(|ending| ending != "md") {
            continue;
        }
        let Ok(text) = std::fs::read_to_string(root.join(&page)) else {
            found.push(format!("{} is not there", page.display()));
            continue;
        };
        for link in links(&text) {
            let target = resolve(&page, &link);
            match root.join(&target) {
                path if path.is_dir() => open.push(target.join(START)),
                path if path.exists() => open.push(target),
                _ => found.push(format!("{}: the link to {link} leads nowhere", page.display())),
            }
        }
    }
    for page in pages(root)? {
        if !linked.contains(&page) {
            found.push(format!("{}: nothing that a reader can reach from {START} links to it", page.display()));
        }
    }
    Ok(found)
}

/// The Markdown files at the root and those below `docs`.
fn pages(root: &Path) -> Result<Vec<PathBuf>, CannotRun> {
    let below = tree::files_below(&root.join("docs"), &["md"])?;
    let mut pages: Vec<PathBuf> =
        below.into_iter().filter_map(|page| Some(page.strip_prefix(root).ok()?.to_path_buf())).collect();
    for entry in std::fs::read_dir(root)? {
        let name = PathBuf::from(entry?.file_name());
        if name.extension().is_some_and(|ending| ending == "md") {
            pages.push(name);
        }
    }
    Ok(pages)
}

/// The targets of `[text](target)` and `src="target"` inside the repository, without their `#anchor`. Code blocks are left out.
fn links(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut in_code = false;
    for line in text.lines() {
        in_code ^= line.trim_start().starts_with("```");
        if !in_code {
            found.extend(between(line, "](", ')'));
            found.extend(between(line, "src=\"", '"'));
            found.extend(between(line, "href=\"", '"'));
        }
    }
    let files = found.into_iter().map(|link| link.split('#').next().unwrap_or_default().to_owned());
    files.filter(|link| !link.is_empty() && !link.contains("://") && !link.starts_with("mailto:")).collect()
}

fn between(line: &str, before: &str, after: char) -> Vec<String> {
    line.split(before).skip(1).filter_map(|rest| Some(rest.split_once(after)?.0.to_owned())).collect()
}

/// The link of a page, seen from the root.
fn resolve(page: &Path, link: &str) -> PathBuf {
    let mut parts: Vec<Component<'_>> = Vec::new();
    let from = page.parent().unwrap_or(Path::new("")).join(link);
    for part in from.components() {
        match part {
            Component::ParentDir => drop(parts.pop()),
            Component::CurDir => {}
            other => parts.push(other),
        }
    }
    parts.iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_found_outside_code_and_inside_the_repository() {
        let text =
            "See [a](docs/a.md#top), [web](https://x.org/), ![p](p.svg).\n```\n[no](no.md)\n```\n<img src=\"i.png\">\n";
        assert_eq!(links(text), ["docs/a.md", "p.svg", "i.png"]);
    }

    #[test]
    fn a_link_is_seen_from_its_page() {
        assert_eq!(resolve(Path::new("docs/adr/0001.md"), "../guide/a.md"), Path::new("docs/guide/a.md"));
        assert_eq!(resolve(Path::new("README.md"), "./docs/a.md"), Path::new("docs/a.md"));
    }
}
