//! A silence as a message, read for the detector.

use detect::{Matchers, Place, SilenceErrors, SilenceKind, SimTime, TargetKind};
use proto::common::v1 as common;
use proto::ops::v1 as ops;
use uuid::Uuid;

/// The silence that a message speaks of.
///
/// # Errors
/// Every mistake at once.
pub fn checked(message: &ops::Silence) -> Result<detect::Silence, SilenceErrors> {
    let mut mistakes = Vec::new();
    let silence = detect::Silence {
        id: Uuid::try_parse(&message.id).unwrap_or_else(|_| {
            mistakes.push(format!("its id {:?} is no UUID", message.id));
            Uuid::nil()
        }),
        version: message.version,
        kind: match ops::SilenceKind::try_from(message.kind) {
            Ok(ops::SilenceKind::Unspecified | ops::SilenceKind::Silence) => SilenceKind::Silence,
            Ok(ops::SilenceKind::Maintenance) => SilenceKind::Maintenance,
            Err(_) => {
                mistakes.push("its kind is unknown: use silence or maintenance".to_owned());
                SilenceKind::Silence
            }
        },
        simulation: message.simulation_id.clone(),
        matchers: matchers(message.matchers.clone().unwrap_or_default(), &mut mistakes),
        starts_at: moment("starts_at", message.starts_at.as_ref(), &mut mistakes),
        ends_at: moment("ends_at", message.ends_at.as_ref(), &mut mistakes),
    };
    // Of times that are missing nothing more is to be said.
    if mistakes.is_empty() {
        return silence.check().map(|()| silence);
    }
    Err(SilenceErrors(mistakes))
}

fn matchers(message: ops::SilenceMatchers, mistakes: &mut Vec<String>) -> Matchers {
    let ops::SilenceMatchers { rules, families, kinds, targets, labels } = message;
    let mut matchers = Matchers {
        rules: rules.into_iter().collect(),
        families: families.into_iter().collect(),
        labels,
        ..Matchers::default()
    };
    for kind in kinds {
        match common::TargetKind::try_from(kind) {
            Ok(common::TargetKind::Service) => drop(matchers.kinds.insert(TargetKind::Service)),
            Ok(common::TargetKind::Node) => drop(matchers.kinds.insert(TargetKind::Node)),
            _ => mistakes
                .push("kinds: use service, node or both; zones and simulations have no incidents".to_owned()),
        }
    }
    for target in targets {
        let place = match target.kind() {
            common::TargetKind::Service => Place::Service(target.id),
            common::TargetKind::Node => Place::Node(target.id),
            common::TargetKind::Zone => Place::Zone(target.id),
            common::TargetKind::Unspecified | common::TargetKind::Simulation => {
                mistakes
                    .push(format!("target {:?}: say whether it is a service, a node or a zone", target.id));
                continue;
            }
        };
        matchers.places.insert(place);
    }
    matchers
}

fn moment(what: &str, time: Option<&pbjson_types::Timestamp>, mistakes: &mut Vec<String>) -> SimTime {
    let time = time.and_then(|time| chrono::DateTime::<chrono::Utc>::try_from(*time).ok());
    let micros = time.map(|time| time.timestamp_micros());
    SimTime::from_micros(micros.unwrap_or_else(|| {
        mistakes.push(format!("{what} is missing: give a simulated time"));
        0
    }))
}

#[cfg(test)]
mod tests {
    use pbjson_types::Timestamp;

    use super::*;

    fn silence() -> ops::Silence {
        let at = |seconds| Some(Timestamp { seconds, nanos: 500_000_000 });
        let target =
            |kind: common::TargetKind, id: &str| common::Target { kind: kind.into(), id: id.to_owned() };
        ops::Silence {
            id: Uuid::from_u128(7).to_string(),
            kind: ops::SilenceKind::Maintenance.into(),
            simulation_id: "default".to_owned(),
            matchers: Some(ops::SilenceMatchers {
                kinds: vec![2],
                targets: vec![
                    target(common::TargetKind::Service, "checkout"),
                    target(common::TargetKind::Zone, "zone-a"),
                ],
                ..ops::SilenceMatchers::default()
            }),
            starts_at: at(100),
            ends_at: at(160),
            version: 3,
            ..ops::Silence::default()
        }
    }

    #[test]
    fn a_message_is_read_as_it_is_meant() {
        let read = checked(&silence()).unwrap();
        assert_eq!((read.id, read.version, read.kind), (Uuid::from_u128(7), 3, SilenceKind::Maintenance));
        assert_eq!(read.starts_at.micros, 100_500_000);
        let places = [Place::Service("checkout".to_owned()), Place::Zone("zone-a".to_owned())];
        assert_eq!(read.matchers.places, places.into());
        assert_eq!(read.matchers.kinds, [TargetKind::Node].into());
    }

    #[test]
    fn every_mistake_is_told_at_once() {
        let mut wrong = ops::Silence { id: "x".to_owned(), kind: 9, ends_at: None, ..silence() };
        wrong.matchers.as_mut().unwrap().targets[0].kind = 4;
        wrong.matchers.as_mut().unwrap().kinds = vec![3];
        let told = checked(&wrong).unwrap_err().to_string();
        for part in [
            "no UUID",
            "silence or maintenance",
            "ends_at is missing",
            "\"checkout\": say whether",
            "kinds: use",
        ] {
            assert!(told.contains(part), "{part} is not in {told}");
        }
        let everything = ops::Silence { matchers: None, ..silence() };
        assert!(checked(&everything).unwrap_err().to_string().contains("every incident"));
    }
}
