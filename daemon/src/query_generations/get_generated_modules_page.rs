//! The modules of one generation, pass by pass, a page at a time.

use super::{Generations, row};
use crate::generate_division::{Generation, ModuleType};
use hecate_desk::lifecycle::LongLived;
use hecate_proto::{id::DivisionId, rows::GeneratedModuleRow};
use hecate_read_model::{Dossiers, Found, Keyset, Order, Paging, Query, QueryError, QuerySpec, TextColumn};
use rusqlite::Connection;
use schemars::JsonSchema;
use serde::Deserialize;

/// Lists the modules of a generation.
#[derive(Deserialize, JsonSchema)]
pub(super) struct GetGeneratedModulesPage {
    /// Whose generation.
    division_id: DivisionId,
    /// Only those that are for this: `command`, `handler`, ….
    #[serde(rename = "type")]
    of_type: Option<ModuleType>,
    /// Only those of the planned desk with this id.
    desk_id: Option<String>,
    #[serde(flatten)]
    paging: Paging,
}

impl Query for GetGeneratedModulesPage {
    type Row = GeneratedModuleRow;
    const SPEC: QuerySpec = QuerySpec {
        name: "get_generated_modules_page",
        noun: "generation",
        verb: "modules",
        path: "/api/divisions/{division_id}/generations/modules",
        says: "List the modules of a generation",
        answers: "modules",
        not_found: Generation::NAMES.is_not_initiated,
    };

    fn read(self, db: &Connection) -> Result<Found<GeneratedModuleRow>, QueryError> {
        let rows = Keyset::new("*", "generated_modules", ("generated_at", "module_id"), Order::Asc)
            .only_with("module_type = ?", self.of_type.map(TextColumn))
            .only_with("desk_id = ?", self.desk_id);
        Generations::page(db, &[self.division_id.as_str()], rows, &self.paging, row::module)
    }
}
