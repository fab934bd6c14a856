//! The store, and the files that are played.

use std::path::Path;

use rustix::fs::{Access, access};

use super::Site;
use super::report::Finding;

const STORE: &str = "store";

/// Both, as far as they are configured.
pub fn check(site: &Site<'_>) -> Vec<Finding> {
    let store = site.config.store.path.as_deref().map(|path| store(site, path));
    let player = site.config.player.directory.as_deref().map(player);
    store.into_iter().chain(player).collect()
}

fn store(site: &Site<'_>, path: &Path) -> Finding {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !folder.is_dir() {
        return missing(folder);
    }
    if site.server.running().is_some() && path.is_file() {
        return Finding::ok(STORE, format!("{}, in use by the server", path.display()));
    }
    let file = if path.exists() { access(path, Access::READ_OK | Access::WRITE_OK) } else { Ok(()) };
    match access(folder, Access::WRITE_OK | Access::EXEC_OK).and(file) {
        Ok(()) => Finding::ok(STORE, format!("{} can be written by this user", path.display())),
        Err(error) => Finding::warning(
            STORE,
            format!("{} cannot be written by this user: {error}", path.display()),
            "Run this as the server's user (sudo -u crosspoint …). If it is the same there, give that user the folder.",
        ),
    }
}

/// The server makes it, if it may.
fn missing(folder: &Path) -> Finding {
    let above = folder.ancestors().find(|above| above.is_dir()).unwrap_or(Path::new("."));
    let make = format!(
        "Or make it for the server's user: install -d -o crosspoint -m 750 {} (the systemd unit makes /var/lib/crosspoint itself). Or set \
         store.path = \"\": then shows are forgotten when the server ends.",
        folder.display()
    );
    match access(above, Access::WRITE_OK | Access::EXEC_OK) {
        // Who may do everything cannot tell what the server's user may.
        Ok(()) if rustix::process::geteuid().is_root() => {
            let seen = format!(
                "{} is not there; whether the server's user may make it is seen as that user only",
                folder.display()
            );
            Finding::not_checked(STORE, seen, format!("Run this as that user (sudo -u crosspoint …). {make}"))
        }
        Ok(()) => Finding::ok(STORE, format!("{} is not there; the server makes it when it starts", folder.display())),
        Err(error) => {
            let seen = format!("{} is not there, and this user cannot make it: {error}", folder.display());
            Finding::failed(STORE, seen, format!("Run this as the server's user. {make}"))
        }
    }
}

fn player(folder: &Path) -> Finding {
    const CHECK: &str = "player";
    let files = match std::fs::read_dir(folder) {
        Ok(files) => files.flatten(),
        Err(error) => {
            let seen = format!("{} cannot be read by this user: {error}", folder.display());
            return Finding::warning(CHECK, seen, "Let the server's user read the folder of player.directory.");
        }
    };
    let is_wav = |file: &std::fs::DirEntry| file.path().extension().is_some_and(|end| end.eq_ignore_ascii_case("wav"));
    Finding::ok(CHECK, format!("{} WAV files in {}", files.filter(is_wav).count(), folder.display()))
}
