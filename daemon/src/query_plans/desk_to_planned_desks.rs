//! What is planned of a desk changes its row, and the counts of its plan.

use super::Plans;
use crate::plan_division::{DeskInventoried, DesksSequenced, Sprint};
use hecate_read_model::{Dossiers, JsonColumn, Project, Recorded, TextColumn};
use rusqlite::{Result, Transaction, named_params};

impl Project<DeskInventoried> for Plans {
    fn project(tx: &Transaction<'_>, recorded: &Recorded<DeskInventoried>) -> Result<()> {
        let DeskInventoried { pass, desk, inventoried_by, inventoried_at } = &recorded.event;
        tx.prepare_cached(
            "INSERT INTO planned_desks VALUES (:desk_id, :division_id, :venture_id, :desk_name, :department,
             :aggregate_name, :priority, NULL, NULL, :description, :inboxes, :policies, :emitters, NULL,
             :inventoried_by, :inventoried_at)",
        )?
        .execute(named_params! {
            ":desk_id": desk.desk_id, ":division_id": pass.division_id, ":venture_id": pass.venture_id,
            ":desk_name": desk.desk_name, ":department": TextColumn(desk.department),
            ":aggregate_name": desk.aggregate_name, ":priority": desk.priority,
            ":description": desk.description, ":inboxes": JsonColumn(&desk.inboxes),
            ":policies": JsonColumn(&desk.policies), ":emitters": JsonColumn(&desk.emitters),
            ":inventoried_by": inventoried_by, ":inventoried_at": inventoried_at,
        })?;
        let plan = Plans::row(tx, &[&pass.division_id]);
        plan.set("desk_count = desk_count + 1", &[])?;
        plan.mark(recorded)
    }
}

impl Project<DesksSequenced> for Plans {
    fn project(tx: &Transaction<'_>, recorded: &Recorded<DesksSequenced>) -> Result<()> {
        let DesksSequenced { pass, sprint: Sprint { sprint_number, desk_ids }, .. } = &recorded.event;
        tx.prepare_cached(
            "UPDATE planned_desks SET sprint_number = NULL, sprint_order = NULL
             WHERE division_id = ?1 AND sprint_number = ?2",
        )?
        .execute((&pass.division_id, sprint_number))?;
        let mut place = tx.prepare_cached(
            "UPDATE planned_desks SET sprint_number = ?2, sprint_order = ?3 WHERE desk_id = ?1",
        )?;
        for (sprint_order, desk_id) in desk_ids.iter().enumerate() {
            place.execute((desk_id, sprint_number, sprint_order))?;
        }
        let plan = Plans::row(tx, &[&pass.division_id]);
        plan.set(
            "sprint_count = (SELECT count(DISTINCT sprint_number) FROM planned_desks WHERE division_id = ?)",
            &[&pass.division_id],
        )?;
        plan.mark(recorded)
    }
}
