//! Bounds on numbers in hot loops. `f64::max` and `f64::min` ask first whether either is a number, which costs five
//! instructions instead of one.

/// `value`, or `floor` when it is below it or not a number.
#[inline]
pub(crate) fn at_least(value: f64, floor: f64) -> f64 {
    if value > floor { value } else { floor }
}

/// `value`, or `ceiling` when it is above it or not a number.
#[inline]
pub(crate) fn at_most(value: f64, ceiling: f64) -> f64 {
    if value < ceiling { value } else { ceiling }
}
