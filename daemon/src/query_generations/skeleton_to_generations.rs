//! A skeleton says what its generation is written in, and where it lies.

use super::Generations;
use crate::generate_division::SkeletonGenerated;
use hecate_read_model::{Dossiers, Project, Recorded, TextColumn};
use rusqlite::{Result, Transaction};

impl Project<SkeletonGenerated> for Generations {
    fn project(tx: &Transaction<'_>, recorded: &Recorded<SkeletonGenerated>) -> Result<()> {
        let SkeletonGenerated { pass, skeleton, manifest_sha256, .. } = &recorded.event;
        let generation = Generations::row(tx, &[&pass.division_id]);
        generation.set(
            "language = ?, workspace_path = ?, template_set = ?, manifest_sha256 = ?",
            &[
                &TextColumn(skeleton.language),
                &skeleton.workspace_path,
                &skeleton.template_set,
                manifest_sha256,
            ],
        )?;
        generation.mark(recorded)
    }
}
