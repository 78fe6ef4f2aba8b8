//! What was planned is generated: it can be tested.

use super::{GenerationHandOff, Testing};
use hecate_desk::lifecycle::{Division, Initiate};
use hecate_desk::prelude::*;

/// What testing uses of a completed generation.
#[derive(Deserialize, JsonSchema)]
pub(super) struct GenerationCompleted {
    #[serde(flatten)]
    of: Division,
    #[serde(flatten)]
    generated: GenerationHandOff,
}

impl Listener<Testing> for GenerationCompleted {
    const NAME: &'static str = "on_generation_completed_initiate_testing";
    const HEARS: &'static str = "generation_completed_v1";
    type Asks = Initiate<Testing>;

    fn hear(self, source: &Source<'_>) -> Heard<Initiate<Testing>> {
        let division_id = self.of.division_id.clone();
        Ask::of("division_id", &division_id, Initiate::because_of(source, self.of, self.generated)).into()
    }
}

#[cfg(test)]
#[test]
fn testing_is_handed_what_was_generated_and_nothing_else() {
    use hecate_desk::AutoStart;
    use hecate_desk::kit::{ULID, given, hears};
    use serde_json::json;
    let test = json!({"test_id": "t", "test_name": "sells", "test_type": "unit", "module_name": "sell", "file_path": "t.rs"});
    let handoff = json!({"language": "rust", "workspace_path": "shop", "modules": [], "tests": [test]});
    let mut fact = json!({"venture_id": format!("v-{ULID}"), "division_id": format!("d-{ULID}"),
        "division_name": "orders", "cycle": 1, "desks": [], "manifest_sha256": "00", "allow_partial": false});
    fact.as_object_mut().unwrap().extend(handoff.as_object().cloned().unwrap());
    let asked = hears::<Testing, GenerationCompleted>(fact, AutoStart::Never).remove(0);
    let told = given::<Testing>().when::<Initiate<Testing>>(asked).unwrap();
    assert_eq!((told.len(), &told[0].1["handoff"]), (1, &handoff));
}
