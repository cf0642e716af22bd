//! The clock: starting, stopping, stepping, the speed, and the end of the computation.

use proto::sim::v1::journal_entry::Entry;
use proto::sim::v1::{ClockSet, SimulationState, SimulationStopped};

use super::{Simulation, answer};
use crate::journal::JournalError;
use crate::publisher::Batch;
use crate::refusal::Refusal;
use crate::request::{ClockChange, Reply};
use crate::run::Clock;

impl Simulation {
    pub(super) async fn set_clock(
        &mut self,
        change: ClockChange,
        reply: Reply<SimulationState>,
    ) -> Result<(), JournalError> {
        let clock = match self.clock_after(change) {
            Ok(Some(clock)) => clock,
            Ok(None) => {
                answer(reply, Ok(self.state()));
                return Ok(());
            }
            Err(refusal) => {
                answer(reply, Err(refusal));
                return Ok(());
            }
        };
        if let ClockChange::Step { .. } = change {
            match self.journal_clock(clock).await? {
                Ok(()) => self.step_reply = Some(reply),
                Err(refusal) => answer(reply, Err(refusal)),
            }
            self.show(true);
            return Ok(());
        }
        let set = self.steer(clock).await?;
        answer(reply, set.map(|()| self.state()));
        Ok(())
    }

    /// Sets the clock and tells so.
    async fn steer(&mut self, clock: Clock) -> Result<Result<(), Refusal>, JournalError> {
        if let Err(refusal) = self.journal_clock(clock).await? {
            return Ok(Err(refusal));
        }
        if let Some(event) = self.run.clock_changed(clock) {
            self.publish(Batch::of(event)).await;
        }
        self.measured.clear();
        self.repace();
        self.show(true);
        Ok(Ok(()))
    }

    async fn journal_clock(&mut self, clock: Clock) -> Result<Result<(), Refusal>, JournalError> {
        let entry = Entry::ClockSet(ClockSet {
            tick: self.run.next_tick(),
            playing: clock.playing,
            speed: clock.speed,
            run_to_tick: clock.run_to.unwrap_or_default(),
        });
        if let Err(refusal) = self.append(entry).await? {
            return Ok(Err(refusal));
        }
        self.clock = clock;
        if clock.run_to.is_none() {
            // A step that was under way is cut short.
            self.finish_step();
        }
        Ok(Ok(()))
    }

    /// Writes that the computation ends here. The clock stands still first, so that whoever listens is told.
    pub(super) async fn end(&mut self, reply: Reply<SimulationState>) -> Result<(), JournalError> {
        if self.clock.playing || self.clock.run_to.is_some() {
            let standing = Clock { playing: false, run_to: None, ..self.clock };
            if let Err(refusal) = self.steer(standing).await? {
                answer(reply, Err(refusal));
                return Ok(());
            }
        }
        let stopped = SimulationStopped { state: Some(self.state_when_stopped()) };
        match self.append(Entry::Stopped(stopped)).await? {
            Ok(_) => self.stopping = Some(reply),
            Err(refusal) => answer(reply, Err(refusal)),
        }
        self.show(true);
        Ok(())
    }

    /// The clock after a change; `None` when it is so already.
    fn clock_after(&self, change: ClockChange) -> Result<Option<Clock>, Refusal> {
        let now = self.clock;
        let stopped = !now.playing && now.run_to.is_none();
        Ok(match change {
            ClockChange::Play if now.playing => None,
            ClockChange::Play => Some(Clock { playing: true, run_to: None, ..now }),
            ClockChange::Pause if stopped => None,
            ClockChange::Pause => Some(Clock { playing: false, run_to: None, ..now }),
            ClockChange::SetSpeed(speed) if (speed.get() - now.speed).abs() < f64::EPSILON => None,
            ClockChange::SetSpeed(speed) => Some(Clock { speed: speed.get(), ..now }),
            ClockChange::Step { ticks } if stopped => {
                Some(Clock { run_to: Some(self.run.next_tick().saturating_add(ticks)), ..now })
            }
            ClockChange::Step { .. } if now.playing => {
                return Err(Refusal::precondition("the clock runs: call Pause before Step"));
            }
            ClockChange::Step { .. } => {
                return Err(Refusal::precondition(
                    "a step is being computed: wait for it, or call Pause to end it",
                ));
            }
        })
    }
}
