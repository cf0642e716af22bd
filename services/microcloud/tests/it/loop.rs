//! Scenario → incident → proposal → approval → healed, and all of it in SQL.

use serde_json::Value;

use crate::stack::{Stack, repository};

/// Approves whatever is proposed until no incident is open, as an operator who trusts the agent would.
pub(crate) fn approve_until_healed(stack: &Stack) -> Vec<String> {
    let mut approved = Vec::new();
    stack.eventually("the cloud is healed", |stack| {
        for action in stack.pending() {
            let id = action["id"].as_str().unwrap().to_owned();
            let answer = stack.run(&["actions", "approve", &id, "--idempotency-key", &id]);
            if answer.status.success() {
                approved.push(id);
            }
        }
        let effective = stack.try_json(&["actions", "list", "--all"])?;
        let healed = effective.as_array()?.iter().any(|action| action["effect"] == "ACTION_EFFECT_EFFECTIVE");
        (healed && stack.open_incidents()?.is_empty()).then_some(())
    });
    approved
}

/// Every action's stored state is one that the state machine can end or wait in, and every effect happened once.
pub(crate) fn nothing_lost_or_doubled(stack: &Stack) {
    stack.eventually("every action has come to an end", |stack| {
        (stack.count("select count(*) from actions where status in (2, 3)") == 0).then_some(())
    });
    assert_eq!(
        stack.count("select count(*) - count(distinct id) from incidents"),
        0,
        "an incident is doubled"
    );
    assert_eq!(stack.count("select count(*) - count(distinct id) from actions"), 0, "an action is doubled");
    assert_eq!(
        stack.count("select count(*) from (select time, metric_name, service_id, node_id from metrics group by 1, 2, 3, 4 having count(*) > 1) twice"),
        0,
        "telemetry is doubled"
    );
    let commands = messages(stack, "ops.commands");
    let executed: Vec<_> = messages(stack, "sim.events")
        .into_iter()
        .filter(|event| event["kind"] == "SIMULATION_EVENT_KIND_ACTION_EXECUTING")
        .collect();
    let approved = stack.count("select count(*) from actions where status in (4, 5) and decided_by <> ''");
    assert_eq!(i64::try_from(commands.len()).unwrap(), approved, "one command an approved action");
    assert_eq!(distinct(&commands, "actionId"), commands.len(), "a command was doubled");
    assert_eq!(distinct(&executed, "actionId"), executed.len(), "an effect was doubled");
    let incidents = messages(stack, "ops.incidents");
    let stored = stack.count("select count(*) from incidents");
    assert_eq!(
        distinct(&incidents, "id"),
        usize::try_from(stored).unwrap(),
        "stored and published incidents differ"
    );
}

/// Every message that a subject's stream keeps, decoded.
pub(crate) fn messages(stack: &Stack, subject: &str) -> Vec<Value> {
    let text = stack.ok(&["tail", subject, "--from", "stored"]);
    text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["message"].clone()).collect()
}

fn distinct(messages: &[Value], field: &str) -> usize {
    messages.iter().map(|message| message[field].to_string()).collect::<std::collections::BTreeSet<_>>().len()
}

#[test]
fn an_approved_action_heals_the_cascade_and_sql_tells_the_story() {
    let stack = Stack::builder().with_speed(5.0).start();
    stack.ok(&["scenario", "set", "cascade_failure"]);
    let incident = stack.eventually("an incident opens", |stack| stack.open_incidents()?.into_iter().next());
    assert!(incident["title"].as_str().is_some_and(|title| !title.is_empty()));
    let id = incident["id"].as_str().unwrap();
    let shown = stack.ok(&["incidents", "show", &id[..12]]);
    assert!(shown.contains(id), "{shown}");

    let proposal = stack.eventually("an action is proposed", |stack| stack.pending().into_iter().next());
    assert_eq!(proposal["status"], "ACTION_STATUS_PROPOSED");
    assert!(
        proposal["reason"].as_str().is_some_and(|reason| reason.chars().any(|c| c.is_ascii_digit())),
        "{proposal}"
    );
    stack.eventually("what would come of a proposal is told beside doing nothing", |stack| {
        let id = stack.pending().first()?["id"].as_str()?.to_owned();
        stack.ok(&["actions", "show", &id]).contains("do nothing").then_some(())
    });

    let approved = approve_until_healed(&stack);
    assert!(!approved.is_empty());

    // Twice is once, and the one who is late is told who decided.
    let again = stack.run(&["actions", "approve", &approved[0], "--operator", "ben"]);
    assert_eq!(again.status.code(), Some(4));
    assert!(String::from_utf8_lossy(&again.stderr).contains("ana"), "{again:?}");

    assert!(stack.count("select count(*) from metrics") > 1_000);
    assert!(stack.count("select count(*) from incidents where resolved") > 0);
    assert_eq!(stack.count("select count(*) from open_incidents"), 0);
    assert!(stack.count("select count(*) from action_outcomes where effect_name = 'EFFECTIVE'") > 0);
    assert!(stack.count("select count(*) from mttr") > 0);
    assert!(stack.count("select count(*) from incident_timeline") > 0);
    nothing_lost_or_doubled(&stack);
}

#[test]
fn the_loop_runs_on_real_request_counts() {
    let trace = repository().join("../shared/data/nab/data/realAWSCloudwatch/elb_request_count_8c0756.csv");
    if !trace.exists() {
        println!("skipped: the real trace is not here ({})", trace.display());
        return;
    }
    let arguments = ["--scenario", "trace_replay", "--trace", trace.to_str().unwrap()];
    let stack = Stack::builder().with_speed(5.0).with_arguments(&arguments).start();
    stack.eventually("an incident opens", |stack| stack.open_incidents()?.into_iter().next());
    approve_until_healed(&stack);
    // The entry service sees the trace's variation, not a constant.
    let spread = stack.sql(
        "select (max(metric_value) - min(metric_value)) / nullif(avg(metric_value), 0) > 0.1 \
         from metrics where metric_name = 'request_rate' group by service_id order by max(metric_value) desc limit 1",
    );
    assert_eq!(spread[0][0], "t");
    nothing_lost_or_doubled(&stack);
}
