//! What would come of actions, as messages.

use preview::{Band, Blast, Outlook, POINT_S, Planned, Point, Preview};
use proto::ops::v1 as wire;

use super::{Invalid, action_kind_from, action_type};

/// An action to look ahead at.
pub(crate) fn planned(action: wire::PlannedAction) -> Result<Planned, Invalid> {
    let wire::PlannedAction { r#type, target_id, replicas } = action;
    Ok(Planned { kind: action_kind_from(r#type)?, target: target_id, replicas })
}

/// The preview, but for whose it is.
pub(crate) fn preview(preview: Preview) -> wire::Preview {
    let Preview { tick, plan, options } = preview;
    wire::Preview {
        simulation_id: String::new(),
        run_id: String::new(),
        tick,
        time: None,
        horizon_s: plan.horizon_s(),
        futures: plan.seeds(),
        options: options.into_iter().map(option).collect(),
    }
}

fn option(outlook: Outlook) -> wire::PreviewOption {
    let Outlook {
        planned,
        refused,
        rank,
        futures,
        p99_ms,
        error_pct,
        slo_minutes,
        failed,
        bad_pct,
        core_hours,
        helps,
        harms,
        blast,
        course,
    } = outlook;
    let Blast { services, replicas, of_replicas, callers } = blast;
    wire::PreviewOption {
        blast_radius: planned.is_some().then_some(wire::BlastRadius {
            services,
            replicas,
            of_replicas,
            callers,
        }),
        action: planned.map(|Planned { kind, target, replicas }| wire::PlannedAction {
            r#type: action_type(kind).into(),
            target_id: target,
            replicas,
        }),
        refused: refused.unwrap_or_default(),
        rank,
        futures,
        p99_ms: p99_ms.map(band),
        error_pct: error_pct.map(band),
        slo_minutes: slo_minutes.map(band),
        failed_requests: failed.map(band),
        bad_pct: bad_pct.map(band),
        core_hours: core_hours.map(band),
        helps,
        harms,
        points: course.iter().enumerate().map(|(place, point)| self::point(place, point)).collect(),
    }
}

fn point(place: usize, [low, mid, high]: &[Point; 3]) -> wire::PreviewPoint {
    let measured = |of: fn(&Point) -> f64| {
        let (low, mid, high) = (of(low), of(mid), of(high));
        mid.is_finite().then_some(wire::Band { low, mid, high })
    };
    wire::PreviewPoint {
        at_s: ((place + 1) * POINT_S) as f64,
        p99_ms: measured(|point| point.p99_ms),
        error_pct: measured(|point| point.error_pct),
    }
}

fn band(Band { low, mid, high }: Band) -> wire::Band {
    wire::Band { low, mid, high }
}
