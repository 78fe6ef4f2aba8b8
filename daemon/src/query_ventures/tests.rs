//! Ventures at work, and what is seen of them.

use super::Ventures;
use crate::setup_venture::Venture;
use hecate_read_model::kit::{Dice, Step, Trial, stroll};
use serde_json::{Value, json};

fn venture(nth: u64) -> Value {
    json!({"venture_id": format!("v-01ARZ3NDEKTSV4RRFFQ69G5FA{nth}")})
}

async fn any_step(trial: &Trial, dice: &mut Dice, _: u64) -> Step {
    let (nth, any) = (dice.below(9), dice.below(99));
    let mut setup = venture(nth);
    setup["name"] = format!("Shop {nth}").into();
    let vision = json!({"brief": format!("Sell {any}"), "repos": ["shop"], "visibility": "public"});
    let (desk, ask) = match dice.below(12) {
        0..=3 => return (venture(nth), trial.ask("setup_venture", json!({}), setup).await),
        4..=7 => ("refine_vision", vision),
        8..=9 => ("submit_vision", json!({})),
        10 if any < 30 => ("archive_venture", json!({"reason": "Sold"})),
        _ => ("refine_vision", json!({"skills": [format!("skill {any}")]})),
    };
    (venture(nth), trial.ask(desk, venture(nth), ask).await)
}

#[tokio::test]
async fn rows_say_what_the_aggregate_says_and_a_file_drawn_anew_holds_the_same() {
    stroll::<Venture, Ventures>("get_venture_by_id", any_step).await;
}
