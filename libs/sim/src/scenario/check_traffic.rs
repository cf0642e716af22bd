//! Checks where traffic comes from, how much, and what it is made of.

use std::sync::Arc;

use crate::TargetKind;
use crate::fault::MAX_FAULT_S;
use crate::topology::Topology;
use crate::traffic::{Endpoint, MAX_RATE_RPS, Shape, Traffic};

use super::check::{Reading, line};
use super::file::{Number, TraceFile, TrafficFile};
use super::trace;

/// Largest noise: past it a rate would often be cut off at 0.
const MAX_NOISE: f64 = 0.5;

/// Longest way of a request, ms: several times around the earth by satellite.
const MAX_DISTANCE_MS: f64 = 10_000.0;

/// Longest mean time in a state of a bursty source, s: how far back a tick has to look.
const MAX_DWELL_S: f64 = 600.0;

/// Most by which shares may miss 1, for those who write thirds.
const MAX_SHARE_ERROR: f64 = 0.01;

impl Reading<'_> {
    pub(super) fn traffic(&mut self, at: u64, file: &TrafficFile, topology: &Topology) -> Option<Traffic> {
        let service = self.find(&file.service, TargetKind::Service, topology);
        if let Some(index) = service
            && !topology.services[index].entry
        {
            let id = &file.service.value;
            let message = format!(
                "{id} is not an entry service; write `entry: true` in the topology or name one that is"
            );
            self.problem(line(file.service.referenced), message);
        }
        let noise = self.optional(file.noise.as_ref(), "noise", 0.0, 0.0, MAX_NOISE);
        let distance_ms = self.optional(file.distance_ms.as_ref(), "distance_ms", 0.0, 0.0, MAX_DISTANCE_MS);
        let endpoints = self.endpoints(file);
        let shapes = self.shapes(file);
        if shapes.is_empty() {
            let message = "give at least one of constant, ramp, diurnal, spike, bursty and trace".to_owned();
            self.problem(at, message);
            return None;
        }
        let shapes: Option<Vec<Shape>> = shapes.into_iter().collect();
        Some(Traffic { service: service?, shapes: shapes?, noise, distance_ms, endpoints })
    }

    fn endpoints(&mut self, file: &TrafficFile) -> Vec<Endpoint> {
        let mut endpoints = Vec::new();
        for part in &file.endpoints {
            endpoints.push(Endpoint {
                name: part.name.clone(),
                share: self.number(&part.share, "share", 0.0, 1.0),
                static_ratio: self.optional(part.static_ratio.as_ref(), "static_ratio", 0.0, 0.0, 1.0),
                read_ratio: self.optional(part.read_ratio.as_ref(), "read_ratio", 1.0, 0.0, 1.0),
            });
        }
        let total: f64 = endpoints.iter().map(|part| part.share).sum();
        if let Some(first) = file.endpoints.first()
            && (total - 1.0).abs() > MAX_SHARE_ERROR
        {
            let message = format!("the shares of the endpoints add up to {total}; make them 1");
            self.problem(line(first.share.referenced), message);
        }
        endpoints
    }

    fn shapes(&mut self, file: &TrafficFile) -> Vec<Option<Shape>> {
        let mut shapes = Vec::new();
        if let Some(shape) = &file.constant {
            shapes.push(Some(Shape::Constant { rps: self.rate(&shape.rps, "rps") }));
        }
        if let Some(shape) = &file.ramp {
            shapes.push(Some(Shape::Ramp {
                from_rps: self.rate(&shape.from_rps, "from_rps"),
                to_rps: self.rate(&shape.to_rps, "to_rps"),
                start_s: self.seconds(&shape.start_s, "start_s"),
                over_s: self.seconds(&shape.over_s, "over_s"),
            }));
        }
        if let Some(shape) = &file.diurnal {
            shapes.push(Some(Shape::Diurnal {
                mean_rps: self.rate(&shape.mean_rps, "mean_rps"),
                swing: self.number(&shape.swing, "swing", 0.0, 1.0),
                period_s: self.number(&shape.period_s, "period_s", 1.0, MAX_FAULT_S),
                phase: self.optional(shape.phase.as_ref(), "phase", 0.0, 0.0, 1.0),
            }));
        }
        if let Some(shape) = &file.spike {
            shapes.push(Some(Shape::Spike {
                base_rps: self.rate(&shape.base_rps, "base_rps"),
                peak_rps: self.rate(&shape.peak_rps, "peak_rps"),
                start_s: self.seconds(&shape.start_s, "start_s"),
                duration_s: self.seconds(&shape.duration_s, "duration_s"),
            }));
        }
        if let Some(shape) = &file.bursty {
            shapes.push(Some(Shape::Bursty {
                base_rps: self.rate(&shape.base_rps, "base_rps"),
                peak_rps: self.rate(&shape.peak_rps, "peak_rps"),
                quiet_s: self.number(&shape.quiet_s, "quiet_s", 2.0, MAX_DWELL_S),
                burst_s: self.number(&shape.burst_s, "burst_s", 2.0, MAX_DWELL_S),
            }));
        }
        if let Some(shape) = &file.trace {
            shapes.push(self.trace(shape));
        }
        shapes
    }

    fn trace(&mut self, file: &TraceFile) -> Option<Shape> {
        let scale = file.scale.as_ref().map(|scale| self.number(scale, "scale", 1e-6, 1e9));
        let peak_rps = file.peak_rps.as_ref().map(|peak| self.number(peak, "peak_rps", 1e-6, MAX_RATE_RPS));
        let speed_up = self.optional(file.speed_up.as_ref(), "speed_up", 1.0, 1e-3, 1e6);
        let size = match (scale, peak_rps) {
            (Some(_), Some(_)) => {
                let message = "give scale or peak_rps, not both".to_owned();
                self.problem(line(file.file.referenced), message);
                return None;
            }
            (Some(scale), None) => trace::Size::Scale(scale),
            (None, Some(peak)) => trace::Size::Peak(peak),
            (None, None) => trace::Size::Scale(1.0),
        };
        let path = self.relative_path(&file.file)?;
        let scenario_file = self.file.clone();
        let text = self.text(&path)?;
        let read = trace::read(&text, size, speed_up);
        let shape = match read {
            Ok(trace) => Some(Shape::Trace(Arc::new(trace))),
            Err(mistakes) => {
                for (line, message) in mistakes {
                    self.problem(line, message);
                }
                None
            }
        };
        self.file = scenario_file;
        shape
    }

    fn rate(&mut self, number: &Number, name: &str) -> f64 {
        self.number(number, name, 0.0, MAX_RATE_RPS)
    }
}
