//! Streaming statistics over one series: what is usual, what is not, where it goes. docs/statistics.md has the formulae, the
//! parameters and what was measured.
//!
//! One value at a time, at constant cost and in bounded memory; a value that is not finite is unknown and changes nothing.
//! Every state can be written and read back (serde) and then goes on as if nothing had happened: that, and not a
//! look back of fixed length, is how exponential memories survive a restart.

mod anomaly;
mod calibration;
mod chart;
mod describe;
mod forecast;
mod level;
mod moments;
#[cfg(test)]
mod noise;
mod quantile;
mod recent;
mod seasonal;
mod tail;
mod trend;

pub(crate) use calibration::false_alarm_probability;

pub use anomaly::{Anomaly, AnomalyState, Aspect};
pub use chart::{Change, Cusum, EwmaChart};
pub use describe::{Description, LevelChange};
pub use forecast::{Band, Crossing, Forecast};
pub use level::{Level, Scale};
pub use moments::Moments;
pub use quantile::{Quantile, Quartiles};
pub use recent::{RECENT_BLOCKS, Recent};
pub use seasonal::{Seasonal, Usual};
pub use tail::Tail;
pub use trend::Trend;
