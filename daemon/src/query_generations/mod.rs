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
    DeskGenerated, Generation, ModuleGenerated, SkeletonGenerated, TestGenerated,
};
use hecate_read_model::{
    Dossiers, ProjectionEntry, QueryEntry, ReadModel, Show, dossier_projections, dossier_table, query,
};

/// The read model of generations.
pub(crate) struct Generations;

impl Dossiers for Generations {
    type Drawn = Generation;
    const TABLE: &'static str = "generations";
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
