//! The self-healing loop in one process, without NATS and without a database: the cores that the services run,
//! wired together, on simulated time.
//!
//! [`Loop`] advances a [`sim::World`], feeds its samples to [`detect::Detector`] and what it says to a [`Player`](player::Player)
//! (unless told otherwise the agent that ships), lets a policy decide on proposals the way an operator would, carries approved
//! actions out and judges them. The same scenario, seed and policy give the same [`Report`], down to its hash.
//!
//! [`grade()`](grade::grade) watches scenarios with nobody acting and holds what was detected against what is true;
//! [`evaluate()`](benchmark::evaluate) lets a player act and scores what comes of it; [`calibrate()`](calibration::calibrate) holds previews
//! against what came.

pub mod benchmark;
pub mod calibration;
mod convert;
mod desk;
pub mod grade;
mod noise;
pub mod player;
mod report;
mod run;

pub use convert::{detector_sample, seconds_of};
pub use desk::{Answer, Policy};
pub use report::{ActionReport, DecisionReport, IncidentReport, Report};
pub use run::{Loop, Options};
