//! A planned dependency gets its row.

use super::Plans;
use crate::plan_division::DependencyPlanned;
use hecate_read_model::{Dossiers, Project, Recorded, TextColumn};
use rusqlite::{Result, Transaction, named_params};

impl Project<DependencyPlanned> for Plans {
    fn project(tx: &Transaction<'_>, recorded: &Recorded<DependencyPlanned>) -> Result<()> {
        let DependencyPlanned { pass, dependency, description, planned_by, planned_at } = &recorded.event;
        tx.prepare_cached(
            "INSERT INTO planned_dependencies VALUES (:dependency_id, :division_id, :venture_id, :from_desk,
             :to_desk, :dependency_type, :description, :planned_by, :planned_at)",
        )?
        .execute(named_params! {
            ":dependency_id": dependency.dependency_id, ":division_id": pass.division_id,
            ":venture_id": pass.venture_id, ":from_desk": dependency.from_desk,
            ":to_desk": dependency.to_desk, ":dependency_type": TextColumn(dependency.dependency_type),
            ":description": description, ":planned_by": planned_by, ":planned_at": planned_at,
        })?;
        Plans::row(tx, &[&pass.division_id]).mark(recorded)
    }
}
