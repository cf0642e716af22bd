//! What would come of an action, before anybody takes it.
//!
//! [`preview()`] forks the present of a [`sim::World`] (its [`outlook`](sim::World::outlook): nothing that only the scenario knows is in it), lets
//! every candidate *and doing nothing* run ahead under the same few futures of noise, and tells what users would feel, what it would
//! cost and what it would touch, with bands, ranked. Pure: the same world, candidates and plan give the same preview.

mod band;
mod blast;
mod course;
pub mod objective;
mod plan;
mod rank;
mod run;

pub use band::Band;
pub use blast::Blast;
pub use course::{Course, POINT_S, Point};
pub use plan::{Plan, PlanError, Planned};
pub use run::{Outlook, Preview, preview};
