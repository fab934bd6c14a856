//! Walking the repository, in a fixed order and without what is made rather than written.

use std::io;
use std::path::{Path, PathBuf};

/// Folders whose content nobody writes by hand.
const MADE: &[&str] = &["target", "node_modules", "dist", ".git", ".venv", "corpus", "__pycache__", "test-results"];

/// Every file below `folder` with one of these endings, sorted. A folder that is not there has none.
pub fn files_below(folder: &Path, endings: &[&str]) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(folder) = open.pop() {
        if !folder.is_dir() {
            continue;
        }
        for entry in std::fs::read_dir(&folder)? {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if path.is_dir() && !MADE.contains(&name.as_str()) {
                open.push(path);
            } else if path.extension().is_some_and(|ending| endings.iter().any(|wanted| ending == *wanted)) {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}
