//! Makes `cargo build` work where nobody has built the console: the folder that is embedded must exist. The page that is
//! shown then says what to do.

use std::path::Path;

fn main() {
    let dist = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../web/dist");
    println!("cargo:rerun-if-changed={}", dist.display());
    if let Err(error) = std::fs::create_dir_all(&dist) {
        println!("cargo:warning={} cannot be made: {error}", dist.display());
    }
}
