//! When a discovery is handed over, and how much it may find.

use super::discover_division::DiscoverDivision;
use super::kit::an_active_discovery;
use super::{DIVISIONS_MAX, Discovery, NO_DIVISIONS, TOO_MANY_DIVISIONS};
use hecate_desk::lifecycle::Complete;
use serde_json::json;

#[test]
fn a_discovery_is_complete_once_it_has_found_something() {
    let refused = an_active_discovery().when::<Complete<Discovery>>(json!({})).unwrap_err();
    assert!(refused.is(NO_DIVISIONS));
    let found = an_active_discovery().asked::<DiscoverDivision>(json!({"division_name": "orders"}));
    assert!(found.when::<Complete<Discovery>>(json!({})).is_ok());
}

#[test]
fn a_discovery_finds_a_bounded_number_of_divisions() {
    let found = |nth: usize| json!({"division_name": format!("division-{nth}"), "division_id": format!("d-{nth:026}")});
    let full =
        (0..DIVISIONS_MAX).fold(an_active_discovery(), |all, nth| all.asked::<DiscoverDivision>(found(nth)));
    let refused = full.when::<DiscoverDivision>(found(DIVISIONS_MAX)).unwrap_err();
    assert!(refused.is(TOO_MANY_DIVISIONS));
    assert_eq!(refused.details["divisions_max"], DIVISIONS_MAX);
}
