//! The kill switch and the approval policies, from the command line to the simulation.

use crate::r#loop::{messages, nothing_lost_or_doubled};
use crate::stack::Stack;

#[test]
fn nothing_is_done_while_automation_is_paused_whatever_is_killed_and_it_goes_on_afterwards() {
    let stack = Stack::builder().with_speed(5.0).start();
    stack.ok(&["scenario", "set", "cascade_failure"]);
    let proposal = stack.eventually("an action is proposed", |stack| stack.pending().into_iter().next());
    let id = proposal["id"].as_str().unwrap();
    assert!(stack.ok(&["automation", "status"]).contains("automatic"));
    assert_eq!(stack.run(&["automation", "pause"]).status.code(), Some(2), "a pause takes a reason");
    let paused = stack.json(&["automation", "pause", "--reason", "restarts make it worse"]);
    assert_eq!(paused["automation"]["state"], "AUTOMATION_STATE_PAUSED");

    for service in ["orchestrator", "agent-service", "sim-engine", "nats-server"] {
        stack.kill(service);
        stack.healthy();
        let refused = stack.eventually("the orchestrator answers", |stack| {
            let answer = stack.run(&["actions", "approve", id, "--operator", "ben"]);
            (answer.status.code() == Some(4)).then(|| String::from_utf8(answer.stderr).unwrap())
        });
        assert!(
            refused.contains("ana") || refused.contains("incident is over"),
            "after {service}: {refused}"
        );
    }
    let status = stack.ok(&["automation", "status"]);
    assert!(status.contains("paused") && status.contains("restarts make it worse"), "{status}");
    assert!(messages(&stack, "ops.commands").is_empty());

    stack.ok(&["automation", "resume", "--reason", "the cause is known"]);
    stack.eventually("an action helps", |stack| {
        for action in stack.pending() {
            stack.run(&["actions", "approve", action["id"].as_str().unwrap()]);
        }
        let actions = stack.try_json(&["actions", "list", "--all"])?;
        actions.as_array()?.iter().any(|action| action["effect"] == "ACTION_EFFECT_EFFECTIVE").then_some(())
    });
}

#[test]
fn a_policy_heals_the_cloud_by_itself_and_a_drain_takes_two() {
    let stack = Stack::builder().with_speed(5.0).start();
    let file = stack.home().join("policies.yaml");
    let policies = "- {name: drains, types: [drain_node], mode: two_person}\n\
                    - {name: rest, types: [restart_service, scale_up, scale_down, rebalance_traffic], mode: auto_approve}\n";
    std::fs::write(&file, "- {name: all, mode: auto_approve}").unwrap();
    let refused = stack.run(&["policies", "apply", file.to_str().unwrap()]);
    assert_eq!(refused.status.code(), Some(4));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("must name the types"), "{refused:?}");
    std::fs::write(&file, policies).unwrap();
    stack.ok(&["policies", "apply", file.to_str().unwrap(), "--reason", "a drill"]);
    let shown = stack.ok(&["policies", "show"]);
    assert!(shown.contains("set by ana") && shown.contains("two_person"), "{shown}");

    stack.ok(&["scenario", "set", "cascade_failure"]);
    stack.eventually("an action helps without anybody", |stack| {
        let actions = stack.try_json(&["actions", "list", "--all"])?;
        let healed =
            actions.as_array()?.iter().find(|action| action["effect"] == "ACTION_EFFECT_EFFECTIVE")?.clone();
        assert_eq!(healed["decidedBy"], "policy rest", "{healed}");
        Some(())
    });
    stack.ok(&["policies", "clear"]);
    assert!(stack.ok(&["policies", "show"]).contains("a person is asked about everything"));
    nothing_lost_or_doubled(&stack);
}
