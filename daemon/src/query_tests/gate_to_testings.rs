//! A quality gate stands in the row of its testing.

use super::Tests;
use crate::test_division::QualityGateSet;
use hecate_read_model::{Dossiers, JsonColumn, Project, Recorded};
use rusqlite::{Result, Transaction};

impl Project<QualityGateSet> for Tests {
    fn project(tx: &Transaction<'_>, recorded: &Recorded<QualityGateSet>) -> Result<()> {
        let QualityGateSet { pass, gate, .. } = &recorded.event;
        let testing = Tests::row(tx, &[&pass.division_id]);
        testing.set("gate = ?", &[&JsonColumn(gate)])?;
        testing.mark(recorded)
    }
}
