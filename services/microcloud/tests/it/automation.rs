//! The kill switch, from the command line to the simulation.

use crate::r#loop::{approve_until_healed, messages};
use crate::stack::Stack;

#[test]
fn nothing_is_done_while_automation_is_paused_whatever_is_killed_and_the_cloud_heals_afterwards() {
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
    approve_until_healed(&stack);
}
