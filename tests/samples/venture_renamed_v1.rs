//! The first version of an event, when the second has come: it did not say what the venture was called before.

use super::rename_venture::VentureRenamed;
use serde::Deserialize;

#[derive(Deserialize)]
pub(super) struct VentureRenamedV1 {
    venture_id: String,
    name: String,
    renamed_by: String,
    renamed_at: i64,
}

impl From<VentureRenamedV1> for VentureRenamed {
    fn from(old: VentureRenamedV1) -> VentureRenamed {
        let VentureRenamedV1 { venture_id, name, renamed_by, renamed_at } = old;
        VentureRenamed { venture_id, name, old_name: None, renamed_by, renamed_at }
    }
}
