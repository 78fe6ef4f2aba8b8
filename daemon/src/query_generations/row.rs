//! Rows of generations and of what they made, as they are answered.

use hecate_proto::{
    rows::{GeneratedDeskRow, GeneratedModuleRow, GeneratedTestRow, GenerationRow},
    time::rfc3339,
};
use hecate_read_model::{JsonColumn, dossier_columns};
use rusqlite::{Connection, Result, Row};

pub(super) fn generation(db: &Connection, row: &Row<'_>) -> Result<GenerationRow> {
    let division_id: String = row.get("division_id")?;
    let made = |table: &str| {
        let sql = format!("SELECT count(*) FROM {table} WHERE division_id = ?1 AND cycle = ?2");
        let pass = (&division_id, row.get::<_, u32>("cycle")?);
        db.prepare_cached(&sql)?.query_row(pass, |row| row.get::<_, u32>(0))
    };
    Ok(GenerationRow {
        desk_count: made("generated_desks")?,
        module_count: made("generated_modules")?,
        test_count: made("generated_tests")?,
        division_name: row.get("division_name")?,
        venture_id: row.get("venture_id")?,
        dossier: dossier_columns(row)?,
        language: row.get("language")?,
        workspace_path: row.get("workspace_path")?,
        template_set: row.get("template_set")?,
        manifest_sha256: row.get("manifest_sha256")?,
        division_id,
    })
}

pub(super) fn desk(row: &Row<'_>) -> Result<GeneratedDeskRow> {
    Ok(GeneratedDeskRow {
        desk_id: row.get("desk_id")?,
        cycle: row.get("cycle")?,
        division_id: row.get("division_id")?,
        venture_id: row.get("venture_id")?,
        desk_name: row.get("desk_name")?,
        department: row.get("department")?,
        template: row.get("template")?,
        files: row.get::<_, JsonColumn<_>>("files")?.0,
        generated_by: row.get("generated_by")?,
        generated_at: rfc3339(row.get("generated_at")?),
    })
}

pub(super) fn module(row: &Row<'_>) -> Result<GeneratedModuleRow> {
    Ok(GeneratedModuleRow {
        module_id: row.get("module_id")?,
        cycle: row.get("cycle")?,
        division_id: row.get("division_id")?,
        venture_id: row.get("venture_id")?,
        module_name: row.get("module_name")?,
        module_type: row.get("module_type")?,
        desk_id: row.get("desk_id")?,
        file_path: row.get("file_path")?,
        content_sha256: row.get("content_sha256")?,
        bytes: row.get::<_, i64>("bytes")?.cast_unsigned(),
        description: row.get("description")?,
        generated_by: row.get("generated_by")?,
        generated_at: rfc3339(row.get("generated_at")?),
    })
}

pub(super) fn test(row: &Row<'_>) -> Result<GeneratedTestRow> {
    Ok(GeneratedTestRow {
        test_id: row.get("test_id")?,
        cycle: row.get("cycle")?,
        division_id: row.get("division_id")?,
        venture_id: row.get("venture_id")?,
        test_name: row.get("test_name")?,
        test_type: row.get("test_type")?,
        module_name: row.get("module_name")?,
        file_path: row.get("file_path")?,
        content_sha256: row.get("content_sha256")?,
        bytes: row.get::<_, i64>("bytes")?.cast_unsigned(),
        description: row.get("description")?,
        generated_by: row.get("generated_by")?,
        generated_at: rfc3339(row.get("generated_at")?),
    })
}
