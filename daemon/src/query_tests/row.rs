//! Rows of testings, of runs and of results, as they are answered.

use hecate_proto::{
    rows::{TestResultRow, TestSuiteRow, TestingRow},
    time::rfc3339,
};
use hecate_read_model::{JsonColumn, dossier_columns};
use rusqlite::{Result, Row};

pub(super) fn testing(row: &Row<'_>) -> Result<TestingRow> {
    Ok(TestingRow {
        division_id: row.get("division_id")?,
        division_name: row.get("division_name")?,
        venture_id: row.get("venture_id")?,
        dossier: dossier_columns(row)?,
        gate: row.get::<_, Option<JsonColumn<_>>>("gate")?.map(|gate| gate.0),
        gate_passed: row.get("gate_passed")?,
        override_reason: row.get("override_reason")?,
        totals: row.get::<_, Option<JsonColumn<_>>>("totals")?.map(|totals| totals.0),
        coverage_pct: row.get("coverage_pct")?,
    })
}

pub(super) fn suite(row: &Row<'_>) -> Result<TestSuiteRow> {
    let concluded_at: Option<i64> = row.get("concluded_at")?;
    Ok(TestSuiteRow {
        suite_id: row.get("suite_id")?,
        division_id: row.get("division_id")?,
        venture_id: row.get("venture_id")?,
        cycle: row.get("cycle")?,
        suite_name: row.get("suite_name")?,
        run_number: row.get("run_number")?,
        suite_type: row.get("suite_type")?,
        target_module: row.get("target_module")?,
        desk_id: row.get("desk_id")?,
        state: if concluded_at.is_some() { "concluded" } else { "open" }.to_owned(),
        passed: row.get("passed")?,
        failed: row.get("failed")?,
        skipped: row.get("skipped")?,
        errored: row.get("errored")?,
        coverage_pct: row.get("coverage_pct")?,
        duration_ms: row.get("duration_ms")?,
        run_by: row.get("run_by")?,
        run_at: rfc3339(row.get("run_at")?),
        concluded_at: concluded_at.map(rfc3339),
    })
}

pub(super) fn result(row: &Row<'_>) -> Result<TestResultRow> {
    Ok(TestResultRow {
        result_id: row.get("result_id")?,
        suite_id: row.get("suite_id")?,
        division_id: row.get("division_id")?,
        venture_id: row.get("venture_id")?,
        test_name: row.get("test_name")?,
        status: row.get("status")?,
        duration_ms: row.get("duration_ms")?,
        details: row.get("details")?,
        recorded_by: row.get("recorded_by")?,
        recorded_at: rfc3339(row.get("recorded_at")?),
    })
}
