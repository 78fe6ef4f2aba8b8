//! When a design is handed over, and how large it may be.

use super::design_aggregate::DesignAggregate;
use super::design_event::DesignEvent;
use super::kit::{a_design_of_an_order, aggregate, an_active_design, event};
use super::{DESIGN_INCOMPLETE, DESIGN_TOO_LARGE, Design};
use hecate_desk::lifecycle::Complete;
use serde_json::{Value, json};

#[test]
fn a_design_is_complete_once_it_has_an_aggregate_and_each_aggregate_an_event() {
    let missing = |refused: hecate_desk::Refused| {
        assert!(refused.is(DESIGN_INCOMPLETE));
        refused.details["missing"].clone()
    };
    let refused = an_active_design().when::<Complete<Design>>(json!({})).unwrap_err();
    assert_eq!(missing(refused), json!(["an aggregate"]));
    let design = a_design_of_an_order().asked::<DesignAggregate>(aggregate("parcel"));
    let design = design.asked::<DesignEvent>(event("order_taken_v1"));
    let refused = design.when::<Complete<Design>>(json!({})).unwrap_err();
    assert_eq!(missing(refused), json!(["an event of parcel"]));
    let sent = json!({"event_name": "parcel_sent_v1", "aggregate_name": "parcel"});
    assert!(design.asked::<DesignEvent>(sent).when::<Complete<Design>>(json!({})).is_ok());
}

#[test]
fn a_design_that_would_not_fit_into_one_event_grows_no_further() {
    let large = |name: &str| -> Value {
        let fields: Vec<Value> =
            (0..100).map(|nth| json!({"name": format!("field_{nth}"), "type": "t".repeat(60)})).collect();
        json!({"event_name": format!("{name}_v1"), "aggregate_name": "order", "payload_fields": fields})
    };
    let mut design = a_design_of_an_order();
    for nth in 0..40 {
        let asked = large(&format!("order_taken_{nth}"));
        match design.when::<DesignEvent>(asked.clone()) {
            Ok(_) => design = design.asked::<DesignEvent>(asked),
            Err(refused) => {
                assert!(refused.is(DESIGN_TOO_LARGE), "{refused:?}");
                assert!(refused.details["bytes"].as_u64() > refused.details["bytes_max"].as_u64());
                return;
            }
        }
    }
    panic!("it grows for ever");
}
