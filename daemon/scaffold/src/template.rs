//! Fills a template in: the part of Mustache that templates of code need.
//!
//! `{{name}}` puts a text in; what stands between `{{#name}}` and `{{/name}}` is repeated for each item of a list,
//! or kept where a flag is up or a text is not empty, and `{{^name}}` is its opposite. A tag that opens or closes
//! and has a line to itself leaves no line behind. Items know whether they are
//! the `first` and the `last`.

use std::collections::BTreeMap;

/// What a name stands for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Text(String),
    Flag(bool),
    List(Vec<Context>),
}

/// What the names of a template stand for.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Context(BTreeMap<&'static str, Value>);

/// The contexts around a place in a template, the innermost last.
type Scope<'a> = Vec<&'a Context>;

impl Context {
    pub(crate) fn text(mut self, name: &'static str, text: impl Into<String>) -> Context {
        self.0.insert(name, Value::Text(text.into()));
        self
    }

    pub(crate) fn flag(mut self, name: &'static str, flag: bool) -> Context {
        self.0.insert(name, Value::Flag(flag));
        self
    }

    pub(crate) fn list(mut self, name: &'static str, items: impl IntoIterator<Item = Context>) -> Context {
        let mut items: Vec<Context> = items.into_iter().collect();
        let count = items.len();
        for (at, item) in items.iter_mut().enumerate() {
            item.0.insert("first", Value::Flag(at == 0));
            item.0.insert("last", Value::Flag(at + 1 == count));
        }
        self.0.insert(name, Value::List(items));
        self
    }

    /// A text that was put in.
    pub(crate) fn get_text(&self, name: &str) -> String {
        match self.0.get(name) {
            Some(Value::Text(text)) => text.clone(),
            _ => String::new(),
        }
    }

    /// True where a flag was put in and is up.
    pub(crate) fn is_up(&self, name: &str) -> bool {
        self.0.get(name) == Some(&Value::Flag(true))
    }

    /// A list whose items are texts: `{{line}}` in the template.
    pub(crate) fn lines(self, name: &'static str, lines: Vec<String>) -> Context {
        self.list(name, lines.into_iter().map(|line| Context::default().text("line", line)))
    }
}

/// The template with everything filled in. A name that nobody gave is a slip in the template itself, which the
/// tests find: they render all there are.
pub(crate) fn render(template: &str, context: &Context) -> String {
    let mut out = String::with_capacity(template.len() * 2);
    fill(template, &mut vec![context], &mut out);
    out
}

fn fill<'a>(template: &'a str, scope: &mut Scope<'a>, out: &mut String) {
    let mut rest = template;
    while let Some((before, tag, after)) = next_tag(rest) {
        let Some(sign) = tag.chars().next().filter(|sign| "#^".contains(*sign)) else {
            out.push_str(before);
            out.push_str(text(scope, tag));
            rest = after;
            continue;
        };
        let name = &tag[1..];
        let begins_line = out.is_empty() || out.ends_with('\n');
        let (before, inside) = without_own_line(begins_line, before, after);
        out.push_str(before);
        let (body, after) = body(name, inside);
        repeat(sign, name, body, scope, out);
        rest = after;
    }
    out.push_str(rest);
}

/// What a section holds, as often as it is wanted.
fn repeat<'a>(sign: char, name: &str, body: &'a str, scope: &mut Scope<'a>, out: &mut String) {
    let value = value(scope, name);
    let is_there = match value {
        Value::Text(text) => !text.is_empty(),
        Value::Flag(flag) => *flag,
        Value::List(items) => !items.is_empty(),
    };
    match value {
        _ if (sign == '^') == is_there => {}
        Value::List(items) if sign == '#' => {
            for item in items {
                scope.push(item);
                fill(body, scope, out);
                scope.pop();
            }
        }
        _ => fill(body, scope, out),
    }
}

fn value<'a>(scope: &Scope<'a>, name: &str) -> &'a Value {
    let found = scope.iter().rev().find_map(|context| context.0.get(name));
    found.unwrap_or_else(|| panic!("a template asks for `{name}`, which nobody gave"))
}

fn text<'a>(scope: &Scope<'a>, name: &str) -> &'a str {
    match value(scope, name) {
        Value::Text(text) => text,
        other => panic!("a template wants `{name}` as text: {other:?}"),
    }
}

/// Of three braces the first is text: tuples begin so.
fn next_tag(template: &str) -> Option<(&str, &str, &str)> {
    let braces = template.find("{{")?;
    let more = template[braces + 2..].bytes().take_while(|b| *b == b'{').count();
    let (before, rest) = template.split_at(braces + more);
    let (tag, after) = rest[2..].split_once("}}")?;
    Some((before, tag, after))
}

/// What stands in the section of that name, and what follows it. Sections of one name are not nested.
fn body<'a>(name: &str, inside: &'a str) -> (&'a str, &'a str) {
    let end = format!("{{{{/{name}}}}}");
    let ended = inside.split_once(end.as_str());
    let (body, after) = ended.unwrap_or_else(|| panic!("a template never ends its section `{name}`"));
    without_own_line(true, body, after)
}

/// Takes away the line on which nothing but a tag stands.
fn without_own_line<'a>(begins_line: bool, before: &'a str, after: &'a str) -> (&'a str, &'a str) {
    let indent = before.len() - before.trim_end_matches([' ', '\t']).len();
    let line = &before[..before.len() - indent];
    match after.strip_prefix('\n') {
        Some(after) if line.ends_with('\n') || (line.is_empty() && begins_line) => (line, after),
        _ => (before, after),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context() -> Context {
        let item = |name: &str| Context::default().text("name", name).flag("big", name.len() > 1);
        let context = Context::default().text("name", "outer").text("none", "").flag("up", true);
        context.list("items", [item("a"), item("bc")]).list("nothing", [])
    }

    #[test]
    fn texts_come_from_the_innermost_context() {
        assert_eq!(render("{{name}}:{{#items}}{{name}}{{/items}}", &context()), "outer:abc");
    }

    #[test]
    fn sections_ask_flags_texts_and_lists() {
        for (template, expected) in [
            ("{{#up}}x{{/up}}{{^up}}y{{/up}}", "x"),
            ("{{#none}}x{{/none}}{{^none}}y{{/none}}", "y"),
            ("{{#nothing}}x{{/nothing}}{{^nothing}}y{{/nothing}}", "y"),
            ("{{{name}}, {{{name}}}", "{outer, {outer}"),
            ("{{#items}}{{name}}{{#big}}!{{/big}}{{^last}}, {{/last}}{{/items}}", "a, bc!"),
        ] {
            assert_eq!(render(template, &context()), expected, "{template}");
        }
    }

    #[test]
    fn a_tag_on_its_own_line_leaves_no_line_behind() {
        let template = "[\n    {{#items}}\n    {{name}}\n    {{/items}}\n]\n";
        assert_eq!(render(template, &context()), "[\n    a\n    bc\n]\n");
        assert_eq!(render("{{name}}{{#up}}\nx{{/up}}\n", &context()), "outer\nx\n");
    }

    #[test]
    #[should_panic(expected = "asks for `nobody`")]
    fn a_name_that_nobody_gave_is_a_slip_in_the_template() {
        render("{{nobody}}", &context());
    }
}
