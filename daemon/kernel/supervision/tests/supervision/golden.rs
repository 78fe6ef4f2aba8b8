//! What others see of this crate is kept beside the tests: a change of it shows in review.
//! `UPDATE_GOLDENS=1 cargo test -p hecate-supervision` writes it anew.

use std::path::Path;

/// Compares with what is kept.
pub(crate) fn check(kept: &Path, seen: &str) {
    if std::env::var_os("UPDATE_GOLDENS").is_some() {
        std::fs::write(kept, seen).unwrap();
    }
    let expected = std::fs::read_to_string(kept).unwrap_or_default();
    assert_eq!(seen, expected, "{} is not what it was; UPDATE_GOLDENS=1 writes it anew", kept.display());
}
