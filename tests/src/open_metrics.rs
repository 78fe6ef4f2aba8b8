//! OpenMetrics 1.0, read as strictly as its standard writes it: whatever a scraper would stumble over is a panic.

use std::collections::{BTreeMap, BTreeSet};

/// The families of a text by name, each with its type.
///
/// # Panics
/// Where the text is not OpenMetrics.
pub fn read(text: &str) -> BTreeMap<String, String> {
    let body = text.strip_suffix("# EOF\n").expect("the last line is `# EOF`");
    let (mut families, mut samples, mut current) = (BTreeMap::new(), BTreeSet::new(), String::new());
    for line in body.lines() {
        assert!(!line.is_empty() && line.trim() == line, "{line:?}");
        match line.strip_prefix("# ") {
            Some(said) => {
                let [what, name, rest] = said.splitn(3, ' ').collect::<Vec<_>>()[..] else {
                    panic!("{line}")
                };
                match what {
                    "TYPE" => {
                        let before = families.insert(name.to_owned(), rest.to_owned());
                        assert_eq!(before, None, "{name} has one type, and its lines stand together");
                        name.clone_into(&mut current);
                    }
                    "UNIT" => assert!(name.ends_with(&format!("_{rest}")), "{line}"),
                    "HELP" => {}
                    _ => panic!("{line}"),
                }
                // HELP may come before TYPE, but never for another family in between.
                assert!(current == name || !families.contains_key(name), "{line}");
            }
            None => {
                let series = sample(line, &current, &families);
                assert!(samples.insert(series), "{line} is there twice");
            }
        }
    }
    check_buckets(body);
    families
}

/// Checks one sample, answers its name and labels.
fn sample(line: &str, family: &str, families: &BTreeMap<String, String>) -> String {
    let (series, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("{line}"));
    assert!(value.parse::<f64>().is_ok(), "{line}");
    let name = series.split('{').next().unwrap_or_default();
    let suffix = name.strip_prefix(family).unwrap_or_else(|| panic!("{line} is not of {family}"));
    let fits: &[&str] = match families.get(family).map(String::as_str) {
        Some("counter") => &["_total", "_created"],
        Some("gauge") => &[""],
        Some("histogram") => &["_bucket", "_count", "_sum", "_created"],
        kind => panic!("{family} has the type {kind:?}"),
    };
    assert!(fits.contains(&suffix), "{line}");
    if let Some(labels) = series.strip_prefix(name).filter(|labels| !labels.is_empty()) {
        check_labels(labels, line);
    }
    series.to_owned()
}

fn check_labels(labels: &str, line: &str) {
    let inside = labels.strip_prefix('{').and_then(|labels| labels.strip_suffix('}'));
    let mut rest = inside.unwrap_or_else(|| panic!("{line}"));
    let mut names = BTreeSet::new();
    while !rest.is_empty() {
        let (name, after) = rest.split_once("=\"").unwrap_or_else(|| panic!("{line}"));
        assert!(name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{line}");
        assert!(names.insert(name.to_owned()), "{line} says {name} twice");
        let mut escaped = false;
        let end = after.find(|c| {
            let ends = c == '"' && !escaped;
            escaped = c == '\\' && !escaped;
            ends
        });
        rest = &after[end.unwrap_or_else(|| panic!("{line}")) + 1..];
        rest = rest.strip_prefix(',').unwrap_or(rest);
    }
}

/// Buckets never fall, and the last one holds everything.
fn check_buckets(body: &str) {
    let mut last: BTreeMap<String, (f64, f64)> = BTreeMap::new();
    for line in body.lines().filter(|line| !line.starts_with('#') && line.contains("_bucket{")) {
        let (series, count) = line.rsplit_once(' ').unwrap_or_default();
        let (before, le) = series.split_once("le=\"").unwrap_or_else(|| panic!("{line} has no bound"));
        let (bound, after) = le.split_once('"').unwrap_or_default();
        let bound = if bound == "+Inf" { f64::INFINITY } else { bound.parse().unwrap() };
        let count: f64 = count.parse().unwrap();
        if let Some((below, held)) = last.insert(format!("{before}{after}"), (bound, count)) {
            assert!(below < bound && held <= count || below.is_infinite(), "{line}");
        }
    }
    assert!(last.values().all(|(bound, _)| bound.is_infinite()), "a histogram ends with +Inf");
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "# HELP a_seconds Time.\n# TYPE a_seconds histogram\n# UNIT a_seconds seconds\n\
        a_seconds_bucket{kind=\"x\",le=\"0.1\"} 1\na_seconds_bucket{kind=\"x\",le=\"+Inf\"} 2\n\
        a_seconds_count{kind=\"x\"} 2\na_seconds_sum{kind=\"x\"} 1.5\n# TYPE b counter\nb_total 3\n# EOF\n";

    #[test]
    fn what_is_right_is_read() {
        let families = read(GOOD);
        assert_eq!((families["a_seconds"].as_str(), families["b"].as_str()), ("histogram", "counter"));
    }

    #[test]
    fn what_a_scraper_would_stumble_over_is_found() {
        for (good, bad) in [
            ("# EOF\n", ""),
            ("b_total 3", "b 3"),
            ("b_total 3", "b_total 3\nb_total 3"),
            ("le=\"+Inf\"", "le=\"9\""),
            ("} 1\n", "} 3\n"),
            ("kind=\"x\"} 2", "kind=\"x} 2"),
            ("b_total 3", "b_total three"),
        ] {
            let broken = GOOD.replace(good, bad);
            assert!(std::panic::catch_unwind(|| read(&broken)).is_err(), "{broken}");
        }
    }
}
