//! Elixir: one folder per desk, which Mix finds by itself.

use super::{Dialect, Template, day, indent, is_odd, minute, templates, uuid, without_empty_brackets};
use crate::blueprint::Department;
use crate::fields::Kind;
use crate::names::{escaped, pascal};

pub(super) struct Elixir;

/// What the formatter takes for a line.
const LINE_CHARS_MAX: usize = 98;

impl Dialect for Elixir {
    fn skeleton(&self) -> &'static [Template] {
        templates!("elixir/skeleton":
            ".formatter.exs" from "formatter.exs.txt",
            ".gitignore" from "gitignore.txt",
            "README.md" from "README.md.txt",
            "mix.exs" from "mix.exs.txt",
            "lib/kernel/desk.ex" from "desk.ex.txt",
            "lib/kernel/desk_test.exs" from "desk_test.exs.txt",
            "lib/kernel/refusal.ex" from "refusal.ex.txt",
            "lib/test_helper.exs" from "test_helper.exs.txt",
        )
    }

    fn desk(&self, department: Department) -> &'static [Template] {
        match department {
            Department::Cmd => templates!("elixir/desk":
                "lib/desks/{{folder}}/command.ex" from "command.ex.txt",
                "lib/desks/{{folder}}/event.ex" from "event.ex.txt",
                "lib/desks/{{folder}}/handler.ex" from "handler.ex.txt",
                "lib/desks/{{folder}}/handler_test.exs" from "handler_test.exs.txt",
            ),
            Department::Prj => templates!("elixir/desk":
                "lib/desks/{{folder}}/event.ex" from "event.ex.txt",
                "lib/desks/{{folder}}/projection.ex" from "projection.ex.txt",
                "lib/desks/{{folder}}/projection_test.exs" from "projection_test.exs.txt",
            ),
            Department::Qry => templates!("elixir/desk":
                "lib/desks/{{folder}}/row.ex" from "row.ex.txt",
                "lib/desks/{{folder}}/query.ex" from "query.ex.txt",
                "lib/desks/{{folder}}/query_test.exs" from "query_test.exs.txt",
            ),
        }
    }

    /// Every word may be a key; of these three the atom is the value itself.
    fn field(&self, name: &str) -> String {
        escaped(name, &["nil", "true", "false"])
    }

    fn event(&self, name: &str) -> String {
        pascal(name)
    }

    fn type_of(&self, kind: Kind) -> &'static str {
        match kind {
            Kind::Text | Kind::Uuid | Kind::Opaque => "String.t()",
            Kind::Integer => "integer()",
            Kind::Number => "float()",
            Kind::Bool => "boolean()",
            Kind::Timestamp => "DateTime.t()",
            Kind::Date => "Date.t()",
            Kind::List => "list()",
            Kind::Map => "map()",
        }
    }

    fn optional(&self, kind: Kind) -> String {
        format!("{} | nil", self.type_of(kind))
    }

    fn sample(&self, kind: Kind, number: usize) -> String {
        match kind {
            Kind::Text => format!("\"text {number}\""),
            Kind::Integer => number.to_string(),
            Kind::Number => format!("{number}.5"),
            Kind::Bool => is_odd(number).to_string(),
            Kind::Timestamp => {
                let (hour, minute) = minute(number);
                format!("~U[2026-01-31 {hour:02}:{minute:02}:00Z]")
            }
            Kind::Date => {
                let (month, day) = day(number);
                format!("~D[2026-{month:02}-{day:02}]")
            }
            Kind::Uuid => format!("\"{}\"", uuid(number)),
            Kind::List => format!("[\"item {number}\"]"),
            Kind::Map => format!("%{{\"key\" => \"value {number}\"}}"),
            Kind::Opaque => format!("\"opaque {number}\""),
        }
    }

    /// Templates put `«…»` around a union of types, or the clauses of a `with`, with `¦` between the parts.
    fn formatted(&self, text: String) -> String {
        let text: String = text.lines().map(laid_out).collect();
        without_empty_brackets(&text)
    }
}

fn laid_out(line: &str) -> String {
    let marked: Vec<&str> = line.split(['«', '»']).collect();
    let [before, inside, after] = marked[..] else { return broken(line) };
    if !before.ends_with("::") {
        return format!("{before}{}{after}\n", inside.replace('¦', ",\n         "));
    }
    let flat = format!("{before} {}", inside.replace('¦', " | "));
    match flat.len() <= LINE_CHARS_MAX {
        true => flat + "\n",
        false => format!("{before}\n          {}\n", inside.replace('¦', "\n          | ")),
    }
}

/// Breaks a line that is too long behind its key, or before its one-line body.
fn broken(line: &str) -> String {
    let indent = indent(line);
    if line.len() <= LINE_CHARS_MAX {
        return format!("{line}\n");
    }
    if let Some((head, body)) = line.split_once(", do: ") {
        return format!("{head},\n{indent}  do: {body}\n");
    }
    let is_key = |key: &str| key.trim_start().bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    match line.split_once(": ") {
        Some((key, value)) if is_key(key) => format!("{key}:\n{indent}  {value}\n"),
        _ => format!("{line}\n"),
    }
}
