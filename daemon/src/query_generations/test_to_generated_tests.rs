//! A test was put into the workspace: a row for this pass.

use super::Generations;
use crate::generate_division::TestGenerated;
use hecate_read_model::{Dossiers, Project, Recorded, TextColumn};
use rusqlite::{Result, Transaction, named_params};

impl Project<TestGenerated> for Generations {
    fn project(tx: &Transaction<'_>, recorded: &Recorded<TestGenerated>) -> Result<()> {
        let TestGenerated { pass, test, file, generated_by, generated_at } = &recorded.event;
        tx.prepare_cached(
            "INSERT INTO generated_tests VALUES (:test_id, :cycle, :division_id, :venture_id, :test_name,
             :test_type, :module_name, :file_path, :content_sha256, :bytes, :description, :generated_by,
             :generated_at)",
        )?
        .execute(named_params! {
            ":test_id": test.test_id, ":cycle": pass.cycle, ":division_id": pass.division_id,
            ":venture_id": pass.venture_id, ":test_name": test.test_name,
            ":test_type": TextColumn(test.test_type), ":module_name": test.module_name,
            ":file_path": test.file_path, ":content_sha256": file.content_sha256,
            ":bytes": file.bytes.cast_signed(), ":description": file.description,
            ":generated_by": generated_by, ":generated_at": generated_at,
        })?;
        Generations::row(tx, &[&pass.division_id]).mark(recorded)
    }
}
