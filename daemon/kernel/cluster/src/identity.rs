//! Who a node is to other nodes: its Ed25519 key, the name that is the key's hash, and a certificate around
//! both, since TLS wants one.

use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// Crockford's cousin for people: z-base-32, without letters that look or sound alike.
const Z_BASE_32: &[u8; 32] = b"ybndrfg8ejkmcpqxot1uwisza345h769";
/// What is hashed before the key, so that the name is good for nothing else.
const CONTEXT: &[u8] = b"hecate-node-v1\0ed25519";
const KEY_BYTES: usize = 32;
const NAME_LETTERS: usize = (32usize * 8).div_ceil(5);
/// PKCS #8 around the 32 bytes of an Ed25519 secret (RFC 8410, 7).
const PKCS8: [u8; 16] = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
/// The public key info around the 32 bytes of an Ed25519 key (RFC 8410, 4).
const SPKI: [u8; 12] = [0x30, 0x2a, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 3, 0x21, 0];

/// A node's name: z-base-32 of the SHA-256 of its public key. Who pins the name pins the key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct NodeId(Arc<str>);

/// A text that is no node's name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a node's name is {NAME_LETTERS} letters of z-base-32")]
pub struct NotANodeId;

impl NodeId {
    /// The name that follows from a public key.
    pub fn of_key(public_key: &[u8; KEY_BYTES]) -> NodeId {
        let hash = Sha256::new().chain_update(CONTEXT).chain_update(public_key).finalize();
        let bit = |at: usize| hash.get(at / 8).map_or(0, |byte| byte >> (7 - at % 8) & 1);
        let letter = |group: usize| (0..5).fold(0, |number, at| number << 1 | bit(group * 5 + at));
        let letters = (0..NAME_LETTERS).map(|group| char::from(Z_BASE_32[usize::from(letter(group))]));
        NodeId(letters.collect::<String>().into())
    }

    /// The name of whoever bears this certificate; none where its key is not Ed25519.
    pub(crate) fn of_certificate(certificate: &CertificateDer<'_>) -> Option<NodeId> {
        let parsed = rustls::server::ParsedCertificate::try_from(certificate).ok()?;
        let info = parsed.subject_public_key_info();
        let key = info.strip_prefix(&SPKI[..])?;
        Some(NodeId::of_key(key.try_into().ok()?))
    }

    /// The letters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for NodeId {
    type Err = NotANodeId;

    fn from_str(text: &str) -> Result<NodeId, NotANodeId> {
        let is_name = text.len() == NAME_LETTERS && text.bytes().all(|letter| Z_BASE_32.contains(&letter));
        is_name.then(|| NodeId(text.into())).ok_or(NotANodeId)
    }
}

impl TryFrom<String> for NodeId {
    type Error = NotANodeId;

    fn try_from(text: String) -> Result<NodeId, NotANodeId> {
        text.parse()
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// This node's key, with its name and its certificate. The secret is never printed.
pub struct Identity {
    node_id: NodeId,
    certificate: CertificateDer<'static>,
    key: PrivatePkcs8KeyDer<'static>,
}

/// A secret that no certificate could be made around.
#[derive(Debug, thiserror::Error)]
#[error("no certificate around the node's key: {0}")]
pub struct IdentityError(#[from] rcgen::Error);

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identity({})", self.node_id)
    }
}

impl Identity {
    /// The identity of whoever has this Ed25519 secret (its 32-byte seed).
    ///
    /// # Errors
    /// Where the TLS library does not take the key.
    pub fn of_secret(secret: &[u8; KEY_BYTES]) -> Result<Identity, IdentityError> {
        let key = PrivatePkcs8KeyDer::from([&PKCS8[..], secret].concat());
        let pair = rcgen::KeyPair::from_pkcs8_der_and_sign_algo(&key, &rcgen::PKCS_ED25519)?;
        let public: [u8; KEY_BYTES] =
            pair.public_key_raw().try_into().map_err(|_| rcgen::Error::CouldNotParseKeyPair)?;
        let node_id = NodeId::of_key(&public);
        // Nothing in the certificate is looked at but its key.
        let certificate = rcgen::CertificateParams::new(vec![node_id.to_string()])?.self_signed(&pair)?;
        Ok(Identity { node_id, certificate: certificate.der().clone(), key })
    }

    /// This node's name.
    pub fn node_id(&self) -> &NodeId {
        &self.node_id
    }

    pub(crate) fn certificate(&self) -> CertificateDer<'static> {
        self.certificate.clone()
    }

    pub(crate) fn key(&self) -> PrivateKeyDer<'static> {
        PrivateKeyDer::Pkcs8(self.key.clone_key())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_tells_the_name_of_its_key() {
        let identity = Identity::of_secret(&[7; 32]).unwrap();
        assert_eq!(NodeId::of_certificate(&identity.certificate()).as_ref(), Some(identity.node_id()));
        assert_ne!(Identity::of_secret(&[8; 32]).unwrap().node_id(), identity.node_id());
    }

    #[test]
    fn only_names_parse_as_names() {
        let name = NodeId::of_key(&[1; 32]).to_string();
        assert_eq!(name.len(), 52);
        assert_eq!(name.parse::<NodeId>().unwrap().to_string(), name);
        for wrong in ["", "short", &name.to_uppercase(), &name[1..], &format!("{name}y")] {
            assert_eq!(wrong.parse::<NodeId>(), Err(NotANodeId), "{wrong}");
        }
    }

    #[test]
    fn a_certificate_around_another_kind_of_key_has_no_name() {
        let pair = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
        let certificate = rcgen::CertificateParams::default().self_signed(&pair).unwrap();
        assert_eq!(NodeId::of_certificate(certificate.der()), None);
        assert_eq!(NodeId::of_certificate(&CertificateDer::from(vec![1, 2, 3])), None);
    }
}
