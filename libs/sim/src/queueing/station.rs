//! A replica's queue in the long run: M/G/c/K.
//!
//! A birth–death chain with the weights of M/M/c/K below `c` requests, and a waiting line whose weights fall by a ratio `σ`
//! from place to place. With `s = (1 + cv²)/2` and `ρ = λ/(cμ)`
//!
//! - `σ/(1 − σ) = s·ρ/(1 − ρ)` for ρ ≤ 1, `σ = 1 + (ρ − 1)/s` past it (the same queue seen from its free places; both have
//!   value 1 and slope 1/s at ρ = 1),
//! - the first place of the line weighs `aᶜ/c! · (1 − σ)/(1 − ρ)` with `a = cρ`, so that with an unbounded room the workers
//!   are as busy as in M/M/c,
//! - what is turned away is what the workers do not carry: `P = 1 − u/ρ`.
//!
//! That makes it exact for M/M/c and M/M/c/K (s = 1: Erlang 1917; Gross & Harris, *Fundamentals of Queueing Theory*, ch. 2),
//! for M/G/1 (Pollaczek 1930, Khinchine 1932) and for M/G/c/c (insensitivity: Sevastyanov 1957), and equal to Allen–Cunneen
//! for M/G/c (A. O. Allen, *Probability, Statistics, and Queueing Theory*, 1990, §5.3.4), whose error is that of the
//! approximation. A geometric line with the ratio of the unbounded queue is Tijms' approximation of finite rooms
//! (*Stochastic Models*, 1994, ch. 4).

/// The queue of a replica: workers, variability, room.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Station {
    workers: u32,
    cv2: f64,
    /// `(1 + cv²)/2`; 1 where the variability does not matter because nobody may wait.
    scale: f64,
    /// Places in the waiting line.
    line: f64,
}

/// What a [`Station`] is found by in a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct StationKey(u32, u64, u64);

/// A [`Station`] at one load, in the long run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stationary {
    /// Offered load per worker, ρ = λ/(cμ).
    pub offered: f64,
    /// Mean number of requests, waiting or in service.
    pub number: f64,
    /// Of them, those that wait.
    pub waiting: f64,
    /// Share of the workers that are busy.
    pub utilisation: f64,
    /// Share of the arrivals that is turned away.
    pub blocked: f64,
    /// Share of the accepted arrivals that has to wait.
    pub waits: f64,
    /// Mean square of the wait over the square of its mean, of those who wait.
    pub spread: f64,
}

impl Station {
    /// `workers` ≥ 1, squared coefficient of variation of the service time, and how many requests may wait for a worker.
    pub fn new(workers: u32, service_cv2: f64, queue_limit: f64) -> Self {
        let line = libm::floor(queue_limit.max(0.0));
        let scale = if line < 1.0 { 1.0 } else { f64::midpoint(1.0, service_cv2.max(0.0)) };
        Self { workers: workers.max(1), cv2: service_cv2.max(0.0), scale, line }
    }

    /// Number of workers, the `c` of the queue.
    pub fn workers(&self) -> f64 {
        f64::from(self.workers)
    }

    /// Most requests at once, waiting or in service: the `K` of the queue.
    pub fn room(&self) -> f64 {
        self.workers() + self.line
    }

    /// Equal for equal queues; in some order.
    pub fn key(&self) -> StationKey {
        StationKey(self.workers, self.cv2.to_bits(), self.line.to_bits())
    }

    /// `(1 + cv²)/2`: how many times as long the line is as with exponential service times.
    pub(super) fn scale(&self) -> f64 {
        self.scale
    }

    /// The long run with a share `spare` = 1 − ρ of the workers' time to spare; negative past saturation.
    pub fn at(&self, spare: f64) -> Stationary {
        let rho = 1.0 - spare;
        if rho <= 0.0 {
            return self.empty();
        }
        // Weights are in units of aᶜ/c!, from σ > 1 on divided by σ to the power of the line: nothing overflows.
        let first = if spare >= 0.0 { 1.0 / (1.0 + (self.scale - 1.0) * rho) } else { 1.0 / self.scale };
        let fall = spare * first;
        let places = self.line + 1.0;
        let below = self.weight_below(rho);
        let (line, all, turned_away) = if fall >= 0.0 {
            let line = Geometric::new(fall, places);
            (line, below + first * line.weight, line.last / rho)
        } else {
            let line = Geometric::new(-fall / (1.0 - fall), places);
            let all = below * (line.last * (1.0 - fall)) + first * line.weight;
            (line, all, (1.0 - fall) / rho)
        };
        let mean_place = if fall >= 0.0 { line.mean } else { places - 1.0 - line.mean };
        let all_busy = first * line.weight / all;
        let blocked = (turned_away / all).min(1.0);
        let utilisation = (rho * (1.0 - blocked)).min(1.0);
        let waiting = all_busy * mean_place;
        Stationary {
            offered: rho,
            number: self.workers() * utilisation + waiting,
            waiting,
            utilisation,
            blocked,
            waits: if blocked < 1.0 { ((all_busy - blocked) / (1.0 - blocked)).clamp(0.0, 1.0) } else { 1.0 },
            spread: self.spread(fall),
        }
    }

    fn empty(&self) -> Stationary {
        let spread = self.spread(1.0);
        Stationary {
            offered: 0.0,
            number: 0.0,
            waiting: 0.0,
            utilisation: 0.0,
            blocked: 0.0,
            waits: 0.0,
            spread,
        }
    }

    /// Every place taken, at a load past all measure.
    pub(super) fn full(&self) -> Stationary {
        let turns = self.line.max(1.0);
        Stationary {
            offered: f64::INFINITY,
            number: self.room(),
            waiting: self.line,
            utilisation: 1.0,
            blocked: 1.0,
            waits: if self.line < 1.0 { 0.0 } else { 1.0 },
            spread: 1.0 + self.cv2 / turns,
        }
    }

    /// Weight of all states with an idle worker in units of aᶜ/c!, by the recurrence for the inverse of Erlang B,
    /// `1/B(k) = 1 + (k/a)/B(k−1)`; infinite when a full house is out of the question.
    fn weight_below(&self, rho: f64) -> f64 {
        let per_load = 1.0 / (rho * self.workers());
        let mut inverse = 1.0;
        for busy in 1..self.workers {
            inverse = 1.0 + f64::from(busy) * per_load * inverse;
        }
        inverse / rho
    }

    /// Of those who wait for `k` completions, `k` geometric over the places of the line: a turn has the variability of a
    /// service, so the wait has mean `k` and mean square `k² + cv²·k` in turns.
    fn spread(&self, fall: f64) -> f64 {
        if self.line < 1.0 {
            return 1.0;
        }
        let (mean, variance) = if fall >= 0.0 {
            let turns = Geometric::new(fall, self.line);
            (1.0 + turns.mean, turns.variance())
        } else {
            let turns = Geometric::new(-fall / (1.0 - fall), self.line);
            (self.line - turns.mean, turns.variance())
        };
        (variance + mean * mean + self.cv2 * mean) / (mean * mean)
    }
}

/// A geometric distribution over the places 0 to `places` − 1 that falls by a share `fall` from place to place.
#[derive(Debug, Clone, Copy)]
struct Geometric {
    fall: f64,
    places: f64,
    /// Sum of the weights `(1 − fall)ʲ`.
    weight: f64,
    /// What the weight after the last place would be.
    last: f64,
    mean: f64,
}

/// Where the fall over all places is below this, the distribution is as good as uniform.
const UNIFORM: f64 = 1e-5;

impl Geometric {
    fn new(fall: f64, places: f64) -> Self {
        if fall >= 1.0 {
            return Self { fall, places, weight: 1.0, last: 0.0, mean: 0.0 };
        }
        let exponent = places * libm::log1p(-fall);
        let last = libm::exp(exponent);
        if -exponent < UNIFORM {
            return Self { fall, places, weight: places, last, mean: (places - 1.0) / 2.0 };
        }
        let gone = -libm::expm1(exponent);
        let mean = (1.0 - fall) / fall - places * last / gone;
        Self { fall, places, weight: gone / fall, last, mean }
    }

    fn variance(&self) -> f64 {
        if self.fall * self.places < 100.0 * UNIFORM {
            return (self.places * self.places - 1.0) / 12.0;
        }
        let gone = 1.0 - self.last;
        let cut = self.places * self.places * self.last / (gone * gone);
        ((1.0 - self.fall) / (self.fall * self.fall) - cut).max(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// M/M/c/K by summing up its states.
    fn summed(workers: u32, room: u32, rho: f64) -> (f64, f64, f64) {
        let (mut weight, mut all, mut number, mut last) = (1.0, 1.0, 0.0, 1.0);
        for state in 1..=room {
            weight *= rho * f64::from(workers) / f64::from(state.min(workers));
            all += weight;
            number += f64::from(state) * weight;
            last = weight;
        }
        (number / all, rho * (1.0 - last / all), last / all)
    }

    #[test]
    fn exponential_service_gives_m_m_c_k() {
        for (workers, line) in [(1, 0), (1, 1), (1, 20), (2, 3), (8, 0), (8, 40), (64, 200)] {
            let station = Station::new(workers, 1.0, f64::from(line));
            for rho in [0.05, 0.3, 0.7, 0.95, 0.999_999, 1.0, 1.000_001, 1.1, 1.5, 4.0] {
                let (number, utilisation, blocked) = summed(workers, workers + line, rho);
                let found = station.at(1.0 - rho);
                for (got, exact) in
                    [(found.number, number), (found.utilisation, utilisation), (found.blocked, blocked)]
                {
                    let error = (got - exact).abs() / exact.max(1e-6);
                    assert!(error < 1e-5, "M/M/{workers}/+{line} at {rho}: {got} for {exact}");
                }
            }
        }
    }

    #[test]
    fn any_service_time_gives_pollaczek_khinchine() {
        for cv2 in [0.0, 0.5, 1.0, 4.0] {
            for rho in [0.1, 0.5, 0.9, 0.95] {
                let exact = rho + rho * rho * (1.0 + cv2) / (2.0 * (1.0 - rho));
                let found = Station::new(1, cv2, 1e6).at(1.0 - rho).number;
                assert!((found / exact - 1.0).abs() < 1e-9, "cv² {cv2} at {rho}: {found} for {exact}");
            }
        }
    }

    #[test]
    fn nothing_is_strange_at_absurd_loads_and_rooms() {
        for workers in [1, 7, 1024] {
            for cv2 in [0.0, 1.0, 25.0] {
                for line in [0.0, 1.0, 3.0, 1e9] {
                    let station = Station::new(workers, cv2, line);
                    let mut before = -1.0;
                    for spare in [1.0, 1.0 - 1e-9, 0.5, 1e-3, 1e-9, 0.0, -1e-12, -1e-9, -0.1, -10.0, -1e7] {
                        let found = station.at(spare);
                        assert!(found.number >= before - 1e-9 && found.number <= station.room() + 1e-6);
                        assert!((0.0..=1.0).contains(&found.blocked) && (0.0..=1.0).contains(&found.waits));
                        assert!((0.0..=1.0).contains(&found.utilisation), "{found:?}");
                        assert!(found.spread >= 1.0 - 1e-9 && found.spread.is_finite(), "{found:?}");
                        before = found.number;
                    }
                }
            }
        }
    }
}
