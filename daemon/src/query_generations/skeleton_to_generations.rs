//! A skeleton says what its generation is written in, and where it lies.

use super::{Generations, row::word};
use crate::generate_division::SkeletonGenerated;
use hecate_read_model::{Dossiers, Project, Recorded};
use rusqlite::{Result, Transaction};

impl Project<SkeletonGenerated> for Generations {
    fn project(tx: &Transaction<'_>, recorded: &Recorded<SkeletonGenerated>) -> Result<()> {
        let SkeletonGenerated { pass, skeleton, manifest_sha256, .. } = &recorded.event;
        let generation = Generations::row(tx, &[&pass.division_id])?;
        generation.set(
            "language = ?, workspace_path = ?, template_set = ?, manifest_sha256 = ?",
            &[&word(skeleton.language)?, &skeleton.workspace_path, &skeleton.template_set, manifest_sha256],
        )?;
        generation.mark(recorded)
    }
}
