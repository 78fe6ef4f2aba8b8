//! The name of a blob: the SHA-256 of what it holds, as 64 lower-case hex digits.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use sha2::Digest;
use std::borrow::Cow;
use std::fmt;

/// Hex digits of a name.
const DIGITS: usize = 64;

/// The SHA-256 of some bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct Sha256(String);

/// A text that is not the name of a blob.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a SHA-256 is {DIGITS} lower-case hex digits")]
pub struct NotASha256;

impl Sha256 {
    /// The pattern, as JSON Schema and people read it.
    pub const PATTERN: &'static str = "^[0-9a-f]{64}$";

    /// The hash of these bytes.
    pub fn of(bytes: &[u8]) -> Sha256 {
        let hash: [u8; 32] = sha2::Sha256::digest(bytes).into();
        Sha256(hash.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// The hex digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// True for one of the digits that a name is written with.
pub(crate) fn is_digit(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'a'..=b'f')
}

impl TryFrom<String> for Sha256 {
    type Error = NotASha256;

    fn try_from(text: String) -> Result<Self, NotASha256> {
        if text.len() == DIGITS && text.bytes().all(is_digit) { Ok(Sha256(text)) } else { Err(NotASha256) }
    }
}

impl fmt::Display for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl JsonSchema for Sha256 {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Sha256".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": Self::PATTERN })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_what_sha256sum_says_and_nothing_else_is_one() {
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(Sha256::of(b"").as_str(), empty);
        assert!(Sha256::try_from(empty.to_owned()).is_ok());
        for wrong in ["", &empty[1..], &empty.to_uppercase(), &format!("../{}", &empty[3..])] {
            assert_eq!(Sha256::try_from(wrong.to_owned()), Err(NotASha256), "{wrong}");
        }
    }
}
