//! A module was put into the workspace: a row for this pass.

use super::Generations;
use crate::generate_division::ModuleGenerated;
use hecate_read_model::{Dossiers, Project, Recorded, TextColumn};
use rusqlite::{Result, Transaction, named_params};

impl Project<ModuleGenerated> for Generations {
    fn project(tx: &Transaction<'_>, recorded: &Recorded<ModuleGenerated>) -> Result<()> {
        let ModuleGenerated { pass, module, desk_id, file, generated_by, generated_at } = &recorded.event;
        tx.prepare_cached(
            "INSERT INTO generated_modules VALUES (:module_id, :cycle, :division_id, :venture_id, :module_name,
             :module_type, :desk_id, :file_path, :content_sha256, :bytes, :description, :generated_by,
             :generated_at)",
        )?
        .execute(named_params! {
            ":module_id": module.module_id, ":cycle": pass.cycle, ":division_id": pass.division_id,
            ":venture_id": pass.venture_id, ":module_name": module.module_name,
            ":module_type": TextColumn(module.module_type), ":desk_id": desk_id, ":file_path": module.file_path,
            ":content_sha256": file.content_sha256, ":bytes": file.bytes.cast_signed(),
            ":description": file.description, ":generated_by": generated_by, ":generated_at": generated_at,
        })?;
        Generations::row(tx, &[&pass.division_id]).mark(recorded)
    }
}
