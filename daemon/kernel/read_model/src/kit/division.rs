//! Divisions as the tests of query apps need them: what they are called, what is handed over to them, and what is
//! seen of one before that.

use super::Trial;
use hecate_desk::lifecycle::{Division, LongLived};
use serde_json::{Value, json};

const VENTURE: &str = "v-01ARZ3NDEKTSV4RRFFQ69G5FAV";

/// The id of one of ten divisions, from 0.
pub fn division(nth: u64) -> Value {
    json!({"division_id": format!("d-01ARZ3NDEKTSV4RRFFQ69G5FA{nth}")})
}

/// A request that a fact leads to; no two of these facts are one.
pub fn because_of(nth: u64, mut says: Value) -> Value {
    says["source_event_id"] = format!("01890000-0000-7000-8000-{nth:012}").into();
    says
}

/// Hands this over because of a fact, and leaves the start to a person.
pub fn handing_over(handoff: Value, source: u64) -> Value {
    let says = json!({"division_name": "orders", "venture_id": VENTURE, "handoff": handoff,
        "visibility": "realm", "start": false});
    because_of(source, says)
}

/// One column of a list, which holds text.
///
/// # Panics
/// When it does not.
pub fn column<'r>(rows: &'r [Value], name: &str) -> Vec<&'r str> {
    rows.iter().map(|row| row[name].as_str().expect("the column holds text")).collect()
}

impl Trial {
    /// Demands that no query finds a division to which nothing was handed over, and that one which was dismissed
    /// before that is archived. Answers the row that `query` shows of it.
    pub async fn shows_no_unborn<A: LongLived<Of = Division>>(&self, query: &str) -> Value {
        let of_a_division = self.side.doors().iter().filter(|door| door.spec.path.contains("{division_id}"));
        for name in of_a_division.map(|door| door.spec.name) {
            let refused = self.query(name, division(2), &[]).await.expect_err(name);
            assert!(refused.is(A::NAMES.is_not_initiated), "{name}: {refused:?}");
        }
        let of = json!({"division_name": "stock", "venture_id": VENTURE});
        self.ask(A::NAMES.bury, division(2), of).await.expect("what is not born yet can be archived");
        let answer = self.query(query, division(2), &[]).await.expect("a tombstone is shown");
        let row = answer.values().find(|field| field.is_object()).expect("one row is shown").clone();
        let shown = ["status", "status_label", "division_name", "cycle"].map(|column| row[column].clone());
        assert_eq!(shown, [json!(2), json!("Archived"), json!("stock"), json!(0)]);
        row
    }
}
