//! The supervision tree looked at without a daemon: whether its file is right, whether it stops in time, and
//! what it looks like.

use crate::arguments::TreeChore;
use crate::chores::say;
use crate::exit::{Exit, Failure};
use crate::life::{STOP_MAX, complain};
use hecate_proto::tree::TreeNode;
use hecate_supervision::Plan;
use std::fmt::Write as _;
use std::time::Duration;

/// Shows the checked plan of the file `name` as it was asked for.
pub(crate) fn show(plan: &Plan, name: &str, how: &TreeChore) -> Result<Exit, Failure> {
    if how.dot {
        say(dot(&plan.outline()).trim_end())?;
    } else if how.check {
        check(plan, name, how.grace)?;
    } else {
        say(text(&plan.outline()).trim_end())?;
    }
    Ok(Exit::Clean)
}

fn check(plan: &Plan, name: &str, grace: Option<Duration>) -> Result<(), Failure> {
    plan.warnings().iter().for_each(complain);
    let stops = grace.map(|grace| stops_within(plan, grace)).transpose()?;
    say(&format!("{name} is right: {}", census(&plan.outline())))?;
    stops.map_or(Ok(()), |stops| say(&stops))
}

/// The JSON Schema of the file, for editors.
pub(crate) fn show_schema() -> Result<Exit, Failure> {
    say(&format!("{:#}", Plan::json_schema()))?;
    Ok(Exit::Clean)
}

/// How long a stop takes in the worst case. Children stop one after another, each within its own limit, and
/// the daemon kills what is left at a deadline of its own: so a grace is too short when it is shorter than
/// both, or when a place asks for more than there is.
fn stops_within(plan: &Plan, grace: Duration) -> Result<String, Failure> {
    let asked = plan.stops_within();
    let longest = asked.map_or(STOP_MAX, |asked| asked.min(STOP_MAX));
    let too_patient =
        plan.patience().into_iter().filter(|(_, limit)| limit.is_none_or(|limit| limit >= grace));
    let mut late: Vec<_> =
        too_patient.map(|(path, limit)| format!("{path} may take {}", time(limit))).collect();
    if longest >= grace {
        late.push(format!("the tree may take {longest:?}"));
    }
    if !late.is_empty() {
        let faults: Vec<_> =
            late.iter().map(|late| format!("a grace of {grace:?} is too short: {late}")).collect();
        return Err(Failure::new(Exit::Refused, faults.join("\nhecate-daemon: ")));
    }
    Ok(match asked {
        Some(asked) if asked <= STOP_MAX => {
            format!("it stops within {asked:?}: a grace of {grace:?} is enough")
        }
        asked => format!(
            "its places together may take {}, but the daemon kills what is left after {STOP_MAX:?}: \
             a grace of {grace:?} is enough",
            time(asked)
        ),
    })
}

fn time(limit: Option<Duration>) -> String {
    limit.map_or_else(|| "for ever".into(), |limit| format!("{limit:?}"))
}

fn census(tree: &TreeNode) -> String {
    let (mut supervisors, mut pools, mut actors) = (0, 0, 0);
    count(tree, &mut |node| match node.kind.as_str() {
        "supervisor" => supervisors += 1,
        "pool" => pools += 1,
        _ => actors += 1,
    });
    format!("{supervisors} supervisors, {pools} pools, {actors} actors")
}

fn count(node: &TreeNode, note: &mut impl FnMut(&TreeNode)) {
    note(node);
    node.children.iter().for_each(|child| count(child, note));
}

/// The tree as text: what a supervisor does about a failing child, and when a child is started again.
fn text(tree: &TreeNode) -> String {
    let mut rows = Vec::new();
    draw_rows(tree, "", "", &mut rows);
    let width = rows.iter().map(|(name, _)| name.chars().count()).max().unwrap_or_default();
    rows.iter().fold(String::new(), |drawn, (name, detail)| drawn + &format!("{name:width$}  {detail}\n"))
}

fn draw_rows(node: &TreeNode, branch: &str, indent: &str, rows: &mut Vec<(String, String)>) {
    let name = if branch.is_empty() { &node.path } else { name_of(node) };
    rows.push((format!("{branch}{name}"), detail_of(node)));
    for (number, child) in node.children.iter().enumerate() {
        let is_last = number + 1 == node.children.len();
        let (turn, below) = if is_last { ("└─ ", "   ") } else { ("├─ ", "│  ") };
        draw_rows(child, &format!("{indent}{turn}"), &format!("{indent}{below}"), rows);
    }
}

fn detail_of(node: &TreeNode) -> String {
    let what = match (&node.strategy, &node.intensity) {
        (Some(strategy), Some(intensity)) => {
            let period = Duration::from_millis(intensity.period_ms);
            format!("{strategy}, {} in {period:?}", intensity.max)
        }
        _ => node.kind.clone(),
    };
    if node.restart == "permanent" { what } else { format!("{what}, {}", node.restart) }
}

fn name_of(node: &TreeNode) -> &str {
    node.path.rsplit('/').next().unwrap_or_default()
}

/// The tree for Graphviz: supervisors are boxes, an edge points to a child.
fn dot(tree: &TreeNode) -> String {
    let mut drawn = "digraph hecate {\n  rankdir=LR;\n".to_owned();
    draw_dot(tree, &mut drawn);
    drawn + "}\n"
}

fn draw_dot(node: &TreeNode, drawn: &mut String) {
    let (shape, detail) = match &node.strategy {
        Some(strategy) => ("box", &**strategy),
        None => ("ellipse", node.kind.as_str()),
    };
    // Writing to a string cannot fail.
    let _ = writeln!(
        drawn,
        "  {:?} [shape={shape} label={:?}];",
        node.path,
        format!("{}\n{detail}", name_of(node))
    );
    for child in &node.children {
        let _ = writeln!(drawn, "  {:?} -> {:?};", node.path, child.path);
        draw_dot(child, drawn);
    }
}
