//! Whom we believe to be who they say: the certificates of the machine, read once.

use std::sync::{Arc, OnceLock};

use lettre::transport::smtp::client::Certificate;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto};

/// The certificates of the machine, and some more.
pub(crate) struct Trust {
    more: Vec<CertificateDer<'static>>,
    /// The same for mail.
    added: Vec<Certificate>,
    config: OnceLock<Result<Arc<ClientConfig>, String>>,
}

impl Trust {
    pub(crate) fn new(more: Vec<CertificateDer<'static>>) -> Self {
        let added = more.iter().map(|it| Certificate::from_der(it.to_vec()));
        Self {
            added: added.filter_map(Result::ok).collect(),
            more,
            config: OnceLock::new(),
        }
    }

    /// What requests go by.
    ///
    /// # Errors
    /// When nobody is trusted.
    pub(crate) fn config(&self) -> Result<Arc<ClientConfig>, String> {
        let config = self.config.get_or_init(|| {
            // The first one stays; whoever else installs one installs the same.
            let _ = crypto::ring::default_provider().install_default();
            let mut roots = RootCertStore::empty();
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            roots.add_parsable_certificates(self.more.iter().cloned());
            if roots.is_empty() {
                return Err(
                    "this machine trusts no certificate; install ca-certificates".to_owned(),
                );
            }
            let config = ClientConfig::builder().with_root_certificates(roots);
            Ok(Arc::new(config.with_no_client_auth()))
        });
        config.clone()
    }

    /// What mail goes by, beside the certificates of the machine.
    pub(super) fn added(&self) -> &[Certificate] {
        &self.added
    }
}
