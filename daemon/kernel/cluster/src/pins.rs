//! Whom TLS lets in: peers whose key is pinned by their name, and nobody else.

use crate::identity::{Identity, NodeId};
use crate::strangers::Strangers;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{CertificateError, DigitallySignedStruct, DistinguishedName, Error, SignatureScheme};
use rustls::{ClientConfig, ServerConfig};
use std::collections::BTreeSet;
use std::sync::Arc;

/// What both ends must name in their first packet.
const ALPN: &[u8] = b"hecate-cluster/1";

/// The pinned names, as TLS asks for them.
#[derive(Debug)]
pub(crate) struct Pins {
    known: BTreeSet<NodeId>,
    provider: Arc<CryptoProvider>,
    strangers: Strangers,
}

impl Pins {
    pub(crate) fn new(known: impl IntoIterator<Item = NodeId>) -> Arc<Pins> {
        let mut provider = aws_lc_rs::default_provider();
        provider.cipher_suites.retain(|suite| suite.tls13().is_some());
        // The hybrid group first: what is recorded today stays closed to tomorrow's machines.
        provider.kx_groups = vec![aws_lc_rs::kx_group::X25519MLKEM768, aws_lc_rs::kx_group::X25519];
        let known = known.into_iter().collect();
        Arc::new(Pins { known, provider: Arc::new(provider), strangers: Strangers::default() })
    }

    /// How many knocked with a key that nobody pinned.
    pub(crate) fn refused(&self) -> u64 {
        self.strangers.all()
    }

    /// Lets exactly one certificate pass, of a pinned key; of `expected`, where we know whom we called.
    fn admit(
        &self,
        certificate: &CertificateDer<'_>,
        more: &[CertificateDer<'_>],
        expected: Option<&str>,
    ) -> Result<(), Error> {
        let node_id = NodeId::of_certificate(certificate);
        let is_expected = |id: &NodeId| expected.is_none_or(|expected| expected == id.as_str());
        if node_id.as_ref().is_some_and(|id| more.is_empty() && self.known.contains(id) && is_expected(id)) {
            return Ok(());
        }
        let node_id = node_id.as_ref().map_or("not an Ed25519 key", NodeId::as_str);
        if let Some(times) = self.strangers.knocked(node_id) {
            tracing::warn!(target: "audit", node_id, expected, times, "a node without a pinned key was refused");
        }
        Err(Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure))
    }

    fn verify(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms)
    }

    /// TLS of the end that is called.
    pub(crate) fn server_config(self: &Arc<Pins>, identity: &Identity) -> Result<ServerConfig, Error> {
        let mut config = ServerConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_protocol_versions(&[&rustls::version::TLS13])?
            .with_client_cert_verifier(Arc::clone(self) as Arc<dyn ClientCertVerifier>)
            .with_single_cert(vec![identity.certificate()], identity.key())?;
        config.alpn_protocols = vec![ALPN.to_vec()];
        // No resumption: a key that is no longer pinned must not come back on an old ticket.
        config.send_tls13_tickets = 0;
        Ok(config)
    }

    /// TLS of the end that calls.
    pub(crate) fn client_config(self: &Arc<Pins>, identity: &Identity) -> Result<ClientConfig, Error> {
        let mut config = ClientConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_protocol_versions(&[&rustls::version::TLS13])?
            .dangerous()
            .with_custom_certificate_verifier(Arc::clone(self) as Arc<dyn ServerCertVerifier>)
            .with_client_auth_cert(vec![identity.certificate()], identity.key())?;
        config.alpn_protocols = vec![ALPN.to_vec()];
        config.resumption = rustls::client::Resumption::disabled();
        Ok(config)
    }
}

/// TLS 1.2 is not offered, so nobody gets here.
fn no_tls12() -> Error {
    Error::PeerIncompatible(rustls::PeerIncompatible::Tls12NotOffered)
}

impl ServerCertVerifier for Pins {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        more: &[CertificateDer<'_>],
        called: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.admit(certificate, more, Some(&called.to_str()))?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(no_tls12())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verify(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::ED25519]
    }
}

impl ClientCertVerifier for Pins {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        certificate: &CertificateDer<'_>,
        more: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        self.admit(certificate, more, None)?;
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(no_tls12())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verify(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::ED25519]
    }
}
