//! A telephone in a page: a WebSocket with plain sound both ways. Binary messages of 20 ms: 960 samples of 16 bits, little
//! endian, one channel, 48,000 a second. In: the page's microphone. Out: what the caller hears.

use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{Path, State};
use axum::response::Response;
use crosspoint_dsp::resample::Resampler;

use crate::call::CallState;
use crate::{PhoneCompany, RATE, SimulatorError};

/// Samples a second in a page.
const PAGE: u32 = 48_000;
const PAGE_FRAME: usize = PAGE as usize / 50;
/// Larger than a second of sound is no frame.
const LARGEST: usize = 2 * PAGE as usize;

pub(crate) async fn handset(
    State(company): State<PhoneCompany>,
    Path(call): Path<String>,
    upgrade: WebSocketUpgrade,
) -> Result<Response, SimulatorError> {
    // Refused before the handshake, so that the page sees why.
    if company.call(&call)?.has_ended() {
        return Err(SimulatorError::Ended(call));
    }
    let upgrade = upgrade.read_buffer_size(8 << 10);
    Ok(upgrade.max_message_size(LARGEST).on_upgrade(move |socket| async move { talk(company, call, socket).await }))
}

async fn talk(company: PhoneCompany, sid: String, mut socket: WebSocket) {
    let Ok(call) = company.call(&sid) else { return };
    let (mut to_line, mut to_page) = (resampler(PAGE, RATE), resampler(RATE, PAGE));
    let mut heard = call.handset().listen();
    call.log("handset", "a page listens and speaks");
    let mut microphone: Vec<f32> = Vec::new();
    loop {
        let changed = call.changed.notified();
        if call.situation().state == CallState::Ended {
            break;
        }
        tokio::select! {
            frame = heard.recv() => {
                let Some(frame) = frame else { break };
                let bytes = to_page.process(&frame[..]).iter().flat_map(|sample| pcm(*sample)).collect::<Vec<_>>();
                if socket.send(Message::Binary(bytes.into())).await.is_err() {
                    break;
                }
            }
            message = socket.recv() => match message {
                Some(Ok(Message::Binary(bytes))) => {
                    let samples = bytes.chunks_exact(2).map(|pair| f32::from(i16::from_le_bytes([pair[0], pair[1]])));
                    microphone.extend(samples.map(|sample| sample / 32_768.0));
                    let whole = microphone.len() / PAGE_FRAME * PAGE_FRAME;
                    for frame in microphone[..whole].chunks_exact(PAGE_FRAME) {
                        call.handset().microphone(to_line.process(frame));
                    }
                    microphone.drain(..whole);
                }
                Some(Ok(Message::Close(_)) | Err(_)) | None => break,
                Some(Ok(_)) => {}
            },
            () = changed => {}
        }
    }
    call.log("handset", "the page is gone");
    // A page that is gone needs no good-bye.
    let _ = socket.send(Message::Close(None)).await;
}

fn resampler(from: u32, to: u32) -> Resampler {
    Resampler::new(from, to).expect("both rates are known to it")
}

fn pcm(sample: f32) -> [u8; 2] {
    // `as` saturates.
    ((sample * 32_768.0).round() as i16).to_le_bytes()
}
