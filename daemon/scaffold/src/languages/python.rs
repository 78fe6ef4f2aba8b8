//! Python: one package per desk, which unittest finds by itself.

use super::{Dialect, Template, day, indent, is_odd, minute, templates, without_empty_brackets};
use crate::blueprint::Department;
use crate::fields::Kind;
use crate::names::{capitalised, escaped, pascal};

pub(super) struct Python;

/// Neither a name nor a folder can be called so.
const KEYWORDS: &[&str] = &[
    "and", "as", "assert", "async", "await", "break", "class", "continue", "def", "del", "elif", "else",
    "except", "finally", "for", "from", "global", "if", "import", "in", "is", "lambda", "nonlocal", "not",
    "or", "pass", "raise", "return", "try", "while", "with", "yield",
];
/// A field of such a name would stand for itself in the types of the fields that follow.
const TYPES: &[&str] = &["str", "int", "float", "bool", "tuple", "object", "kernel"];

/// What black takes for a line.
const LINE_CHARS_MAX: usize = 88;

impl Dialect for Python {
    fn skeleton(&self) -> &'static [Template] {
        templates!("python/skeleton":
            ".gitignore" from "gitignore.txt",
            "README.md" from "README.md.txt",
            "pyproject.toml" from "pyproject.toml.txt",
            "{{division}}_division/__init__.py" from "init.py.txt",
            "{{division}}_division/kernel.py" from "kernel.py.txt",
            "{{division}}_division/test_kernel.py" from "test_kernel.py.txt",
            "{{division}}_division/desks/__init__.py" from "desks.py.txt",
        )
    }

    fn desk(&self, department: Department) -> &'static [Template] {
        match department {
            Department::Cmd => templates!("python/desk":
                "{{division}}_division/desks/{{folder}}/__init__.py" from "init.py.txt",
                "{{division}}_division/desks/{{folder}}/command.py" from "command.py.txt",
                "{{division}}_division/desks/{{folder}}/event.py" from "event.py.txt",
                "{{division}}_division/desks/{{folder}}/handler.py" from "handler.py.txt",
                "{{division}}_division/desks/{{folder}}/test_handler.py" from "test_handler.py.txt",
            ),
            Department::Prj => templates!("python/desk":
                "{{division}}_division/desks/{{folder}}/__init__.py" from "init.py.txt",
                "{{division}}_division/desks/{{folder}}/event.py" from "event.py.txt",
                "{{division}}_division/desks/{{folder}}/projection.py" from "projection.py.txt",
                "{{division}}_division/desks/{{folder}}/test_projection.py" from "test_projection.py.txt",
            ),
            Department::Qry => templates!("python/desk":
                "{{division}}_division/desks/{{folder}}/__init__.py" from "init.py.txt",
                "{{division}}_division/desks/{{folder}}/row.py" from "row.py.txt",
                "{{division}}_division/desks/{{folder}}/query.py" from "query.py.txt",
                "{{division}}_division/desks/{{folder}}/test_query.py" from "test_query.py.txt",
            ),
        }
    }

    fn field(&self, name: &str) -> String {
        escaped(&escaped(name, KEYWORDS), TYPES)
    }

    fn event(&self, name: &str) -> String {
        pascal(name)
    }

    fn reserved_folders(&self) -> &'static [&'static str] {
        KEYWORDS
    }

    fn type_of(&self, kind: Kind) -> &'static str {
        match kind {
            Kind::Text => "str",
            Kind::Integer => "int",
            Kind::Number => "float",
            Kind::Bool => "bool",
            Kind::Timestamp => "kernel.Timestamp",
            Kind::Date => "kernel.Date",
            Kind::Uuid => "kernel.Uuid",
            Kind::List => "tuple[object, ...]",
            Kind::Map => "kernel.Map",
            Kind::Opaque => "kernel.Opaque",
        }
    }

    fn optional(&self, kind: Kind) -> String {
        format!("{} | None", self.type_of(kind))
    }

    fn sample(&self, kind: Kind, number: usize) -> String {
        match kind {
            Kind::Text => format!("\"text {number}\""),
            Kind::Integer => number.to_string(),
            Kind::Number => format!("{number}.5"),
            Kind::Bool => capitalised(&is_odd(number).to_string()),
            Kind::Timestamp => {
                let (hour, minute) = minute(number);
                format!("kernel.Timestamp(2026, 1, 31, {hour}, {minute}, tzinfo=kernel.UTC)")
            }
            Kind::Date => {
                let (month, day) = day(number);
                format!("kernel.Date(2026, {month}, {day})")
            }
            Kind::Uuid => format!("kernel.Uuid(int={number})"),
            Kind::List => format!("(\"item {number}\",)"),
            Kind::Map => format!("{{\"key\": \"value {number}\"}}"),
            Kind::Opaque => format!("\"opaque {number}\""),
        }
    }

    /// Templates put `«…»` around arguments and `‹…›` around a union, with `¦` between the parts: they move to
    /// lines of their own where one line is too short.
    fn formatted(&self, text: String) -> String {
        let text: String = text.lines().map(laid_out).collect();
        without_empty_brackets(&text)
    }
}

fn laid_out(line: &str) -> String {
    let is_union = line.contains('‹');
    let (join, parts) = if is_union { (" | ", ['‹', '›']) } else { (", ", ['«', '»']) };
    let marked: Vec<&str> = line.split(parts).collect();
    let [before, inside, after] = marked[..] else { return format!("{line}\n") };
    let flat = inside.replace('¦', join);
    let indent = indent(before);
    if before.len() + flat.len() + after.len() <= LINE_CHARS_MAX || (is_union && !inside.contains('¦')) {
        return format!("{before}{flat}{after}\n");
    }
    if is_union {
        return format!("{before}(\n    {}\n)\n", inside.replace('¦', "\n    | "));
    }
    if indent.len() + 4 + flat.len() <= LINE_CHARS_MAX {
        return format!("{before}\n{indent}    {flat}\n{indent}{after}\n");
    }
    let lines: String = inside.split('¦').map(|part| format!("{indent}    {part},\n")).collect();
    format!("{before}\n{lines}{indent}{after}\n")
}
