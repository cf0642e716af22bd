//! Components: when they are proposed, and when they are taken away.

use remedy::action::Component;
use remedy::{Output, Remedy, RemedyKind, Service, ServiceId, Status, Verdict};

use crate::cloud::{Cloud, healthy, kinds, the_only};

const DB: &str = "checkout-db";

/// Overloaded, and read nine times as often as written; there is no room for more of it.
fn reads_at_the_limit() -> Cloud {
    let mut cloud = Cloud::new();
    cloud.topology_service(DB, |db| db.read_ratio = Some(0.9));
    cloud.overload_checkout_db();
    cloud
}

fn adds(component: Component, by: u32) -> Remedy {
    Remedy::AddComponent { component, service: ServiceId::new(DB), by }
}

/// What is proposed one after the other while the engine refuses everything.
fn all_refused(cloud: &mut Cloud, target: &str, metric: &str) -> Vec<RemedyKind> {
    refusing(cloud, (target, metric), 4).iter().flat_map(kinds).collect()
}

/// What is said in so many rounds while the engine refuses everything.
fn refusing(cloud: &mut Cloud, (target, metric): (&str, &str), rounds: u32) -> Vec<Output> {
    cloud.seconds(15);
    cloud.open(target, metric, 85.0);
    let mut round = || {
        let said = cloud.seconds(120);
        for proposal in &said.proposals {
            cloud.update(proposal, 2, Status::Failed);
        }
        said
    };
    (0..rounds).map(|_| round()).collect()
}

#[test]
fn a_database_gets_a_cache_and_then_a_read_replica_when_there_is_no_room_for_more_of_it() {
    let proposed = all_refused(&mut reads_at_the_limit(), DB, "cpu_usage");
    assert_eq!(proposed[..3], [RemedyKind::ScaleUp, RemedyKind::AddCache, RemedyKind::AddReadReplica]);
}

#[test]
fn what_is_hardly_read_gets_no_cache_and_what_is_there_is_not_added_again() {
    let mut cloud = reads_at_the_limit();
    cloud.topology_service(DB, |db| db.read_ratio = Some(0.4));
    assert!(!all_refused(&mut cloud, DB, "cpu_usage").contains(&RemedyKind::AddCache));

    let mut cloud = reads_at_the_limit();
    add_to_topology(&mut cloud, "checkout-db-cache");
    let proposed = all_refused(&mut cloud, DB, "cpu_usage");
    assert_eq!(proposed[..2], [RemedyKind::ScaleUp, RemedyKind::AddReadReplica]);
}

#[test]
fn consumers_and_a_cdn_come_where_messages_wait_and_files_are_asked_for() {
    let mut cloud = Cloud::new();
    cloud.topology_service("checkout", |broker| broker.profile = "message_queue".to_owned());
    cloud.service(DB, |consumer| {
        consumer.cpu_pct = 97.0;
        consumer.queue_depth = 40_000.0;
    });
    let proposed = all_refused(&mut cloud, DB, "queue_depth");
    assert_eq!(proposed[..2], [RemedyKind::ScaleUp, RemedyKind::AddConsumers]);

    let mut cloud = Cloud::new();
    cloud.topology_service("gateway", |entry| entry.static_ratio = Some(0.6));
    cloud.service("gateway", |entry| entry.cpu_pct = 97.0);
    let proposed = all_refused(&mut cloud, "gateway", "cpu_usage");
    assert_eq!(proposed[..3], [RemedyKind::ScaleUp, RemedyKind::AddCdn, RemedyKind::ScaleUp]);
}

#[test]
fn users_who_are_far_away_get_a_cdn_before_anything_else() {
    let far = |away: f64| {
        let mut cloud = Cloud::new();
        cloud.topology_service("gateway", |entry| entry.user_distance_ms = Some(away));
        cloud.service("gateway", |entry| entry.p99_ms = 700.0);
        all_refused(&mut cloud, "gateway", "latency_p99")
    };
    assert_eq!(far(450.0)[0], RemedyKind::AddCdn);
    assert!(!far(150.0).contains(&RemedyKind::AddCdn), "most of the wait is not the way");
}

#[test]
fn a_database_short_of_connections_gets_a_read_replica() {
    let proposed = |connections: f64| {
        let mut cloud = Cloud::new();
        cloud.topology_service(DB, |db| db.read_ratio = Some(0.6));
        cloud.service(DB, |db| {
            db.cpu_pct = 75.0;
            db.error_rate_pct = 8.0;
            db.connections = connections;
        });
        all_refused(&mut cloud, DB, "error_rate")
    };
    // Two of its replicas take traffic, each with 200 connections at most.
    let most = 400.0;
    assert!(proposed(0.9 * most).contains(&RemedyKind::AddReadReplica));
    assert!(!proposed(0.7 * most).contains(&RemedyKind::AddReadReplica));
}

#[test]
fn a_human_is_told_to_consider_sharding_where_writes_are_too_many() {
    let escalation = |reads: f64| {
        let mut cloud = Cloud::new();
        cloud.topology_service(DB, |db| db.read_ratio = Some(reads));
        cloud.service(DB, |db| db.cpu_pct = 97.0);
        let said = refusing(&mut cloud, (DB, "cpu_usage"), 8);
        let decisions = said.iter().flat_map(|said| &said.decisions);
        let escalated = decisions.filter(|decision| decision.verdict == Verdict::Escalated);
        escalated.map(|decision| decision.reason.clone()).next().unwrap()
    };
    assert!(escalation(0.2).contains("80 % of what checkout-db is asked writes"), "{}", escalation(0.2));
    assert!(escalation(0.2).contains("consider sharding"));
    assert!(!escalation(0.9).contains("sharding"), "reads go elsewhere");
}

fn add_to_topology(cloud: &mut Cloud, id: &str) {
    let like = cloud.topology_services.iter().find(|service| service.id.as_str() == DB).unwrap();
    let added = Service { id: ServiceId::new(id), profile: "redis".to_owned(), ..like.clone() };
    cloud.topology_services.push(added);
    cloud.services.insert(id.to_owned(), (healthy(), 1));
    cloud.publish_topology();
}

/// A cache that was added, and whose incident is over.
fn with_a_cache() -> Cloud {
    let mut cloud = reads_at_the_limit();
    cloud.seconds(15);
    let incident = cloud.open(DB, "cpu_usage", 85.0);
    let scale_up = the_only(&cloud.seconds(20)).clone();
    cloud.update(&scale_up, 2, Status::Failed);
    let cache = the_only(&cloud.seconds(120)).clone();
    assert_eq!(cache.remedy, adds(Component::Cache, 1));
    add_to_topology(&mut cloud, "checkout-db-cache");
    cloud.update(&cache, 3, Status::Succeeded);
    cloud.resolve(incident);
    for service in ["checkout", "gateway", DB] {
        cloud.service(service, |reading| *reading = healthy());
    }
    cloud
}

#[test]
fn a_component_goes_when_its_target_could_long_have_done_without() {
    let mut cloud = with_a_cache();
    // At 30 % with 100 requests a second; the 200 of the cache would make it 90 %.
    cloud.service("checkout-db-cache", |cache| cache.request_rate = 200.0);
    assert!(cloud.seconds(600).proposals.is_empty());
    cloud.service(DB, |db| db.cpu_pct = 10.0);
    assert!(cloud.seconds(110).proposals.is_empty(), "not at once");
    let said = cloud.seconds(40);
    let removal = the_only(&said);
    assert_eq!(removal.remedy, Remedy::RemoveComponent { service: ServiceId::new("checkout-db-cache") });
    assert!(removal.reason.contains("could have borne the requests"), "{}", removal.reason);
    cloud.update(removal, 3, Status::Succeeded);
    assert!(cloud.seconds(600).proposals.is_empty(), "once");
}

#[test]
fn a_component_that_an_operator_wants_to_keep_stays() {
    let mut cloud = with_a_cache();
    cloud.service(DB, |db| db.cpu_pct = 5.0);
    let said = cloud.seconds(200);
    cloud.update(the_only(&said), 2, Status::Rejected);
    assert!(cloud.seconds(2_000).proposals.is_empty());
}
