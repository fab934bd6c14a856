//! Which files may be played: those below one folder, and no others, whatever a path says.

use std::path::{Component, Path, PathBuf};

use crosspoint_model::{Code, Refusal};

/// The folder of sounds.
#[derive(Clone, Debug)]
pub struct Folder(PathBuf);

impl Folder {
    pub fn new(path: &Path) -> Self {
        Self(path.to_owned())
    }

    /// The file of this path below the folder.
    pub fn find(&self, file: &str) -> Result<PathBuf, Refusal> {
        let outside = || Refusal::new(Code::InvalidRequest, format!("file: {file:?} leaves the folder of sounds"));
        let missing = || Refusal::new(Code::NotFound, format!("there is no file {file:?} in the folder of sounds"));
        let relative = Path::new(file);
        if relative.components().any(|part| !matches!(part, Component::Normal(_))) {
            return Err(outside());
        }
        let root = self.0.canonicalize().map_err(|_| missing())?;
        let found = root.join(relative).canonicalize().map_err(|_| missing())?;
        // A symbolic link may lead elsewhere.
        if !found.starts_with(&root) {
            return Err(outside());
        }
        if found.is_file() { Ok(found) } else { Err(missing()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_below_the_folder_is_found() {
        let around = tempfile::tempdir().expect("a folder");
        let inside = around.path().join("sounds");
        std::fs::create_dir_all(inside.join("hold")).expect("made");
        std::fs::write(around.path().join("secret.wav"), "x").expect("written");
        std::fs::write(inside.join("hold/music.wav"), "x").expect("written");
        std::os::unix::fs::symlink(around.path().join("secret.wav"), inside.join("link.wav")).expect("linked");
        let folder = Folder::new(&inside);
        assert!(folder.find("hold/music.wav").expect("found").ends_with("sounds/hold/music.wav"));
        let code = |file: &str| folder.find(file).expect_err(file).code;
        for file in ["../secret.wav", "/etc/passwd", "hold/../../secret.wav", "link.wav", "./hold/music.wav"] {
            assert_eq!(code(file), Code::InvalidRequest, "{file}");
        }
        for file in ["none.wav", "hold", ""] {
            assert_eq!(code(file), Code::NotFound, "{file}");
        }
    }
}
