//! Whatever dies, nothing is lost and nothing is doubled.

use crate::r#loop::{approve_until_healed, nothing_lost_or_doubled};
use crate::stack::Stack;

#[test]
fn killing_each_service_in_turn_loses_and_doubles_nothing() {
    let stack = Stack::builder().with_speed(5.0).start();
    stack.ok(&["scenario", "set", "cascade_failure"]);
    stack.kill("signal-service");
    stack.eventually("an incident opens", |stack| stack.open_incidents()?.into_iter().next());
    stack.kill("agent-service");
    let proposal = stack.eventually("an action is proposed", |stack| stack.pending().into_iter().next());
    let id = proposal["id"].as_str().unwrap();
    stack.ok(&["actions", "approve", id, "--idempotency-key", "first"]);
    stack.kill("orchestrator");
    stack.kill("sim-engine");
    stack.eventually("the answer is the same after the crash", |stack| {
        stack.run(&["actions", "approve", id, "--idempotency-key", "first"]).status.success().then_some(())
    });
    approve_until_healed(&stack);
    stack.healthy();
    nothing_lost_or_doubled(&stack);
}

#[test]
fn the_loop_survives_its_servers() {
    let stack = Stack::builder().with_speed(5.0).start();
    stack.ok(&["scenario", "set", "cascade_failure"]);
    stack.kill("nats-server");
    stack.eventually("an action is proposed", |stack| stack.pending().into_iter().next());
    stack.kill("postgres");
    approve_until_healed(&stack);
    stack.healthy();
    nothing_lost_or_doubled(&stack);
}
