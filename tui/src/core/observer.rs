//! The daemon's supervision tree as a list of rows.

use super::message::Outcome;
use hecate_proto::{
    answer::ErrorAnswer,
    tree::{TreeAnswer, TreeNode},
};
use serde::Deserialize;

/// More rows than this are not kept; the screen says so.
const ROWS_MAX: usize = 20_000;

/// What the observer holds.
#[derive(Clone, Debug, Default)]
pub struct Observer {
    /// The tree, depth first.
    pub rows: Vec<TreeRow>,
    /// When it was read, by the daemon's clock.
    pub at: Option<String>,
    /// Why there is no (new) tree.
    pub trouble: Option<String>,
    /// The row under the cursor.
    pub selected: usize,
    /// Rows beyond the bound.
    pub rows_left_out: usize,
}

/// One actor and how deep it stands.
#[derive(Clone, Debug)]
pub struct TreeRow {
    /// Depth below the root.
    pub depth: usize,
    /// The actor, without its children.
    pub node: TreeNode,
}

impl Observer {
    /// Takes an answer of the tree endpoint in.
    pub fn apply(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Answered { status: 200, body } => match TreeAnswer::deserialize(body) {
                Ok(answer) => self.show(answer),
                Err(error) => self.trouble = Some(format!("the tree cannot be read: {error}")),
            },
            Outcome::Answered { status, body } => {
                self.rows.clear();
                self.at = None;
                self.trouble = Some(refusal(status, ErrorAnswer::deserialize(body).ok()));
            }
            Outcome::Unanswered(reason) => self.trouble = Some(format!("no answer: {reason}")),
        }
    }

    fn show(&mut self, answer: TreeAnswer) {
        self.rows.clear();
        self.rows_left_out = 0;
        self.trouble = None;
        self.at = Some(answer.at);
        self.push(answer.tree, 0);
        self.selected = self.selected.min(self.rows.len().saturating_sub(1));
    }

    fn push(&mut self, mut node: TreeNode, depth: usize) {
        if self.rows.len() >= ROWS_MAX {
            self.rows_left_out += 1;
            return;
        }
        let children = std::mem::take(&mut node.children);
        self.rows.push(TreeRow { depth, node });
        children.into_iter().for_each(|child| self.push(child, depth + 1));
    }

    /// Moves the cursor by `rows`, as far as there are any.
    pub fn step(&mut self, rows: isize) {
        let last = self.rows.len().saturating_sub(1);
        self.selected = self.selected.saturating_add_signed(rows).min(last);
    }
}

fn refusal(status: u16, error: Option<ErrorAnswer>) -> String {
    let says = error.map(|it| it.message).unwrap_or_default();
    match status {
        403 => format!("you may not look into this daemon: it shows its tree to its operators only. {says}"),
        404 => format!("this daemon does not show its tree. {says}"),
        _ => format!("the daemon answered {status}. {says}"),
    }
}
