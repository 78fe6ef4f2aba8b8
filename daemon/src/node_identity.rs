//! Who this node is: an Ed25519 key made at the first start, and whatever follows from it.

use hecate_cluster::Identity;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

const KEY_BYTES: usize = 32;

/// The node's identity. Makes the key where there is none.
pub(crate) fn of_node(data_dir: &Path) -> io::Result<Identity> {
    let folder = data_dir.join("identity");
    let file = folder.join("node.key");
    let secret = match std::fs::read(&file) {
        Ok(bytes) => bytes.try_into().map_err(|_| {
            io::Error::new(io::ErrorKind::InvalidData, format!("{} is not a node key", file.display()))
        })?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => make_key(&folder, &file)?,
        Err(error) => return Err(error),
    };
    Identity::of_secret(&secret).map_err(io::Error::other)
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_node_keeps_its_name_and_its_key_to_itself() {
        let data = tempfile::tempdir().unwrap();
        let name = of_node(data.path()).unwrap().node_id().clone();
        assert_eq!(name.as_str().len(), 52);
        assert_eq!(of_node(data.path()).unwrap().node_id(), &name);
        let mode = std::fs::metadata(data.path().join("identity/node.key")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_damaged_key_is_an_error_not_a_new_node() {
        let data = tempfile::tempdir().unwrap();
        of_node(data.path()).unwrap();
        std::fs::write(data.path().join("identity/node.key"), "short").unwrap();
        assert_eq!(of_node(data.path()).unwrap_err().kind(), io::ErrorKind::InvalidData);
    }
}
