//! Series that become one: a zone's, or all of a metric.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use connectrpc_axum::ConnectError;
use proto::common::v1::{Target, TargetKind};
use proto::ops::v1::TelemetrySeries;
use proto::sim::v1::Topology;
use store::metrics::{Point, Series};

use super::ask::Ask;
use super::units;
use crate::error;

/// Most points in an answer, all series together; about 4 MB on the wire.
const MAX_ANSWER: usize = 100_000;

/// Which series become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Grouping {
    /// Each stays.
    Target,
    /// Those of a zone's nodes.
    Zone,
    /// All of a metric.
    Metric,
}

/// How they become one, step by step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Across {
    Avg,
    Min,
    Max,
    Sum,
}

/// One step of a group.
#[derive(Debug, Clone, Copy)]
struct Pooled {
    sum: f64,
    least: f64,
    most: f64,
    series: u32,
}

type Steps = BTreeMap<DateTime<Utc>, Pooled>;

/// The zone of each node.
pub(super) fn zones(topology: Option<&Topology>) -> HashMap<&str, &str> {
    let nodes = topology.into_iter().flat_map(|topology| &topology.nodes);
    nodes.map(|node| (node.id.as_str(), node.zone_id.as_str())).collect()
}

/// The answer's series.
pub(super) fn series(
    ask: &Ask,
    rows: Vec<Series>,
    zones: &HashMap<&str, &str>,
) -> Result<Vec<TelemetrySeries>, ConnectError> {
    let series = match ask.grouping {
        Grouping::Target => in_order(ask, rows),
        Grouping::Zone => pooled(ask, &rows, |series| Some(zone_of(series, zones))),
        Grouping::Metric => pooled(ask, &rows, |_| None),
    };
    let points: usize = series.iter().map(|series| series.values.len()).sum();
    if points > MAX_ANSWER {
        return Err(error::invalid(format!(
            "The answer has {points} points, at most {MAX_ANSWER} fit. Take a wider step_s, a shorter time or fewer targets, or group them."
        )));
    }
    Ok(series)
}

/// A series for each metric and target of the request, in its order, or for whatever there is.
fn in_order(ask: &Ask, rows: Vec<Series>) -> Vec<TelemetrySeries> {
    let mut found: BTreeMap<(&str, i32, String), Vec<Point>> = BTreeMap::new();
    for series in rows {
        let target = target_of(&series);
        if let Some(metric) = ask.metrics.iter().find(|metric| **metric == series.metric) {
            found.insert((metric, target.kind, target.id), series.points);
        }
    }
    let mut series = Vec::new();
    for metric in &ask.metrics {
        if ask.targets.is_empty() {
            let of_metric = found.iter().filter(|((name, _, _), _)| *name == metric.as_str());
            series.extend(of_metric.map(|((_, kind, id), points)| {
                wire(ask, metric, Some(Target { kind: *kind, id: id.clone() }), points)
            }));
        } else {
            series.extend(ask.targets.iter().map(|target| {
                let points = found.get(&(metric.as_str(), target.kind, target.id.clone()));
                wire(ask, metric, Some(target.clone()), points.map_or(&[], Vec::as_slice))
            }));
        }
    }
    series
}

/// A series for each metric and group, in order of the groups' ids. The series of a group are taken in their order, so that
/// the same query gives the same bits.
fn pooled(ask: &Ask, rows: &[Series], group: impl Fn(&Series) -> Option<Target>) -> Vec<TelemetrySeries> {
    let mut answer = Vec::new();
    for metric in &ask.metrics {
        let mut groups = BTreeMap::<Option<String>, (Option<Target>, Steps)>::new();
        for series in rows.iter().filter(|series| series.metric == *metric) {
            let target = group(series);
            let key = target.as_ref().map(|target| target.id.clone());
            let (_, steps) = groups.entry(key).or_insert_with(|| (target, BTreeMap::new()));
            for point in &series.points {
                steps
                    .entry(point.time)
                    .and_modify(|pooled| pooled.add(point.value))
                    .or_insert_with(|| Pooled::new(point.value));
            }
        }
        for (target, steps) in groups.into_values() {
            let points: Vec<Point> = steps
                .into_iter()
                .map(|(time, pooled)| Point { time, value: pooled.value(ask.across) })
                .collect();
            answer.push(wire(ask, metric, target, &points));
        }
    }
    answer
}

impl Pooled {
    fn new(value: f64) -> Self {
        Self { sum: value, least: value, most: value, series: 1 }
    }

    fn add(&mut self, value: f64) {
        self.sum += value;
        self.least = self.least.min(value);
        self.most = self.most.max(value);
        self.series += 1;
    }

    fn value(self, across: Across) -> f64 {
        match across {
            Across::Avg => self.sum / f64::from(self.series),
            Across::Min => self.least,
            Across::Max => self.most,
            Across::Sum => self.sum,
        }
    }
}

fn target_of(series: &Series) -> Target {
    if series.node_id.is_empty() {
        Target { kind: TargetKind::Service.into(), id: series.service_id.clone() }
    } else {
        Target { kind: TargetKind::Node.into(), id: series.node_id.clone() }
    }
}

/// Its id is empty for a node that is not in the topology.
fn zone_of(series: &Series, zones: &HashMap<&str, &str>) -> Target {
    let zone = zones.get(series.node_id.as_str()).copied().unwrap_or_default();
    Target { kind: TargetKind::Zone.into(), id: zone.to_owned() }
}

fn wire(ask: &Ask, metric: &str, target: Option<Target>, points: &[Point]) -> TelemetrySeries {
    TelemetrySeries {
        target,
        time_ms: points.iter().map(|point| point.time.timestamp_millis()).collect(),
        values: points.iter().map(|point| point.value).collect(),
        metric: metric.to_owned(),
        unit: units::unit(metric, ask.aggregate),
        description: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proto::ops::v1::{TelemetryAggregate, TelemetryGroupBy, TelemetryServiceQueryRequest};

    fn ask(request: TelemetryServiceQueryRequest) -> Ask {
        Ask::try_from(TelemetryServiceQueryRequest { metric: "network_mbps".into(), ..request }).unwrap()
    }

    fn stored(service_id: &str, node_id: &str, values: &[(i64, f64)]) -> Series {
        let point = |(second, value): &(i64, f64)| Point {
            time: DateTime::from_timestamp(1_790_000_000 + second, 0).unwrap(),
            value: *value,
        };
        Series {
            metric: "network_mbps".to_owned(),
            service_id: service_id.to_owned(),
            node_id: node_id.to_owned(),
            points: values.iter().map(point).collect(),
        }
    }

    #[test]
    fn series_come_in_the_order_of_the_request() {
        let target = |id: &str| Target { kind: TargetKind::Service.into(), id: id.to_owned() };
        let ask = ask(TelemetryServiceQueryRequest {
            targets: vec![target("c"), target("b")],
            ..TelemetryServiceQueryRequest::default()
        });
        let series = series(&ask, vec![stored("b", "", &[(0, 1.0)])], &HashMap::new()).unwrap();
        assert_eq!(series[0].target, Some(target("c")));
        assert!(series[0].values.is_empty(), "no data is no data");
        assert_eq!(series[1].values, [1.0]);
    }

    #[test]
    fn nodes_of_a_zone_become_one_series_and_a_step_that_some_lack_counts_the_others() {
        let nodes = [
            stored("", "node-a1", &[(0, 1.0), (1, 2.0)]),
            stored("", "node-a2", &[(0, 3.0)]),
            stored("", "node-b1", &[(0, 10.0)]),
            stored("", "gone", &[(0, 99.0)]),
        ];
        let zones = HashMap::from([("node-a1", "a"), ("node-a2", "a"), ("node-b1", "b")]);
        for (across, first) in [
            (TelemetryAggregate::Unspecified, 2.0),
            (TelemetryAggregate::Sum, 4.0),
            (TelemetryAggregate::Min, 1.0),
            (TelemetryAggregate::Max, 3.0),
        ] {
            let ask = ask(TelemetryServiceQueryRequest {
                target_kind: TargetKind::Node.into(),
                group_by: TelemetryGroupBy::Zone.into(),
                across: across.into(),
                ..TelemetryServiceQueryRequest::default()
            });
            let series = series(&ask, nodes.to_vec(), &zones).unwrap();
            let ids: Vec<&str> = series.iter().map(|one| one.target.as_ref().unwrap().id.as_str()).collect();
            assert_eq!(ids, ["", "a", "b"]);
            assert_eq!(series[1].values, [first, 2.0], "{across:?}");
        }
    }
}
