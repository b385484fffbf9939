//! The conversation with a relay, by lettre.

use std::time::Duration;

use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};

use super::{Content, Error, LARGEST, Letter, TIMEOUT};
use crate::config::{Smtp, SmtpTls};

/// Sends a letter. `trusted` are certificates beside those that this machine trusts.
///
/// # Errors
/// When the relay does not take it; whether trying again is worth it is in the kind.
pub(crate) async fn send(letter: Letter, trusted: &[Certificate]) -> Result<(), Error> {
    let host = letter.relay.host.clone();
    match tokio::time::timeout(TIMEOUT, deliver(letter, trusted)).await {
        Ok(done) => done,
        Err(_) => Err(Error::TimedOut { host }),
    }
}

async fn deliver(letter: Letter, trusted: &[Certificate]) -> Result<(), Error> {
    let mut contents = Vec::with_capacity(letter.attachments.len());
    let mut octets = 0;
    for attachment in &letter.attachments {
        let content = content(&attachment.content, &attachment.name).await?;
        octets += content.len();
        if octets > LARGEST {
            return Err(Error::Unwritable(format!(
                "the attachments have more than {} MB",
                LARGEST >> 20
            )));
        }
        contents.push(content);
    }
    let transport = transport(&letter.relay, trusted)?;
    let host = letter.relay.host.clone();
    let message = letter.message(contents)?;
    match transport.send(message).await {
        Ok(_) => Ok(()),
        Err(error) if error.is_permanent() => Err(Error::Rejected(error.to_string())),
        Err(error) => Err(Error::NotNow {
            host,
            why: error.to_string(),
        }),
    }
}

async fn content(content: &Content, name: &str) -> Result<Vec<u8>, Error> {
    match content {
        Content::Here(octets) => Ok(octets.to_vec()),
        Content::File(path) => {
            let path = path.clone();
            // Read on a thread that may wait for the disk.
            let read = tokio::task::spawn_blocking(move || std::fs::read(path)).await;
            let gone = |why: String| Error::Unwritable(format!("attachment '{name}': {why}"));
            match read {
                Ok(read) => read.map_err(|error| gone(error.to_string())),
                Err(error) => Err(gone(error.to_string())),
            }
        }
    }
}

fn transport(
    relay: &Smtp,
    trusted: &[Certificate],
) -> Result<AsyncSmtpTransport<Tokio1Executor>, Error> {
    let host = relay.host.as_str();
    let parameters = || {
        let mut builder = TlsParameters::builder(host.to_owned());
        for certificate in trusted {
            builder = builder.add_root_certificate(certificate.clone());
        }
        builder.build().map_err(|error| Error::NotNow {
            host: host.to_owned(),
            why: error.to_string(),
        })
    };
    let tls = match relay.tls {
        SmtpTls::None => Tls::None,
        SmtpTls::Starttls => Tls::Required(parameters()?),
        SmtpTls::Tls => Tls::Wrapper(parameters()?),
    };
    let domain = relay.from.rsplit('@').next().unwrap_or_default();
    let domain = domain.trim_end_matches('>').to_owned();
    let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host)
        .port(relay.port)
        .hello_name(ClientId::Domain(domain))
        .timeout(Some(STEP))
        .tls(tls);
    if let (Some(username), Some(password)) = (&relay.username, &relay.password) {
        builder = builder.credentials(Credentials::new(username.clone(), password.clone()));
    }
    Ok(builder.build())
}

/// For connecting, and for each answer.
const STEP: Duration = Duration::from_secs(20);
