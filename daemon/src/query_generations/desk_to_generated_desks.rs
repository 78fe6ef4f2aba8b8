//! A desk was generated: a row for this pass.

use super::Generations;
use crate::generate_division::DeskGenerated;
use hecate_read_model::{Dossiers, JsonColumn, Project, Recorded, TextColumn};
use rusqlite::{Result, Transaction, named_params};

impl Project<DeskGenerated> for Generations {
    fn project(tx: &Transaction<'_>, recorded: &Recorded<DeskGenerated>) -> Result<()> {
        let desk = &recorded.event;
        tx.prepare_cached(
            "INSERT INTO generated_desks VALUES (:desk_id, :cycle, :division_id, :venture_id, :desk_name,
             :department, :template, :files, :generated_by, :generated_at)",
        )?
        .execute(named_params! {
            ":desk_id": desk.desk_id, ":cycle": desk.pass.cycle, ":division_id": desk.pass.division_id,
            ":venture_id": desk.pass.venture_id, ":desk_name": desk.desk_name,
            ":department": TextColumn(desk.department), ":template": desk.template,
            ":files": JsonColumn(&desk.files), ":generated_by": desk.generated_by,
            ":generated_at": desk.generated_at,
        })?;
        Generations::row(tx, &[&desk.pass.division_id]).mark(recorded)
    }
}
