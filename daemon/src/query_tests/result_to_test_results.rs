//! A result has its row, and counts in that of its run.

use super::Tests;
use crate::test_division::TestResultRecorded;
use hecate_read_model::{Dossiers, Project, Recorded, TextColumn};
use rusqlite::{Result, Transaction, named_params};

impl Project<TestResultRecorded> for Tests {
    fn project(tx: &Transaction<'_>, recorded: &Recorded<TestResultRecorded>) -> Result<()> {
        let result = &recorded.event;
        tx.prepare_cached(
            "INSERT INTO test_results VALUES (:result_id, :suite_id, :division_id, :venture_id, :test_name,
             :status, :duration_ms, :details, :recorded_by, :recorded_at)",
        )?
        .execute(named_params! {
            ":result_id": result.result_id, ":suite_id": result.suite_id,
            ":division_id": result.pass.division_id, ":venture_id": result.pass.venture_id,
            ":test_name": result.test_name, ":status": TextColumn(result.status),
            ":duration_ms": result.duration_ms, ":details": result.details,
            ":recorded_by": result.recorded_by, ":recorded_at": result.recorded_at,
        })?;
        tx.prepare_cached(
            "UPDATE test_suites SET passed = passed + (?3 = 'passed'), failed = failed + (?3 = 'failed'),
             skipped = skipped + (?3 = 'skipped'), errored = errored + (?3 = 'error')
             WHERE division_id = ?1 AND suite_id = ?2",
        )?
        .execute((&result.pass.division_id, &result.suite_id, TextColumn(result.status)))?;
        Tests::row(tx, &[&result.pass.division_id]).mark(recorded)
    }
}
