//! Erlang: one folder per desk, which the Emakefile finds by itself. Modules share one space of names, so each
//! begins with its division and its desk.

use super::{Dialect, Template, day, indent, is_odd, minute, templates, uuid, without_empty_brackets};
use crate::blueprint::Department;
use crate::fields::Kind;

pub(super) struct Erlang;

/// As atoms they need quotes.
const KEYWORDS: &[&str] = &[
    "after", "and", "andalso", "band", "begin", "bnot", "bor", "bsl", "bsr", "bxor", "case", "catch", "cond",
    "div", "else", "end", "fun", "if", "let", "maybe", "not", "of", "or", "orelse", "receive", "rem", "try",
    "when", "xor",
];

/// What erlfmt takes for a line.
const LINE_CHARS_MAX: usize = 100;

impl Dialect for Erlang {
    fn skeleton(&self) -> &'static [Template] {
        templates!("erlang/skeleton":
            "Emakefile" from "Emakefile.txt",
            "Makefile" from "Makefile.txt",
            "README.md" from "README.md.txt",
            "ebin/.gitignore" from "gitignore.txt",
            "kernel/{{division}}_desk.erl" from "desk.erl.txt",
            "kernel/{{division}}_desk_tests.erl" from "desk_tests.erl.txt",
        )
    }

    fn desk(&self, department: Department) -> &'static [Template] {
        match department {
            Department::Cmd => templates!("erlang/desk":
                "desks/{{folder}}/{{division}}_{{folder}}_command.erl" from "command.erl.txt",
                "desks/{{folder}}/{{division}}_{{folder}}_event.erl" from "event.erl.txt",
                "desks/{{folder}}/{{division}}_{{folder}}_handler.erl" from "handler.erl.txt",
                "desks/{{folder}}/{{division}}_{{folder}}_handler_tests.erl" from "handler_tests.erl.txt",
            ),
            Department::Prj => templates!("erlang/desk":
                "desks/{{folder}}/{{division}}_{{folder}}_event.erl" from "event.erl.txt",
                "desks/{{folder}}/{{division}}_{{folder}}_projection.erl" from "projection.erl.txt",
                "desks/{{folder}}/{{division}}_{{folder}}_projection_tests.erl" from "projection_tests.erl.txt",
            ),
            Department::Qry => templates!("erlang/desk":
                "desks/{{folder}}/{{division}}_{{folder}}_row.erl" from "row.erl.txt",
                "desks/{{folder}}/{{division}}_{{folder}}_query.erl" from "query.erl.txt",
                "desks/{{folder}}/{{division}}_{{folder}}_query_tests.erl" from "query_tests.erl.txt",
            ),
        }
    }

    fn field(&self, name: &str) -> String {
        if KEYWORDS.contains(&name) { format!("'{name}'") } else { name.to_owned() }
    }

    fn event(&self, name: &str) -> String {
        name.to_owned()
    }

    fn type_of(&self, kind: Kind) -> &'static str {
        match kind {
            Kind::Text | Kind::Uuid | Kind::Opaque => "binary()",
            Kind::Integer => "integer()",
            Kind::Number => "float()",
            Kind::Bool => "boolean()",
            Kind::Timestamp => "calendar:datetime()",
            Kind::Date => "calendar:date()",
            Kind::List => "list()",
            Kind::Map => "map()",
        }
    }

    /// What may be missing is simply not there.
    fn optional(&self, kind: Kind) -> String {
        self.type_of(kind).to_owned()
    }

    fn sample(&self, kind: Kind, number: usize) -> String {
        match kind {
            Kind::Text => format!("<<\"text {number}\">>"),
            Kind::Integer => number.to_string(),
            Kind::Number => format!("{number}.5"),
            Kind::Bool => is_odd(number).to_string(),
            Kind::Timestamp => {
                let (hour, minute) = minute(number);
                format!("{{{{2026, 1, 31}}, {{{hour}, {minute}, 0}}}}")
            }
            Kind::Date => {
                let (month, day) = day(number);
                format!("{{2026, {month}, {day}}}")
            }
            Kind::Uuid => format!("<<\"{}\">>", uuid(number)),
            Kind::List => format!("[<<\"item {number}\">>]"),
            Kind::Map => format!("#{{<<\"key\">> => <<\"value {number}\">>}}"),
            Kind::Opaque => format!("<<\"opaque {number}\">>"),
        }
    }

    /// Templates put `«…»` around the items of a list, with `¦` between them.
    fn formatted(&self, text: String) -> String {
        let lines: String = text.lines().map(laid_out).collect();
        without_empty_brackets(&lines)
    }
}

fn laid_out(line: &str) -> String {
    let marked: Vec<&str> = line.split(['«', '»']).collect();
    let [before, inside, after] = marked[..] else { return format!("{line}\n") };
    let flat = format!("{before}{}{after}\n", inside.replace('¦', ", "));
    if flat.len() <= LINE_CHARS_MAX {
        return flat;
    }
    let indent = indent(before);
    format!("{before}\n{indent}    {}\n{indent}{after}\n", inside.replace('¦', &format!(",\n{indent}    ")))
}
