//! Looking at the past of a simulation: samples and events of its run, computed again.

use std::ops::ControlFlow;

use connectrpc_axum::Code;
use prost::Message as _;
use proto::sim::v1::{CloudMap, MetricSnapshot, Simulation, SimulationEvent};
use sim::{Event, TICKS_PER_SAMPLE, World};

use super::Fleet;
use super::past::{Past, computed};
use crate::convert;
use crate::id::SimulationId;
use crate::identity::Identity;
use crate::refusal::Refusal;
use crate::scenarios::off_runtime;

/// Most samples of an answer.
const MAX_FRAMES: u32 = 600;
/// Samples of an answer when the caller does not say.
const FRAMES: u32 = 120;
/// Most events of an answer.
const MAX_EVENTS: usize = 1_000;
/// Samples of an answer, bytes: with the events it has to fit in one message of 1 MiB.
const MAX_FRAME_BYTES: usize = 600 * 1024;

/// What to look at: samples that close in `from..=to`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Span {
    pub(crate) from_tick: u64,
    /// `None` means where the simulation stands.
    pub(crate) to_tick: Option<u64>,
    /// 0 means [`FRAMES`].
    pub(crate) frames: u32,
}

/// What a run looked like.
#[derive(Debug, Default)]
pub(crate) struct Replayed {
    pub(crate) simulation: Option<Simulation>,
    pub(crate) frames: Vec<MetricSnapshot>,
    pub(crate) events: Vec<SimulationEvent>,
    pub(crate) events_left_out: u64,
    /// Samples did not fit from here on.
    pub(crate) next_tick: Option<u64>,
}

impl Fleet {
    /// What the run of a simulation looked like. The simulation goes on meanwhile.
    pub(crate) async fn replay(&self, id: &SimulationId, span: Span) -> Result<Replayed, Refusal> {
        let Span { from_tick, to_tick, frames } = span;
        let stands = self.stands_at(id)?;
        let to_tick = to_tick.unwrap_or(stands);
        if from_tick > to_tick || to_tick > stands {
            return Err(Refusal::new(
                Code::OutOfRange,
                format!("the run has ticks 0 to {stands}: from {from_tick} to {to_tick} is not a part of it"),
            ));
        }
        if frames > MAX_FRAMES {
            return Err(Refusal::invalid(format!(
                "{frames} samples are too many for an answer: ask for at most {MAX_FRAMES}"
            )));
        }
        let wanted = Wanted::new(from_tick, to_tick, if frames == 0 { FRAMES } else { frames });
        let _turn = self
            .inner
            .looking_back
            .acquire()
            .await
            .map_err(|_| Refusal::unavailable("sim-engine is shutting down"))?;
        let past = self.past(id).await?;
        past.is_affordable(to_tick)?;
        let commands = past.commands_before(to_tick);
        let Past { identity, log } = past;
        let mut film = Film { identity, wanted, from_tick, map: None, bytes: 0, shown: Replayed::default() };
        let film = off_runtime(move || {
            computed(&log.started, &commands, to_tick, |world, events| film.see(world, events)).map(|_| film)
        })
        .await??;
        if film.shown.frames.is_empty() && film.shown.next_tick.is_some() {
            return Err(Refusal::exhausted(
                "one sample of this cloud does not fit in an answer: query its telemetry instead (TelemetryService.Query)",
            ));
        }
        Ok(Replayed { simulation: Some(self.get(id)?), ..film.shown })
    }
}

/// Which samples: evenly spread, with the first and the last.
#[derive(Debug, Clone, Copy)]
struct Wanted {
    first: u64,
    last: u64,
    frames: u64,
}

impl Wanted {
    fn new(from_tick: u64, to_tick: u64, frames: u32) -> Self {
        let first = from_tick.div_ceil(TICKS_PER_SAMPLE).max(1);
        Self { first, last: to_tick / TICKS_PER_SAMPLE, frames: u64::from(frames) }
    }

    /// Whether the sample that closes at `tick` is one of them.
    fn has(self, tick: u64) -> bool {
        let Self { first, last, frames } = self;
        let sample = tick / TICKS_PER_SAMPLE;
        if !tick.is_multiple_of(TICKS_PER_SAMPLE) || sample < first || sample > last {
            return false;
        }
        let (place, steps) = (sample - first, last - first);
        match frames - 1 {
            0 => sample == last,
            gaps if gaps >= steps => true,
            // The k-th of them is sample k × steps / gaps, rounded down.
            gaps => (place * gaps).div_ceil(steps) * steps / gaps == place,
        }
    }
}

/// Sees a run pass by.
struct Film {
    identity: Identity,
    wanted: Wanted,
    from_tick: u64,
    /// The last one that was shown.
    map: Option<CloudMap>,
    bytes: usize,
    shown: Replayed,
}

impl Film {
    fn see(&mut self, world: &World, events: &[Event]) -> ControlFlow<()> {
        for event in events.iter().filter(|event| event.tick >= self.from_tick) {
            if self.shown.events.len() < MAX_EVENTS {
                self.shown.events.push(convert::event(&self.identity, event.clone()));
            } else {
                self.shown.events_left_out += 1;
            }
        }
        if !self.wanted.has(world.tick()) {
            return ControlFlow::Continue(());
        }
        let map = convert::map::cloud_map(world.topology().into());
        let new_map = (self.map.as_ref() != Some(&map)).then(|| map.clone());
        let frame =
            convert::snapshot::whole(&self.identity, &world.scenario().name, &world.snapshot(), new_map);
        self.bytes += frame.encoded_len();
        if self.bytes > MAX_FRAME_BYTES {
            self.shown.next_tick = Some(world.tick());
            return ControlFlow::Break(());
        }
        self.map = Some(map);
        self.shown.frames.push(frame);
        ControlFlow::Continue(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(from_tick: u64, to_tick: u64, frames: u32) -> Vec<u64> {
        let wanted = Wanted::new(from_tick, to_tick, frames);
        (0..=to_tick + 100).filter(|tick| wanted.has(*tick)).map(|tick| tick / TICKS_PER_SAMPLE).collect()
    }

    #[test]
    fn samples_are_spread_evenly_with_the_first_and_the_last() {
        assert_eq!(samples(0, 200, 600), (1..=10).collect::<Vec<_>>());
        assert_eq!(samples(0, 200, 4), [1, 4, 7, 10]);
        assert_eq!(samples(41, 219, 3), [3, 6, 10]);
        assert_eq!(samples(0, 219, 1), [10]);
        assert_eq!(samples(0, 19, 5), [0_u64; 0]);
        assert_eq!(samples(200, 200, 5), [10]);
        for (to, frames) in [(10_000, 7), (12_340, 600), (99_999, 120)] {
            let spread = samples(0, to, frames);
            assert_eq!(
                (spread.len(), spread.last()),
                (frames.min(to as u32 / 20) as usize, Some(&(to / 20)))
            );
        }
    }
}
