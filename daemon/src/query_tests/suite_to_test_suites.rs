//! A run of a suite has its row, from its beginning to its end.

use super::Tests;
use crate::test_division::{TestSuiteConcluded, TestSuiteRun};
use hecate_read_model::{Dossiers, Project, Recorded, TextColumn};
use rusqlite::{Result, Transaction, named_params};

impl Project<TestSuiteRun> for Tests {
    fn project(tx: &Transaction<'_>, recorded: &Recorded<TestSuiteRun>) -> Result<()> {
        let run = &recorded.event;
        tx.prepare_cached(
            "INSERT INTO test_suites(suite_id, division_id, venture_id, cycle, suite_name, run_number, suite_type,
             target_module, desk_id, run_by, run_at) VALUES (:suite_id, :division_id, :venture_id, :cycle,
             :suite_name, :run_number, :suite_type, :target_module, :desk_id, :run_by, :run_at)",
        )?
        .execute(named_params! {
            ":suite_id": run.suite_id, ":division_id": run.pass.division_id, ":venture_id": run.pass.venture_id,
            ":cycle": run.pass.cycle, ":suite_name": run.suite_name, ":run_number": run.run_number,
            ":suite_type": TextColumn(run.suite_type), ":target_module": run.target_module,
            ":desk_id": run.desk_id, ":run_by": run.run_by, ":run_at": run.run_at,
        })?;
        Tests::row(tx, &[&run.pass.division_id]).mark(recorded)
    }
}

impl Project<TestSuiteConcluded> for Tests {
    fn project(tx: &Transaction<'_>, recorded: &Recorded<TestSuiteConcluded>) -> Result<()> {
        let TestSuiteConcluded { pass, suite_id, tally, coverage_pct, duration_ms, concluded_at, .. } =
            &recorded.event;
        tx.prepare_cached(
            "UPDATE test_suites SET passed = :passed, failed = :failed, skipped = :skipped, errored = :errored,
             coverage_pct = :coverage_pct, duration_ms = :duration_ms, concluded_at = :concluded_at
             WHERE division_id = :division_id AND suite_id = :suite_id",
        )?
        .execute(named_params! {
            ":passed": tally.passed, ":failed": tally.failed, ":skipped": tally.skipped,
            ":errored": tally.errored, ":coverage_pct": coverage_pct, ":duration_ms": duration_ms,
            ":concluded_at": concluded_at, ":division_id": pass.division_id, ":suite_id": suite_id,
        })?;
        Tests::row(tx, &[&pass.division_id]).mark(recorded)
    }
}
