//! Generations as people look at them: where each stands, and the desks, modules and tests that were generated.

mod desk_to_generated_desks;
mod get_generated_desks_page;
mod get_generated_modules_page;
mod get_generated_tests_page;
mod get_generation_by_division;
mod module_to_generated_modules;
mod row;
mod skeleton_to_generations;
mod test_to_generated_tests;
#[cfg(test)]
mod tests;

use crate::generate_division::{
    DeskGenerated, Generation, ModuleGenerated, PlanHandOff, SkeletonGenerated, TestGenerated,
};
use hecate_desk::lifecycle::{Completed, Rebriefed, Reopened};
use hecate_read_model::{
    DossierRow, Dossiers, ProjectionEntry, QueryEntry, ReadModel, Recorded, Show, dossier_projections,
    dossier_table, query,
};
use rusqlite::Result;

/// The read model of generations.
pub(crate) struct Generations;

impl Dossiers for Generations {
    type Drawn = Generation;
    const TABLE: &'static str = "generations";

    fn completed(row: &DossierRow<'_, Self>, recorded: &Recorded<Completed<Generation>>) -> Result<()> {
        row.set("manifest_sha256 = ?", &[&recorded.event.handover.manifest_sha256])
    }

    fn reopened(row: &DossierRow<'_, Self>, _: &Recorded<Reopened<Generation>>) -> Result<()> {
        row.set("language = NULL, workspace_path = NULL, template_set = NULL, manifest_sha256 = NULL", &[])
    }

    /// Desks that the plan tells otherwise by now do not count as generated.
    fn rebriefed(
        row: &DossierRow<'_, Self>,
        recorded: &Recorded<Rebriefed<Generation>>,
        before: PlanHandOff,
    ) -> Result<()> {
        let Rebriefed { handoff, cycle, .. } = &recorded.event;
        let mut forget =
            row.tx().prepare_cached("DELETE FROM generated_desks WHERE desk_id = ?1 AND cycle = ?2")?;
        for desk in before.outdated_by(handoff) {
            forget.execute((&desk.desk_id, cycle))?;
        }
        Ok(())
    }
}

impl ReadModel for Generations {
    const NAME: &'static str = "query_generations";
    const TABLES: &'static str = concat!(
        dossier_table!(
            "generations",
            division,
            "language TEXT, workspace_path TEXT, template_set TEXT, manifest_sha256 TEXT"
        ),
        include_str!("tables.sql")
    );
    const REVISION: u32 = 1;
    const PROJECTIONS: &'static [ProjectionEntry] = dossier_projections!(
        Generations,
        Generation,
        SkeletonGenerated,
        DeskGenerated,
        ModuleGenerated,
        TestGenerated
    );
    const QUERIES: &'static [QueryEntry] = &[
        query::<Show<Generations>>(),
        query::<get_generated_desks_page::GetGeneratedDesksPage>(),
        query::<get_generated_modules_page::GetGeneratedModulesPage>(),
        query::<get_generated_tests_page::GetGeneratedTestsPage>(),
    ];
}
