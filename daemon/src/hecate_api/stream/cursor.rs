//! The id of a frame on the stream of many topics: how far each topic was seen, opaque to clients.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hecate_desk::{Refusal, Refused};
use serde::{Deserialize, Serialize};

/// How far each topic was seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Cursor {
    /// Position of the last fact; none where facts were not asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) facts: Option<u64>,
}

impl Cursor {
    pub(super) fn encode(self) -> String {
        // One optional number always serialises.
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(&self).unwrap_or_default())
    }

    /// Topics that this daemon does not know are left out, so that an older daemon takes a newer cursor.
    pub(super) fn decode(text: &str, field: &str) -> Result<Cursor, Refused> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok();
        let cursor = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        cursor.ok_or_else(|| Refusal::INVALID_CURSOR.about("field", field))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back_as_it_went() {
        for facts in [None, Some(0), Some(7), Some(u64::MAX)] {
            let cursor = Cursor { facts };
            assert_eq!(Cursor::decode(&cursor.encode(), "after"), Ok(cursor));
        }
    }

    #[test]
    fn a_topic_of_tomorrow_is_left_out() {
        let newer = URL_SAFE_NO_PAD.encode(br#"{"facts": 3, "tree": [1, 2]}"#);
        assert_eq!(Cursor::decode(&newer, "after"), Ok(Cursor { facts: Some(3) }));
    }

    #[test]
    fn what_is_no_cursor_is_refused() {
        let text = URL_SAFE_NO_PAD.encode("7");
        for bad in ["7", "", "!", text.as_str(), "eyJmYWN0cyI6LTF9"] {
            let refused = Cursor::decode(bad, "Last-Event-ID").unwrap_err();
            assert!(refused.is(Refusal::INVALID_CURSOR), "{bad}");
        }
    }
}
