//! Closed forms as the textbooks have them, by plain sums: nothing here is shared with the model.
//!
//! D. Gross & C. M. Harris, *Fundamentals of Queueing Theory*, ch. 2 (M/M/c, M/M/c/K, sojourn times) and §5.1
//! (Pollaczek–Khinchine).

/// Number in system, share turned away and busy workers of M/M/c/K, by its states.
pub(super) struct Bounded {
    pub(super) number: f64,
    pub(super) blocked: f64,
}

/// M/M/c/K at a load ρ = λ/(cμ) per worker.
pub(super) fn bounded(workers: u32, room: u32, load: f64) -> Bounded {
    let (mut weight, mut all, mut number) = (1.0, 1.0, 0.0);
    for state in 1..=room {
        weight *= load * f64::from(workers) / f64::from(state.min(workers));
        all += weight;
        number += f64::from(state) * weight;
    }
    Bounded { number: number / all, blocked: weight / all }
}

/// Probability of having to wait in M/M/c (Erlang C), by its sum.
pub(super) fn must_wait(workers: u32, load: f64) -> f64 {
    let offered = load * f64::from(workers);
    let (mut term, mut below) = (1.0, 0.0);
    for busy in 0..workers {
        below += term;
        term *= offered / f64::from(busy + 1);
    }
    let all = term / (1.0 - load);
    all / (below + all)
}

/// Mean sojourn time in M/M/c, in service times.
pub(super) fn sojourn(workers: u32, load: f64) -> f64 {
    1.0 + must_wait(workers, load) / (f64::from(workers) * (1.0 - load))
}

/// Percentile of the sojourn time in M/M/c, in service times, by bisection of its distribution.
pub(super) fn sojourn_percentile(workers: u32, load: f64, probability: f64) -> f64 {
    let wait = must_wait(workers, load);
    let drain = f64::from(workers) * (1.0 - load);
    // P(T > t) = (1 − C)e⁻ᵗ + C·P(service + wait > t), the wait exponential with rate `drain`.
    let longer = |time: f64| {
        let served = libm::exp(-time);
        let queued = if (drain - 1.0).abs() < 1e-9 {
            (1.0 + time) * served
        } else {
            (drain * served - libm::exp(-drain * time)) / (drain - 1.0)
        };
        (1.0 - wait) * served + wait * queued
    };
    let (mut low, mut high) = (0.0, 1e4);
    for _ in 0..100 {
        let middle = f64::midpoint(low, high);
        if longer(middle) > 1.0 - probability {
            low = middle;
        } else {
            high = middle;
        }
    }
    f64::midpoint(low, high)
}

/// Number in system of M/G/1 (Pollaczek–Khinchine).
pub(super) fn pollaczek_khinchine(load: f64, cv2: f64) -> f64 {
    load + load * load * (1.0 + cv2) / (2.0 * (1.0 - load))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_values_come_out() {
        assert!((must_wait(2, 0.75) - 9.0 / 14.0).abs() < 1e-12);
        assert!((must_wait(10, 0.9) - 0.668_732).abs() < 1e-4);
        assert!((sojourn_percentile(1, 0.5, 0.99) - 2.0 * 4.605_170_186).abs() < 1e-6);
        assert!((bounded(1, 2, 1.0).blocked - 1.0 / 3.0).abs() < 1e-12);
        assert!((pollaczek_khinchine(0.5, 0.0) - 0.75).abs() < 1e-12);
    }
}
