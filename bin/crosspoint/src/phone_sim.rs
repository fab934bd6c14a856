//! `crosspoint phone …` and `crosspoint phone-sim …`: a document for telephone companies, and one that only pretends.

use std::net::SocketAddr;

use anyhow::Context;
use crosspoint_carrier::Provider;
use crosspoint_phone_sim::cli::{self, CallOptions};
use crosspoint_phone_sim::{CallRequest, Faults, Play, Settings};

use crate::cli::{Phone, PhoneAction, PhoneSim, PhoneSimAction, SimCall, SimCompany};

/// Prints it, and nothing else.
pub fn print_document(phone: &Phone) {
    let PhoneAction::FallbackTwiml { show, host, provider } = &phone.action;
    // No other word gets past the command line.
    let provider = Provider::parse(provider).unwrap_or(Provider::Twilio);
    println!("{}", crosspoint_carrier::fallback_twiml(provider, show, *host));
}

/// Runs the simulated company. The exit code is that of the call, where there is one.
pub fn run(simulator: PhoneSim) -> anyhow::Result<u8> {
    rustls::crypto::aws_lc_rs::default_provider()
        .install_default()
        .map_err(|_| anyhow::anyhow!("the TLS library was set up twice"))?;
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().context("threads cannot be started")?;
    runtime.block_on(async {
        match simulator.action {
            PhoneSimAction::Serve(company) => {
                let settings = settings(&company, company.bind)?;
                cli::serve(company.bind, settings, |line| println!("{line}")).await?;
                Ok(0)
            }
            PhoneSimAction::Call(call) => place(*call).await,
        }
    })
}

async fn place(call: SimCall) -> anyhow::Result<u8> {
    let settings = settings(&call.company, call.company.bind)?;
    let tone = Play::Tone { hz: call.tone, level: -12.0 };
    let stalls = call.stall.iter().map(|(at, length)| {
        let stall_ms = u64::try_from(length.as_millis()).ok();
        (*at, Faults { stall_ms, ..Faults::default() })
    });
    let cuts = call.cut.iter().map(|at| (*at, Faults { cut_socket: true, ..Faults::default() }));
    let options = CallOptions {
        request: CallRequest {
            from: call.from,
            to: call.to,
            play: call.play.is_none().then_some(tone),
            jitter_ms: u64::from(call.jitter_ms),
            ..CallRequest::default()
        },
        play: call.play,
        heard: call.record,
        digits: call.digits,
        faults: stalls.chain(cuts).collect(),
        length: call.length,
        bind: Some(call.company.bind),
        ..CallOptions::new(settings)
    };
    let outcome = cli::call(options, |line| println!("{line}")).await?;
    Ok(outcome.exit_code())
}

fn settings(company: &SimCompany, bind: SocketAddr) -> anyhow::Result<Settings> {
    let fallback = company
        .fallback_twiml
        .as_ref()
        .map(|file| std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display())));
    Ok(Settings {
        files: company.files.clone(),
        fallback_twiml: fallback.transpose()?,
        status_callback: company.status_url.clone(),
        ..Settings::new(&company.account, &company.token, &format!("http://{bind}"), &company.voice_url)
    })
}
