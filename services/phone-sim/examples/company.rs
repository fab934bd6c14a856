//! The company alone, for peers that want to be called: `company ADDRESS ACCOUNT TOKEN VOICE_URL`.

use std::error::Error;

use crosspoint_phone_sim::{Settings, cli};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [address, account, token, voice] = args.as_slice() else {
        return Err("company ADDRESS ACCOUNT TOKEN VOICE_URL".into());
    };
    rustls::crypto::aws_lc_rs::default_provider().install_default().map_err(|_| "another TLS provider is installed")?;
    let settings = Settings::new(account, token, &format!("http://{address}"), voice);
    cli::serve(address.parse()?, settings, |line| println!("{line}")).await?;
    Ok(())
}
