//! The store, which shows and sessions share.

use anyhow::Context;
use crosspoint_config::Config;
use crosspoint_store::Store;

/// Opens it.
pub fn open(config: &Config) -> anyhow::Result<Store> {
    let Some(path) = &config.store.path else {
        tracing::warn!("store.path is empty: shows, calls and sessions are forgotten when this server ends");
        return Store::in_memory().context("the store");
    };
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty() && !folder.exists()) {
        tracing::info!(folder = %folder.display(), "making the folder of store.path");
    }
    Store::open(path).context("store.path")
}
