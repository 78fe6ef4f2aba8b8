//! Part of a tree: so many levels of it, and of each node the fields that somebody wants. It is written as it is
//! walked, so that one of ten thousand actors is never gathered.

use hecate_desk::{Refusal, Refused, Rule};
use hecate_proto::tree::TreeNode;
use hecate_supervision::NodeView;
use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};
use std::borrow::Cow;

/// What a node says beside its path and its children.
const NAMES: [&str; 11] = [
    "kind",
    "id",
    "generation",
    "status",
    "restart",
    "strategy",
    "intensity",
    "mailbox",
    "messages",
    "restarts",
    "groups",
];

/// A set of fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fields(u16);

impl Fields {
    /// Every field.
    pub(super) const ALL: Fields = Fields((1 << NAMES.len()) - 1);

    /// Reads names with commas between them.
    pub(super) fn read(list: &str) -> Result<Fields, Refused> {
        let bit = |name: &str| match NAMES.iter().position(|known| *known == name) {
            Some(at) => Ok(1 << at),
            // Always there.
            None if name == "path" || name == "children" => Ok(0),
            None => {
                let hint = format!("Of {}; path and children are always there.", NAMES.join(", "));
                Err(Refusal::rule("fields", Rule::Enum, hint))
            }
        };
        list.split(',').try_fold(0, |set, name| Ok(set | bit(name)?)).map(Fields)
    }

    fn has(self, name: &str) -> bool {
        NAMES.iter().position(|known| *known == name).is_some_and(|at| self.0 & (1 << at) != 0)
    }
}

/// A tree as it is walked: one that is a value already, or the running one.
pub(super) trait Walked {
    /// Of what is below it nothing is looked at.
    fn portrait(&self) -> Cow<'_, TreeNode>;
    fn is_leaf(&self) -> bool;
    fn each_below(&self, look: &mut dyn FnMut(&Self));
}

impl Walked for TreeNode {
    fn portrait(&self) -> Cow<'_, TreeNode> {
        Cow::Borrowed(self)
    }

    fn is_leaf(&self) -> bool {
        self.children.is_empty()
    }

    fn each_below(&self, look: &mut dyn FnMut(&Self)) {
        self.children.iter().for_each(look);
    }
}

impl Walked for NodeView {
    fn portrait(&self) -> Cow<'_, TreeNode> {
        Cow::Owned(self.portrait())
    }

    fn is_leaf(&self) -> bool {
        self.is_leaf()
    }

    fn each_below(&self, look: &mut dyn FnMut(&Self)) {
        self.each_below(look);
    }
}

/// A node with so many levels below it.
pub(super) struct Chosen<'t, T> {
    pub(super) node: &'t T,
    pub(super) fields: Fields,
    pub(super) levels: u64,
}

impl<T: Walked> Serialize for Chosen<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Chosen { node: place, fields, levels } = *self;
        let node = place.portrait();
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("path", &node.path)?;
        let mut say = Say { map: &mut map, fields };
        say.always("kind", &node.kind)?;
        say.if_some("id", &node.id)?;
        say.always("generation", &node.generation)?;
        say.always("status", &node.status)?;
        say.always("restart", &node.restart)?;
        say.if_some("strategy", &node.strategy)?;
        say.if_some("intensity", &node.intensity)?;
        say.if_some("mailbox", &node.mailbox)?;
        say.if_some("messages", &node.messages)?;
        say.if_some("restarts", &Some(&node.restarts).filter(|restarts| !restarts.are_none()))?;
        say.if_some("groups", &Some(&node.groups).filter(|groups| !groups.is_empty()))?;
        if levels > 0 && !place.is_leaf() {
            map.serialize_entry("children", &Below { place, fields, levels: levels - 1 })?;
        }
        map.end()
    }
}

struct Say<'m, M> {
    map: &'m mut M,
    fields: Fields,
}

impl<M: SerializeMap> Say<'_, M> {
    fn always(&mut self, name: &'static str, value: &impl Serialize) -> Result<(), M::Error> {
        if self.fields.has(name) { self.map.serialize_entry(name, value) } else { Ok(()) }
    }

    fn if_some<T: Serialize>(&mut self, name: &'static str, value: &Option<T>) -> Result<(), M::Error> {
        value.as_ref().map_or(Ok(()), |value| self.always(name, value))
    }
}

struct Below<'t, T> {
    place: &'t T,
    fields: Fields,
    levels: u64,
}

impl<T: Walked> Serialize for Below<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Below { place, fields, levels } = *self;
        let (mut seq, mut said) = (serializer.serialize_seq(None)?, Ok(()));
        place.each_below(&mut |node| {
            if said.is_ok() {
                said = seq.serialize_element(&Chosen { node, fields, levels });
            }
        });
        said?;
        seq.end()
    }
}

#[cfg(test)]
mod tests {
    use super::super::tree::tests::node;
    use super::*;
    use hecate_proto::tree::{Intensity, Mailbox, Messages, Restarts};
    use serde_json::{Value, json};

    fn full() -> TreeNode {
        TreeNode {
            id: Some("0.1".into()),
            strategy: Some("one_for_one".into()),
            intensity: Some(Intensity { used: 0, max: 1, period_ms: 5 }),
            mailbox: Some(Mailbox { depth: 0, capacity: 1, high_water: 1, on_full: "wait".into() }),
            messages: Some(Messages { handled: 1, dropped: 0, busy_ns: 1, last: None }),
            restarts: Restarts { total: 1, last: None },
            groups: vec!["g".into()],
            ..node("/h", vec![node("/h/a", vec![node("/h/a/x", vec![])])])
        }
    }

    fn said(fields: Fields, levels: u64) -> Value {
        serde_json::to_value(Chosen { node: &full(), fields, levels }).unwrap()
    }

    #[test]
    fn all_of_a_tree_is_what_the_tree_itself_says() {
        assert_eq!(said(Fields::ALL, 64), serde_json::to_value(full()).unwrap());
        assert_eq!(said(Fields::ALL, 64).as_object().unwrap().len(), NAMES.len() + 2);
    }

    #[test]
    fn levels_count_below_the_node() {
        let kind = Fields::read("path,kind").unwrap();
        let below = json!({"path": "/h/a", "kind": "supervisor"});
        assert_eq!(said(kind, 0), json!({"path": "/h", "kind": "supervisor"}));
        assert_eq!(said(kind, 1), json!({"path": "/h", "kind": "supervisor", "children": [below]}));
    }

    #[test]
    fn a_field_that_nobody_knows_is_refused() {
        for list in ["kind,colour", "", "kind,", "Kind"] {
            assert_eq!(Fields::read(list).unwrap_err().details["rule"], "enum", "{list}");
        }
    }
}
