//! Samples for the event stream. At 1000 × speed there are a thousand a second; a page gets the newest ones, at a rate
//! that it can draw.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bus::Tail;
use proto::sim::v1::MetricSnapshot;
use tokio::time::Instant;

use super::{read, report};
use crate::app::App;

/// Least time between two samples on the stream: 25 a second. Slower simulations are not held back at all.
const MIN_INTERVAL: Duration = Duration::from_millis(40);

pub(super) async fn run(app: &App, mut tail: Tail) {
    let mut pace = Pace::default();
    loop {
        let due = pace.due;
        let delivery = tokio::select! {
            delivery = tail.next() => match delivery {
                Some(delivery) => Some(delivery),
                None => return,
            },
            () = async { tokio::time::sleep_until(due.unwrap_or_else(Instant::now)).await }, if due.is_some() => None,
        };
        // Behind the last sample of a simulation that was deleted nothing is to be shown.
        let sample = delivery.as_ref().and_then(read::<MetricSnapshot>).filter(|sample| !sample.deleted);
        if let Some(sample) = sample
            && let Some(hub) = app.hubs.of(&sample.simulation_id, &sample.run_id)
        {
            let sample = Arc::new(sample);
            hub.sampled(Arc::clone(&sample));
            pace.add(sample, Instant::now());
        }
        for shard in pace.take(Instant::now()) {
            if let Some(hub) = app.hubs.find(&shard.simulation_id) {
                report(hub.publish_metrics(&shard));
            }
        }
    }
}

/// Which shards are sent, and when. A sample is sent at once when the last one is long enough ago; else the newest one
/// replaces those before it and waits.
#[derive(Debug, Default)]
struct Pace {
    waiting: BTreeMap<(String, u32), Arc<MetricSnapshot>>,
    sent_at: Option<Instant>,
    due: Option<Instant>,
}

impl Pace {
    fn add(&mut self, snapshot: Arc<MetricSnapshot>, now: Instant) {
        // Shards of one tick go together: those of an older tick are replaced.
        self.waiting.retain(|(simulation, _), waiting| {
            *simulation != snapshot.simulation_id
                || (waiting.run_id == snapshot.run_id && waiting.tick == snapshot.tick)
        });
        let earliest = self.sent_at.map_or(now, |sent| (sent + MIN_INTERVAL).max(now));
        self.due = Some(self.due.map_or(earliest, |due| due.min(earliest)));
        self.waiting.insert((snapshot.simulation_id.clone(), snapshot.shard), snapshot);
    }

    fn take(&mut self, now: Instant) -> Vec<Arc<MetricSnapshot>> {
        let Some(due) = self.due else { return Vec::new() };
        if now < due {
            return Vec::new();
        }
        // The shards of one tick follow each other within a millisecond; the rest of a tick is not held back.
        self.due = None;
        self.sent_at = Some(now);
        std::mem::take(&mut self.waiting).into_values().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(tick: u64, shard: u32) -> Arc<MetricSnapshot> {
        Arc::new(MetricSnapshot {
            simulation_id: "default".to_owned(),
            run_id: "r".to_owned(),
            tick,
            shard,
            ..MetricSnapshot::default()
        })
    }

    fn ticks(shards: &[Arc<MetricSnapshot>]) -> Vec<u64> {
        shards.iter().map(|shard| shard.tick).collect()
    }

    #[test]
    fn a_sample_is_sent_at_once_when_the_last_is_long_ago() {
        let (mut pace, now) = (Pace::default(), Instant::now());
        pace.add(sample(20, 0), now);
        assert_eq!(ticks(&pace.take(now)), [20]);
        pace.add(sample(40, 0), now + MIN_INTERVAL);
        assert_eq!(ticks(&pace.take(now + MIN_INTERVAL)), [40]);
    }

    #[test]
    fn of_many_samples_the_newest_is_sent() {
        let (mut pace, now) = (Pace::default(), Instant::now());
        pace.add(sample(20, 0), now);
        pace.take(now);
        for tick in 1..=30 {
            pace.add(sample(20 + 20 * tick, 0), now + Duration::from_millis(tick));
            assert!(pace.take(now + Duration::from_millis(tick)).is_empty());
        }
        assert_eq!(ticks(&pace.take(now + MIN_INTERVAL)), [620]);
        assert!(pace.take(now + MIN_INTERVAL * 2).is_empty());
    }

    #[test]
    fn shards_of_one_tick_stay_together() {
        let (mut pace, now) = (Pace::default(), Instant::now());
        pace.add(sample(20, 0), now);
        pace.take(now);
        pace.add(sample(40, 0), now);
        pace.add(sample(40, 1), now);
        assert_eq!(ticks(&pace.take(now + MIN_INTERVAL)), [40, 40]);
    }
}
