//! WHIP (RFC 9725) publishers and WHEP viewers: one POST each.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use crosspoint_model::Grant;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE};
use serde_json::json;

use super::Offered;
use super::token::Key;
use crate::media::peer::{Seed, SendLines};

/// The WHIP and WHEP endpoints of a server.
pub struct Whip {
    base: String,
    key: Key,
    http: reqwest::Client,
}

impl Whip {
    /// The endpoints under `base` (`http://host:port`).
    pub fn new(base: &str, key: Key) -> Result<Self> {
        Ok(Self { base: base.trim_end_matches('/').to_owned(), key, http: client()? })
    }

    /// Waits until the server answers at all.
    pub async fn wait_ready(&self) -> Result<()> {
        wait_http(&self.http, &format!("{}/healthz", self.base)).await
    }

    /// Makes a mixed room; WHIP and WHEP only come into rooms.
    pub async fn open_mix(&self, room: u64) -> Result<()> {
        let grant = Grant { room_create: true, ..Grant::default() };
        let response = self
            .http
            .post(format!("{}/api/rooms", self.base))
            .header(AUTHORIZATION, format!("Bearer {}", self.key.token("opener", grant)?))
            .json(&json!({"roomId": format!("bench-{room}"), "kind": "mix"}))
            .send()
            .await?;
        let status = response.status();
        ensure!(status.is_success(), "POST /api/rooms: {status}: {}", response.text().await?);
        Ok(())
    }

    /// Publishes.
    pub async fn publish(&self, room: u64, name: &str, offered: Offered) -> Result<(Seed, SendLines)> {
        let answer = self.post("whip", room, name, &offered.sdp).await?;
        offered.answered(&answer)
    }

    /// Views.
    pub async fn view(&self, room: u64, name: &str, offered: Offered) -> Result<Seed> {
        let answer = self.post("whep", room, name, &offered.sdp).await?;
        Ok(offered.answered(&answer)?.0)
    }

    async fn post(&self, door: &str, room: u64, name: &str, offer: &str) -> Result<String> {
        let room = format!("bench-{room}");
        let token = self.key.join(&room, name)?;
        let response = self
            .http
            .post(format!("{}/{door}/{room}", self.base))
            .header(AUTHORIZATION, format!("Bearer {token}"))
            .header(CONTENT_TYPE, "application/sdp")
            .body(offer.to_owned())
            .send()
            .await
            .with_context(|| format!("POST /{door}/{room}"))?;
        let status = response.status();
        let body = response.text().await?;
        if !status.is_success() {
            bail!("POST /{door}/{room}: {status}: {body}");
        }
        Ok(body)
    }
}

/// An HTTP client.
pub fn client() -> Result<reqwest::Client> {
    // Fails when it is installed already, which is as good.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    Ok(reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(30)).build()?)
}

/// Waits until something answers at `url`, whatever it says.
pub async fn wait_http(http: &reqwest::Client, url: &str) -> Result<()> {
    let end = Instant::now() + Duration::from_secs(15);
    loop {
        match http.get(url).send().await {
            Ok(_) => return Ok(()),
            Err(error) if Instant::now() > end => return Err(error).context("the server does not come up"),
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}
