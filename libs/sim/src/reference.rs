//! A request-level, discrete-event simulator of the queues that the model treats as averages. For validation only.
//!
//! Every request is followed: it arrives at random, waits in line, is served, goes on to another station or leaves. That is
//! slow and noisy, and it assumes none of what the model assumes; the mean of many runs is what the model's transients are
//! held against. A [`Network`] is what is simulated, [`Network::run`] one run, [`Network::mean`] the mean of many.

mod draw;
mod run;

use crate::traffic::Shape;

pub use draw::Draws;
pub use run::{Recording, StationRecord};

/// Stations that requests pass through.
#[derive(Debug, Clone, PartialEq)]
pub struct Network {
    /// The stations; routes and sources name them by index.
    pub stations: Vec<Station>,
    /// Where requests come from.
    pub sources: Vec<Source>,
}

/// Some workers with one line, first come, first served.
#[derive(Debug, Clone, PartialEq)]
pub struct Station {
    /// Number of workers.
    pub workers: usize,
    /// Most requests at once, waiting or in service; more are turned away.
    pub room: usize,
    /// Mean service time, s.
    pub mean_s: f64,
    /// How service times vary.
    pub service: Service,
    /// Where a served request goes: station and probability. It leaves with the probability that is left.
    pub routes: Vec<(usize, f64)>,
}

/// Distribution of service times.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Service {
    /// Always the mean.
    Deterministic,
    /// Sum of so many exponential stages: cv² = 1/stages.
    Erlang {
        /// Number of stages.
        stages: u32,
    },
    /// No memory: cv² = 1.
    Exponential,
    /// Short or long, exponential each, with as much time spent on the short as on the long ones.
    Hyperexponential {
        /// Squared coefficient of variation, above 1.
        cv2: f64,
    },
}

/// Requests that arrive at random (a Poisson process) at a rate that changes in time.
#[derive(Debug, Clone, PartialEq)]
pub struct Source {
    /// Index of the station.
    pub station: usize,
    /// Rate in time.
    pub shape: Shape,
    /// A rate that the shape never passes, requests/s.
    pub peak_rps: f64,
}

impl Service {
    /// The distribution that stands for a squared coefficient of variation; below 1 the nearest number of stages.
    pub fn with_cv2(cv2: f64) -> Self {
        if cv2 <= 0.0 {
            Self::Deterministic
        } else if cv2 < 1.0 {
            Self::Erlang { stages: (1.0 / cv2).round() as u32 }
        } else if cv2 > 1.0 {
            Self::Hyperexponential { cv2 }
        } else {
            Self::Exponential
        }
    }
}
