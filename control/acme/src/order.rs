//! One order (RFC 8555 §7.4): account, order, a proof for each name, certificate.

use std::sync::Arc;
use std::time::Duration;

use instant_acme::{
    Account, AccountBuilder, AuthorizationStatus, ChallengeType, Identifier, NewAccount, NewOrder, Order, OrderStatus,
    RetryPolicy,
};
use rcgen::{CertificateParams, CustomExtension, DistinguishedName, KeyPair};
use rustls::crypto::aws_lc_rs::sign::any_supported_type;
use rustls::pki_types::PrivateKeyDer;
use rustls::sign::CertifiedKey;

use crate::cabinet::Cabinet;
use crate::certificate::Pems;
use crate::window::Window;
use crate::{AcmeError, Settings};

/// Authorities look from several places, and take their time.
const WAIT: RetryPolicy = RetryPolicy::new().timeout(Duration::from_secs(120));

/// Gets a certificate for the names.
pub(crate) async fn certificate(settings: &Settings, cabinet: &Cabinet, window: &Window) -> Result<Pems, AcmeError> {
    let account = account(settings, cabinet).await?;
    let names: Vec<Identifier> = settings.domains.iter().cloned().map(Identifier::Dns).collect();
    let mut order = account.new_order(&NewOrder::new(&names)).await?;
    prove(&mut order, window).await?;
    if order.poll_ready(&WAIT).await? != OrderStatus::Ready {
        return Err(AcmeError::NotProven);
    }
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::new(settings.domains.clone())?;
    params.distinguished_name = DistinguishedName::new();
    let request = params.serialize_request(&key)?;
    order.finalize_csr(request.der()).await?;
    let chain = order.poll_certificate(&WAIT).await?;
    Ok(Pems { chain, key: key.serialize_pem() })
}

/// The account of the last time, or a new one.
async fn account(settings: &Settings, cabinet: &Cabinet) -> Result<Account, AcmeError> {
    if let Some(credentials) = cabinet.account(&settings.directory) {
        return Ok(builder(settings)?.from_credentials(credentials).await?);
    }
    let contact = settings.contact.as_deref().map(mail_address);
    let contact: Vec<&str> = contact.as_deref().into_iter().collect();
    let wanted = NewAccount { contact: &contact, terms_of_service_agreed: true, only_return_existing: false };
    let (account, credentials) = builder(settings)?.create(&wanted, settings.directory.clone(), None).await?;
    cabinet.keep_account(&settings.directory, credentials)?;
    Ok(account)
}

fn builder(settings: &Settings) -> Result<AccountBuilder, AcmeError> {
    Ok(match &settings.directory_root {
        Some(root) => Account::builder_with_root(root)?,
        None => Account::builder()?,
    })
}

/// RFC 8555 §7.3 wants a URL.
fn mail_address(contact: &str) -> String {
    if contact.contains(':') { contact.to_owned() } else { format!("mailto:{contact}") }
}

/// Shows a proof for each name, and asks the authority to look.
async fn prove(order: &mut Order, window: &Window) -> Result<(), AcmeError> {
    let mut authorizations = order.authorizations();
    while let Some(authorization) = authorizations.next().await {
        let mut authorization = authorization?;
        if authorization.status == AuthorizationStatus::Valid {
            continue;
        }
        let Identifier::Dns(name) = authorization.identifier().identifier.clone() else { continue };
        let challenge = authorization.challenge(ChallengeType::TlsAlpn01);
        let mut challenge = challenge.ok_or_else(|| AcmeError::NoChallenge(name.clone()))?;
        window.prove(&name, proof(&name, challenge.key_authorization().digest().as_ref())?);
        challenge.set_ready().await?;
    }
    Ok(())
}

/// RFC 8737 §3: a certificate that we sign ourselves, with the digest in it.
fn proof(name: &str, digest: &[u8]) -> Result<Arc<CertifiedKey>, AcmeError> {
    let mut params = CertificateParams::new([name.to_owned()])?;
    params.custom_extensions = vec![CustomExtension::new_acme_identifier(digest)];
    let key = KeyPair::generate()?;
    let made = params.self_signed(&key)?;
    let key = PrivateKeyDer::try_from(key.serialize_der()).map_err(|why| AcmeError::Certificate(why.to_owned()))?;
    let signer = any_supported_type(&key).map_err(|error| AcmeError::Certificate(error.to_string()))?;
    Ok(Arc::new(CertifiedKey::new(vec![made.der().clone()], signer)))
}
