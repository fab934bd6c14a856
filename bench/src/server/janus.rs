//! Debian's Janus, with a configuration folder of its own.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use super::netns::SERVER;

/// Where its WebSocket API listens.
pub fn url() -> String {
    format!("ws://{SERVER}:8188")
}

/// Writes its configuration into `folder`: VideoRoom and AudioBridge, WebSocket API, ICE lite, errors only in the log.
pub fn configure(folder: &Path) -> Result<()> {
    let core = format!(
        "general: {{\n  configs_folder = \"{}\"\n  debug_level = 1\n  debug_timestamps = true\n}}\n\
         media: {{\n  rtp_port_range = \"20000-40000\"\n}}\n\
         nat: {{\n  nice_debug = false\n  ice_lite = true\n  ice_enforce_list = \"{SERVER}\"\n}}\n\
         plugins: {{\n  disable = \"{}\"\n}}\n\
         transports: {{\n  disable = \"libjanus_http.so,libjanus_mqtt.so,libjanus_nanomsg.so,libjanus_pfunix.so,libjanus_rabbitmq.so\"\n}}\n",
        folder.display(),
        "libjanus_duktape.so,libjanus_echotest.so,libjanus_lua.so,libjanus_nosip.so,libjanus_recordplay.so,\
         libjanus_sip.so,libjanus_streaming.so,libjanus_textroom.so,libjanus_videocall.so,libjanus_voicemail.so"
    );
    let websocket = format!(
        "general: {{\n  json = \"compact\"\n  ws = true\n  ws_port = 8188\n  ws_ip = \"{SERVER}\"\n  ws_logging = \"none\"\n  wss = false\n}}\n"
    );
    for (name, text) in [
        ("janus.jcfg", core.as_str()),
        ("janus.transport.websockets.jcfg", websocket.as_str()),
        ("janus.plugin.videoroom.jcfg", "general: {\n}\n"),
        ("janus.plugin.audiobridge.jcfg", "general: {\n}\n"),
    ] {
        fs::write(folder.join(name), text).with_context(|| format!("write {name}"))?;
    }
    Ok(())
}

/// Its arguments.
pub fn arguments(command: &mut Command, folder: &Path) {
    command.arg("-F").arg(folder).args(["--disable-colors"]);
}

/// Its version, or why it cannot run.
pub fn version() -> Result<String> {
    let output = Command::new("janus").arg("--version").output().context("run `janus` (apt-get install janus)")?;
    let text = String::from_utf8_lossy(&output.stdout).to_string();
    // "Janus version: 1102 (1.1.2)"
    let version = text.split_once('(').and_then(|(_, rest)| rest.split_once(')'));
    Ok(format!("Janus {}", version.map_or(text.trim(), |(version, _)| version)))
}
