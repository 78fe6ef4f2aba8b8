//! Testings as people look at them: where each stands, the runs of its suites, and what these found.

mod gate_to_testings;
mod get_test_results_page;
mod get_test_suites_page;
mod get_testing_by_division;
mod result_to_test_results;
mod row;
mod suite_to_test_suites;
#[cfg(test)]
mod tests;

use crate::test_division::{
    QualityGateSet, TestResultRecorded, TestSuiteConcluded, TestSuiteRun, Tested, Testing,
};
use hecate_desk::lifecycle::{Completed, Reopened};
use hecate_read_model::{
    DossierRow, Dossiers, JsonColumn, ProjectionEntry, QueryEntry, ReadModel, Recorded, dossier_projections,
    dossier_table, query,
};
use rusqlite::Result;

/// The read model of testings.
pub(crate) struct Tests;

impl Dossiers for Tests {
    type Drawn = Testing;
    const TABLE: &'static str = "testings";

    fn completed(row: &DossierRow<'_, Self>, recorded: &Recorded<Completed<Testing>>) -> Result<()> {
        let Tested { gate_passed, override_reason, totals, coverage_pct } = &recorded.event.handover;
        row.set(
            "gate_passed = ?, override_reason = ?, totals = ?, coverage_pct = ?",
            &[gate_passed, override_reason, &JsonColumn(totals), coverage_pct],
        )
    }

    fn reopened(row: &DossierRow<'_, Self>, _: &Recorded<Reopened<Testing>>) -> Result<()> {
        row.set("gate_passed = NULL, override_reason = NULL, totals = NULL, coverage_pct = NULL", &[])
    }
}

impl ReadModel for Tests {
    const NAME: &'static str = "query_tests";
    const TABLES: &'static str = concat!(
        dossier_table!(
            "testings",
            division,
            "gate TEXT, gate_passed INTEGER, override_reason TEXT, totals TEXT, coverage_pct REAL"
        ),
        include_str!("tables.sql")
    );
    const REVISION: u32 = 1;
    const PROJECTIONS: &'static [ProjectionEntry] = dossier_projections!(
        Tests,
        Testing,
        QualityGateSet,
        TestSuiteRun,
        TestResultRecorded,
        TestSuiteConcluded
    );
    const QUERIES: &'static [QueryEntry] = &[
        query::<get_testing_by_division::GetTestingByDivision>(),
        query::<get_test_suites_page::GetTestSuitesPage>(),
        query::<get_test_results_page::GetTestResultsPage>(),
    ];
}
