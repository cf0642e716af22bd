//! Looking ahead on behalf of a player: a few futures of the present, as far as anybody could know it.

use preview::{Plan, Planned, preview};
use remedy::foresight::FUTURES;
use remedy::{Expectation, Remedy};
use sim::{Workers, World};

use crate::convert;

/// What would come of each within a horizon, simulated seconds.
pub(crate) fn expectations(world: &World, remedies: &[Remedy], horizon_s: u32) -> Vec<Expectation> {
    let Ok(plan) = Plan::new(FUTURES, horizon_s) else { return Vec::new() };
    let candidates: Vec<Planned> = remedies.iter().map(convert::planned).collect();
    let outlooks = preview(world, &candidates, plan, &Workers::default()).options;
    let bad = |outlook: &preview::Outlook| outlook.bad_pct.map_or(0.0, |band| band.mid);
    let nothing = outlooks.first().map_or(0.0, bad);
    let expectation = |(remedy, outlook): (&Remedy, &preview::Outlook)| Expectation {
        remedy: remedy.clone(),
        rank: outlook.rank,
        helps: outlook.helps,
        harms: outlook.harms,
        bad_pct: bad(outlook),
        bad_nothing_pct: nothing,
    };
    remedies.iter().zip(outlooks.iter().skip(1)).map(expectation).collect()
}
