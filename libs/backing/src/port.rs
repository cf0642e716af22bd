//! Free TCP ports on the loopback address.

use std::{
    collections::hash_map::RandomState,
    hash::{BuildHasher as _, Hasher as _},
    net::{Ipv4Addr, TcpListener},
    ops::Range,
    sync::{
        LazyLock,
        atomic::{AtomicU16, Ordering},
    },
    time::{Duration, Instant},
};

/// Below Linux's range for outgoing connections (32768 and up): a server that is killed and started again on its port must
/// not find it taken by somebody's client.
const PORTS: Range<u16> = 20_000..32_000;

/// What cargo-nextest calls the number that no other test has that runs at the same time.
const SLOT: &str = "NEXTEST_TEST_GLOBAL_SLOT";
/// Numbers of tests that get ports of their own; more begin from the front again.
const SLOTS: u16 = 60;

/// How many ports are tried before giving up: far more than a machine has listeners in the range.
const TRIES: u16 = 500;

/// The ports that this process chooses from: all, or as a test those of its slot. What is free now may be taken a moment later,
/// before a server is up on it; tests that run side by side must not be the ones who take it.
static MINE: LazyLock<Range<u16>> = LazyLock::new(|| {
    let slot = std::env::var(SLOT).ok().and_then(|slot| slot.parse::<u16>().ok());
    let each = (PORTS.end - PORTS.start) / SLOTS;
    slot.map_or(PORTS, |slot| {
        let first = PORTS.start + slot % SLOTS * each;
        first..first + each
    })
});

/// How far into [`MINE`] this process looks next: no port is chosen twice before all others were. From a random start, so that
/// processes that look at the same moment rarely meet.
static NEXT: LazyLock<AtomicU16> = LazyLock::new(|| {
    // Each RandomState has keys of its own: enough randomness to spread, and no dependency.
    let random = RandomState::new().build_hasher().finish() % MINE.len() as u64;
    AtomicU16::new(random as u16)
});

/// Whether nobody listens on `127.0.0.1:port`.
pub fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

/// Waits until nobody listens on `127.0.0.1:port`, and says whether that came true in time: what a killed server leaves behind
/// may hold its port for a moment.
pub(crate) async fn becomes_free(port: u16, patience: Duration) -> bool {
    let asked = Instant::now();
    while !is_free(port) {
        if asked.elapsed() > patience {
            return false;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    true
}

/// A port on 127.0.0.1 that is free now; None when none was found.
pub fn free_port() -> Option<u16> {
    free_ports(1)
}

/// The first of so many consecutive ports on 127.0.0.1 that are all free now; None when none were found.
pub fn free_ports(count: u16) -> Option<u16> {
    (0..TRIES).find_map(|_| {
        let at = NEXT.fetch_add(count, Ordering::Relaxed) % MINE.len() as u16;
        let first = MINE.start + at;
        let end = first.checked_add(count).filter(|end| *end <= MINE.end)?;
        (first..end).all(is_free).then_some(first)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listening_port_is_not_free() {
        let port = free_port().unwrap();
        assert!(is_free(port));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).unwrap();
        assert!(!is_free(port));
        drop(listener);
        assert!(is_free(port));
    }

    #[test]
    fn ports_are_not_chosen_twice_and_stay_within_the_range() {
        let chosen: Vec<u16> = (0..12).map(|_| free_ports(6).unwrap()).collect();
        let mut all: Vec<u16> = chosen.iter().flat_map(|first| *first..first + 6).collect();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 72);
        assert!(all.iter().all(|port| MINE.contains(port) && PORTS.contains(port)));
        assert_eq!(free_ports(MINE.len() as u16 + 1), None);
    }
}
