//! Figures and how they are printed.

use std::time::Duration;

/// What a loop did.
pub(crate) struct Rate {
    pub(crate) took: Duration,
    pub(crate) each: Vec<Duration>,
}

/// Lines under one another, printed at the end so that nothing stands between them.
#[derive(Default)]
pub(crate) struct Table {
    lines: Vec<(String, String)>,
}

impl Table {
    pub(crate) fn line(&mut self, name: &str, value: &str) {
        eprintln!("{name}: {value}");
        self.lines.push((name.to_owned(), value.to_owned()));
    }

    pub(crate) fn durations(&mut self, name: &str, mut each: Vec<Duration>) {
        each.sort_unstable();
        let value = match each.as_slice() {
            [] => "not known".to_owned(),
            _ => format!("p50 {}   p99 {}   (n {})", ms(at(&each, 50)), ms(at(&each, 99)), each.len()),
        };
        self.line(name, &value);
    }

    pub(crate) fn rate(&mut self, name: &str, rate: &Rate) {
        let mut each = rate.each.clone();
        each.sort_unstable();
        let per_second = each.len() as f64 / rate.took.as_secs_f64();
        let value = format!("{per_second:>8.0}/s   p50 {}   p99 {}", ms(at(&each, 50)), ms(at(&each, 99)));
        self.line(name, &value);
    }

    pub(crate) fn print(&self) {
        let width = self.lines.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
        println!();
        for (name, value) in &self.lines {
            println!("{name:width$}  {value}");
        }
    }
}

fn at(sorted: &[Duration], percent: usize) -> Duration {
    sorted.get(sorted.len() * percent / 100).or(sorted.last()).copied().unwrap_or_default()
}

fn ms(duration: Duration) -> String {
    format!("{:.3} ms", duration.as_secs_f64() * 1_000.0)
}
