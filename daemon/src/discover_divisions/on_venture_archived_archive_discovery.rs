//! A venture was archived: with `cascade` its discovery follows, and its divisions with that.

use super::{ArchiveDiscovery, Discovery};
use hecate_desk::lifecycle::{Bury, Venture};
use hecate_desk::prelude::*;

/// What discovery uses of an archived venture.
#[derive(Deserialize, JsonSchema)]
pub(super) struct VentureArchived {
    venture_id: String,
    name: String,
    reason: Option<String>,
    cascade: bool,
}

impl Listener<Discovery> for VentureArchived {
    const NAME: &'static str = "on_venture_archived_archive_discovery";
    const HEARS: &'static str = "venture_archived_v1";
    type Asks = Bury<Discovery>;

    fn hear(self, _: &Source<'_>) -> Heard<Bury<Discovery>> {
        if !self.cascade {
            return Heard::Passes("the venture was archived without what belongs to it");
        }
        let of = Venture { venture_id: self.venture_id.clone(), venture_name: self.name };
        let bury = Bury::of(of, self.reason, ArchiveDiscovery { cascade: Some(true) });
        Ask::of("venture_id", &self.venture_id, bury).into()
    }
}
