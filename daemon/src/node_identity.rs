//! Who this node is: an Ed25519 key made at the first start, and the name that follows from it.

use ed25519_dalek::SigningKey;
use sha2::{Digest, Sha256};
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

/// Crockford's cousin for people: z-base-32, without letters that look or sound alike.
const Z_BASE_32: &[u8; 32] = b"ybndrfg8ejkmcpqxot1uwisza345h769";
/// What is hashed before the key, so that the name is good for nothing else.
const CONTEXT: &[u8] = b"hecate-node-v1\0ed25519";
const KEY_BYTES: usize = 32;

/// The node's name: z-base-32 of the hash of its public key. Makes the key where there is none.
pub(crate) fn node_id(data_dir: &Path) -> io::Result<String> {
    let folder = data_dir.join("identity");
    let file = folder.join("node.key");
    let secret = match std::fs::read(&file) {
        Ok(bytes) => bytes.try_into().map_err(|_| {
            io::Error::new(io::ErrorKind::InvalidData, format!("{} is not a node key", file.display()))
        })?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => make_key(&folder, &file)?,
        Err(error) => return Err(error),
    };
    Ok(name_of(SigningKey::from_bytes(&secret).verifying_key().as_bytes()))
}

/// A key is on disk before it names anything: write beside, sync, rename, sync the folder.
fn make_key(folder: &Path, file: &Path) -> io::Result<[u8; KEY_BYTES]> {
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let mut secret = [0; KEY_BYTES];
    getrandom::fill(&mut secret).map_err(io::Error::other)?;
    let fresh = folder.join("node.key.new");
    let mut out = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&fresh)?;
    out.write_all(&secret)?;
    out.sync_all()?;
    std::fs::rename(&fresh, file)?;
    File::open(folder)?.sync_all()?;
    Ok(secret)
}

fn name_of(public_key: &[u8; KEY_BYTES]) -> String {
    let hash = Sha256::new().chain_update(CONTEXT).chain_update(public_key).finalize();
    let bit = |at: usize| hash.get(at / 8).map_or(0, |byte| byte >> (7 - at % 8) & 1);
    let letter = |group: usize| (0..5).fold(0, |number, at| number << 1 | bit(group * 5 + at));
    (0..(hash.len() * 8).div_ceil(5)).map(|group| char::from(Z_BASE_32[usize::from(letter(group))])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_node_keeps_its_name_and_its_key_to_itself() {
        let data = tempfile::tempdir().unwrap();
        let name = node_id(data.path()).unwrap();
        assert_eq!(name.len(), 52);
        assert_eq!(node_id(data.path()).unwrap(), name);
        let mode = std::fs::metadata(data.path().join("identity/node.key")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_damaged_key_is_an_error_not_a_new_node() {
        let data = tempfile::tempdir().unwrap();
        node_id(data.path()).unwrap();
        std::fs::write(data.path().join("identity/node.key"), "short").unwrap();
        assert_eq!(node_id(data.path()).unwrap_err().kind(), io::ErrorKind::InvalidData);
    }
}
