//! Desks are put into the inventory, into an order, and made to depend on each other. What a plan acknowledges has an
//! entry already, from the process in which it happened.

use super::tells::tells;
use crate::plan_division::{DependencyPlanned, DeskInventoried, DesksSequenced, Plan};
use hecate_read_model::TextColumn;

tells! {
    Plan;
    DeskInventoried, of pass, by inventoried_by: |fact, division|
        format!("Desk {} planned for {division}", fact.desk.desk_name);
    DesksSequenced, of pass, by sequenced_by: |fact, division|
        format!("Sprint {} of {division} has {}", fact.sprint.sprint_number, desks(fact.sprint.desk_ids.len()));
    DependencyPlanned, of pass, by planned_by: |fact, division| {
        let (from, to) = (short(&fact.dependency.from_desk), short(&fact.dependency.to_desk));
        format!("Desk {from} of {division} {} {to}", TextColumn(fact.dependency.dependency_type))
    };
}

fn desks(count: usize) -> String {
    if count == 1 { "one desk".to_owned() } else { format!("{count} desks") }
}

/// The name in `desk-{division_id}-{name}`.
pub(super) fn short(desk_id: &str) -> &str {
    desk_id.rsplit('-').next().unwrap_or(desk_id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_desk_is_called_by_its_name() {
        assert_eq!(short("desk-d-01ARZ3NDEKTSV4RRFFQ69G5FAV-place_order"), "place_order");
        assert_eq!((desks(1), desks(2)), ("one desk".to_owned(), "2 desks".to_owned()));
    }
}
