//! The link in an `error` message leads somewhere: each code has a page in `docs/errors`, and no page is left over.

use std::collections::BTreeSet;
use std::path::Path;

use crosspoint_model::Code;

use crate::{CannotRun, Complaints, tree};

/// The page that lists the others.
const INDEX: &str = "README";

/// Compares the codes with the folder.
pub fn check(root: &Path) -> Result<Complaints, CannotRun> {
    let files = tree::files_below(&root.join("docs/errors"), &["md"])?;
    let pages: BTreeSet<String> =
        files.iter().filter_map(|file| Some(file.file_stem()?.to_string_lossy().into_owned())).collect();
    let codes: BTreeSet<String> = Code::ALL.iter().map(|code| code.as_str().to_owned()).collect();
    Ok(complaints(&codes, &pages))
}

fn complaints(codes: &BTreeSet<String>, pages: &BTreeSet<String>) -> Complaints {
    let missing = codes.difference(pages).map(|code| {
        format!("the code `{code}` has no page: write docs/errors/{code}.md (what it means, why it comes, what to do)")
    });
    let left_over = pages.difference(codes).filter(|page| *page != INDEX);
    missing.chain(left_over.map(|page| format!("docs/errors/{page}.md is about a code that does not exist"))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_pages_are_the_same_set() {
        assert_eq!(complaints(&set(&["a"]), &set(&["a", "README"])), Complaints::new());
        assert!(complaints(&set(&["a", "b"]), &set(&["a"]))[0].contains("`b` has no page"));
        assert!(complaints(&set(&["a"]), &set(&["a", "c"]))[0].contains("docs/errors/c.md"));
    }

    fn set(words: &[&str]) -> BTreeSet<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }
}
