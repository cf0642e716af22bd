//! Two simulations at once through the whole loop: what happens in one never shows in the other.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::{Arc, Mutex};

use serde_json::Value;

use crate::r#loop::messages;
use crate::stack::Stack;

/// What the event stream of a simulation has said so far.
fn listen(stack: &Stack, simulation: &str) -> Arc<Mutex<String>> {
    let address = stack.url.trim_start_matches("http://").to_owned();
    let mut connection = TcpStream::connect(&address).unwrap();
    let request = format!("GET /api/stream?simulation={simulation} HTTP/1.1\r\nHost: {address}\r\n\r\n");
    connection.write_all(request.as_bytes()).unwrap();
    let heard = Arc::new(Mutex::new(String::new()));
    let hearing = heard.clone();
    std::thread::spawn(move || {
        let mut buffer = [0; 4_096];
        while let Ok(read @ 1..) = connection.read(&mut buffer) {
            hearing.lock().unwrap().push_str(&String::from_utf8_lossy(&buffer[..read]));
        }
    });
    heard
}

fn of(simulation: &str, stack: &Stack, arguments: &[&str]) -> Option<Vec<Value>> {
    let arguments = [&["--simulation", simulation], arguments].concat();
    stack.try_json(&arguments)?.as_array().cloned()
}

#[test]
fn two_simulations_at_once_never_show_in_each_other() {
    let stack = Stack::builder().with_speed(5.0).start();
    let created = stack.ok(&[
        "sim",
        "create",
        "game-day",
        "--scenario",
        "cascade_failure",
        "--seed",
        "7",
        "--speed",
        "20",
        "--start",
    ]);
    assert!(created.contains("game-day: cascade_failure (seed 7), playing at 20×"), "{created}");
    let theirs = stack.eventually("the stream of the game day is open", |stack| {
        let heard = listen(stack, "game-day");
        for _ in 0..20 {
            if heard.lock().unwrap().contains("event: snapshot") {
                return Some(heard);
            }
            crate::stack::wait();
        }
        None
    });
    let ours = listen(&stack, "default");

    stack.eventually("the game day is won", |stack| {
        for action in of("game-day", stack, &["actions", "list"])? {
            let id = action["id"].as_str().unwrap().to_owned();
            stack.run(&["actions", "approve", &id, "--idempotency-key", &id]);
        }
        let actions = of("game-day", stack, &["actions", "list", "--all"])?;
        let healed = actions.iter().any(|action| action["effect"] == "ACTION_EFFECT_EFFECTIVE");
        (healed && of("game-day", stack, &["incidents", "--open"])?.is_empty()).then_some(())
    });
    assert!(stack.json(&["incidents"]).as_array().unwrap().is_empty(), "nothing happened here");
    assert!(stack.json(&["actions", "list", "--all"]).as_array().unwrap().is_empty());
    for subject in ["ops.incidents", "ops.actions", "ops.commands"] {
        let told = messages(&stack, subject);
        assert!(!told.is_empty() && told.iter().all(|one| one["simulationId"] == "game-day"), "{subject}");
    }
    for table in ["incidents", "actions"] {
        assert_eq!(
            stack.count(&format!("select count(*) from {table} where simulation_id <> 'game-day'")),
            0
        );
    }
    let said = theirs.lock().unwrap().clone();
    assert!(said.contains("event: incident") && said.contains("event: action"), "{said}");
    assert!(!said.contains("\"simulationId\":\"default\""), "the game day hears of the other simulation");
    let said = ours.lock().unwrap().clone();
    assert!(
        said.contains("event: metrics") && !said.contains("game-day"),
        "the other simulation hears of the game day"
    );

    assert!(stack.ok(&["sim", "use", "game-day"]).contains("game-day"));
    assert_eq!(stack.json(&["sim", "state"])["simulationId"], "game-day");
    stack.ok(&["sim", "fork", "what-if"]);
    stack.ok(&["sim", "use", "default"]);
    let listed = stack.ok(&["sim", "list"]);
    assert!(listed.contains("what-if") && listed.contains("paused"), "{listed}");
    for id in ["game-day", "what-if"] {
        stack.ok(&["sim", "delete", id]);
    }
    stack.eventually("nothing of the telemetry is left", |stack| {
        (stack.count("select count(*) from metrics where simulation_id <> 'default'") == 0).then_some(())
    });
    assert!(!stack.run(&["sim", "delete", "default"]).status.success());
    stack.healthy();
}
