//! Call-in shows with what they stand on: the telephone companies, the player of files.

use std::sync::Arc;

use anyhow::Context;
use crosspoint_auth::{DEV_KEY, Keys};
use crosspoint_carrier::Carriers;
use crosspoint_config::Config;
use crosspoint_player::FilePlayer;
use crosspoint_rooms::{Player, Rooms};
use crosspoint_show::archive::Archive;
use crosspoint_show::outbox::{Outbox, Pace, Settings};
use crosspoint_show::{Deps, Shows};
use crosspoint_store::Store;
use crosspoint_telemetry::Metrics;

use crate::phones;

/// The shows, and what belongs to them.
pub struct Direction {
    /// What doors and pages call.
    pub shows: Shows,
    /// The telephone companies.
    pub carriers: Carriers,
    /// Plays files into rooms, where there is a folder of them.
    pub player: Option<Arc<dyn Player>>,
    /// Tells others of what happens in shows.
    pub outbox: Option<Outbox>,
}

/// Brings back the shows that are in the store. `here`: where this machine's own programs find the server.
pub async fn start(
    config: &Config,
    store: Store,
    rooms: &Rooms,
    keys: &Keys,
    metrics: &Metrics,
    here: &str,
) -> anyhow::Result<Direction> {
    let carriers = phones::carriers(config, here)?;
    let player = config.player.directory.as_ref();
    let player = player.map(|folder| Arc::new(FilePlayer::new(rooms, folder)) as Arc<dyn Player>);
    let webhooks = config.webhooks.urls.clone();
    let archive = Archive::open(store).await.context("the store cannot be read")?.with_webhooks(webhooks);
    let deps = Deps {
        rooms: rooms.clone(),
        archive: archive.clone(),
        carriers: carriers.clone(),
        player: player.clone(),
        keys: keys.clone(),
        key: key(config, keys)?,
        token_lifetime: config.auth.token_lifetime,
        public_url: Some(phones::public_url(config, here).to_owned()),
    };
    let shows = Shows::start(deps).await.context("the shows cannot be brought back")?;
    let outbox = match config.webhooks.key.as_deref().or(keys.first()).filter(|_| !config.webhooks.urls.is_empty()) {
        Some(key) => {
            let settings = Settings { keys: keys.clone(), key: key.to_owned(), pace: Pace::default() };
            Some(Outbox::start(&archive, settings, metrics).await.context("webhooks of shows cannot be sent")?)
        }
        None => None,
    };
    Ok(Direction { shows, carriers, player, outbox })
}

/// The API key that signs the tokens of shows.
fn key(config: &Config, keys: &Keys) -> anyhow::Result<String> {
    let first = if config.dev { Some(DEV_KEY) } else { keys.first() };
    first.map(str::to_owned).context("no API keys: set auth.keys, or use --dev")
}
