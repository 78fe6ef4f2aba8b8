//! `GET /metrics`: the figures of the actor layer as OpenMetrics. Labels are kinds of actors and paths of
//! supervisors, so that their number is bounded however many actors there are.

use super::super::{answer::Answer, connection::Asking, edge::Edge};
use super::look::look;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use hecate_desk::Refusal;
use hecate_supervision::{Histogram, KindStats, Stats, SupervisorStats};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, MetricEncoder, text::encode};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::{Registry, Unit};
use std::fmt::{Error, Result};
use std::sync::Arc;

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
/// Of samples that stand alone, and of exemplars, which there are none of.
type NoLabels = [(&'static str, &'static str); 0];

/// All figures at this moment.
pub(super) async fn show(edge: Arc<Edge>, asking: Asking, request: Request) -> Answer {
    look(&edge, &asking, &request, &[])?;
    let (stats, pg_deliveries) = (edge.tree()?.stats(), edge.parts.groups.delivered());
    let text = print(Figures { stats, pg_deliveries }).map_err(|_| Refusal::INTERNAL)?;
    let mut response = Response::new(Body::from(text));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(OPEN_METRICS));
    Ok(response)
}

fn print(figures: Figures) -> std::result::Result<String, Error> {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(figures));
    let mut text = String::new();
    encode(&mut text, &registry)?;
    Ok(text)
}

#[derive(Debug)]
struct Figures {
    stats: Stats,
    pg_deliveries: u64,
}

impl Collector for Figures {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result {
        self.actors(&mut encoder)?;
        self.times(&mut encoder)?;
        self.supervisors(&mut encoder)
    }
}

impl Figures {
    fn actors(&self, encoder: &mut DescriptorEncoder<'_>) -> Result {
        let kinds = &self.stats.kinds;
        let mut alive = gauge(encoder, "hecate_actor_alive", "Actors that run")?;
        kinds.iter().try_for_each(|kind| set(&mut alive, &[("kind", &kind.kind)], kind.alive))?;
        let mut depth =
            gauge(encoder, "hecate_actor_mailbox_depth", "Messages in the fullest mailbox of a kind")?;
        kinds.iter().try_for_each(|kind| set(&mut depth, &[("kind", &kind.kind)], kind.mailbox_depth_max))?;
        let mut messages = counter(encoder, "hecate_actor_messages", "Messages handled and sent")?;
        for KindStats { kind, messages_in, messages_out, .. } in kinds {
            add(&mut messages, &[("kind", kind), ("dir", "in")], *messages_in)?;
            add(&mut messages, &[("kind", kind), ("dir", "out")], *messages_out)?;
        }
        let mut dropped =
            counter(encoder, "hecate_actor_dropped", "Messages that never reached their actor")?;
        for KindStats { kind, dropped: lost, .. } in kinds {
            for (why, count) in [("full", lost.full), ("shed", lost.shed), ("undelivered", lost.undelivered)]
            {
                add(&mut dropped, &[("kind", kind), ("why", why)], count)?;
            }
        }
        let mut restarts =
            counter(encoder, "hecate_actor_restarts", "Restarts, by how the one before ended")?;
        for KindStats { kind, restarts: ends, .. } in kinds {
            for (reason, count) in ends {
                add(&mut restarts, &[("kind", kind), ("reason", reason.as_str())], *count)?;
            }
        }
        Ok(())
    }

    fn times(&self, encoder: &mut DescriptorEncoder<'_>) -> Result {
        let mut handle = seconds(encoder, "hecate_actor_handle", "Time in the handler")?;
        self.stats.kinds.iter().try_for_each(|kind| observe(&mut handle, &kind.kind, &kind.handle))?;
        let mut queue = seconds(encoder, "hecate_actor_queue", "Time in the mailbox")?;
        self.stats.kinds.iter().try_for_each(|kind| observe(&mut queue, &kind.kind, &kind.queue))
    }

    fn supervisors(&self, encoder: &mut DescriptorEncoder<'_>) -> Result {
        let says = "Restarts in the window of a supervisor, as a share of those that it forgives";
        let mut intensity = gauge(encoder, "hecate_supervisor_intensity_ratio", says)?;
        for supervisor in &self.stats.supervisors {
            let labels = [("path", supervisor.path.as_str())];
            intensity.encode_family(&labels)?.encode_gauge(&ratio(supervisor))?;
        }
        let mut give_ups = counter(encoder, "hecate_supervisor_give_up", "How often a supervisor gave up")?;
        give_ups.encode_counter::<NoLabels, _, u64>(&self.stats.give_ups, None)?;
        let mut deliveries = counter(encoder, "hecate_pg_deliveries", "Facts put into mailboxes of groups")?;
        deliveries.encode_counter::<NoLabels, _, u64>(&self.pg_deliveries, None)?;
        let mut suspects = gauge(encoder, "hecate_deadlock_suspects", "Actors that may never answer")?;
        suspects.encode_gauge(&bounded(self.stats.deadlock_suspects))
    }
}

/// One that forgives nothing is at its end with the first restart.
fn ratio(supervisor: &SupervisorStats) -> f64 {
    f64::from(supervisor.restarts_used) / f64::from(supervisor.restarts_max.max(1))
}

fn gauge<'e>(
    encoder: &'e mut DescriptorEncoder<'_>,
    name: &'e str,
    says: &str,
) -> std::result::Result<MetricEncoder<'e>, Error> {
    encoder.encode_descriptor(name, says, None, MetricType::Gauge)
}

fn counter<'e>(
    encoder: &'e mut DescriptorEncoder<'_>,
    name: &'e str,
    says: &str,
) -> std::result::Result<MetricEncoder<'e>, Error> {
    encoder.encode_descriptor(name, says, None, MetricType::Counter)
}

fn seconds<'e>(
    encoder: &'e mut DescriptorEncoder<'_>,
    name: &'e str,
    says: &str,
) -> std::result::Result<MetricEncoder<'e>, Error> {
    encoder.encode_descriptor(name, says, Some(&Unit::Seconds), MetricType::Histogram)
}

fn set(metric: &mut MetricEncoder<'_>, labels: &[(&str, &str)], value: u64) -> Result {
    metric.encode_family(&labels)?.encode_gauge(&bounded(value))
}

fn add(metric: &mut MetricEncoder<'_>, labels: &[(&str, &str)], value: u64) -> Result {
    metric.encode_family(&labels)?.encode_counter::<NoLabels, _, u64>(&value, None)
}

fn observe(metric: &mut MetricEncoder<'_>, kind: &str, histogram: &Histogram) -> Result {
    let Histogram { buckets, count, sum_ns } = histogram;
    let (mut below, mut own) = (0, Vec::with_capacity(buckets.len() + 1));
    // The encoder adds up by itself.
    for (at_most_ns, up_to) in buckets {
        own.push((in_seconds(*at_most_ns), up_to.saturating_sub(below)));
        below = *up_to;
    }
    own.push((f64::INFINITY, count.saturating_sub(below)));
    let labels = [("kind", kind)];
    let mut family = metric.encode_family(&labels)?;
    family.encode_histogram::<NoLabels>(in_seconds(*sum_ns), *count, &own, None)
}

fn bounded(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

fn in_seconds(ns: u64) -> f64 {
    ns as f64 / 1e9
}

#[cfg(test)]
mod tests {
    use super::*;
    use hecate_proto::debug::{Dropped, ReasonClass};

    fn stats() -> Stats {
        let histogram = Histogram { buckets: vec![(1_000, 2), (2_000, 3)], count: 5, sum_ns: 9_000 };
        let kind = KindStats {
            kind: "a \"kind\"".to_owned(),
            alive: 2,
            mailbox_depth_max: 7,
            messages_in: 5,
            messages_out: 1,
            dropped: Dropped { full: 1, shed: 2, undelivered: 3 },
            handle: histogram.clone(),
            queue: histogram,
            restarts: vec![(ReasonClass::Panic, 4)],
        };
        let supervisor = SupervisorStats { path: "/h".to_owned(), restarts_used: 1, restarts_max: 4 };
        let patient = SupervisorStats { path: "/h/k".to_owned(), restarts_used: 0, restarts_max: 0 };
        Stats { kinds: vec![kind], supervisors: vec![supervisor, patient], give_ups: 1, deadlock_suspects: 0 }
    }

    #[test]
    fn every_figure_has_its_name_its_labels_and_its_unit() {
        let text = print(Figures { stats: stats(), pg_deliveries: 6 }).unwrap();
        let kind = r#"kind="a \"kind\"""#;
        for line in [
            "# TYPE hecate_actor_alive gauge".to_owned(),
            format!("hecate_actor_alive{{{kind}}} 2"),
            format!("hecate_actor_mailbox_depth{{{kind}}} 7"),
            format!("hecate_actor_messages_total{{{kind},dir=\"in\"}} 5"),
            format!("hecate_actor_dropped_total{{{kind},why=\"undelivered\"}} 3"),
            format!("hecate_actor_restarts_total{{{kind},reason=\"panic\"}} 4"),
            "# UNIT hecate_actor_handle_seconds seconds".to_owned(),
            format!("hecate_actor_queue_seconds_count{{{kind}}} 5"),
            "hecate_supervisor_intensity_ratio{path=\"/h\"} 0.25".to_owned(),
            "hecate_supervisor_give_up_total 1".to_owned(),
            "hecate_pg_deliveries_total 6".to_owned(),
            "hecate_deadlock_suspects 0".to_owned(),
        ] {
            assert!(text.lines().any(|had| had == line), "{line} is missing in\n{text}");
        }
        assert!(text.ends_with("# EOF\n"), "{text}");
    }

    #[test]
    fn buckets_add_up_to_the_count() {
        let text = print(Figures { stats: stats(), pg_deliveries: 6 }).unwrap();
        let buckets: Vec<_> = text
            .lines()
            .filter(|line| line.starts_with("hecate_actor_handle_seconds_bucket"))
            .filter_map(|line| line.rsplit_once(' '))
            .map(|(_, count)| count)
            .collect();
        assert_eq!(buckets, ["2", "3", "5"]);
        assert!(text.contains(r#"le="+Inf""#), "{text}");
    }
}
