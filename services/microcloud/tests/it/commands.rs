//! The command line: what it answers when all is well, and what it says when it is not.

use std::net::TcpListener;

use crate::stack::{Stack, free_ports, microcloud, repository};

fn stderr_of(output: &std::process::Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn without_a_stack_commands_say_what_to_do() {
    let home = tempfile::tempdir().unwrap();
    for arguments in
        [&["status"][..], &["incidents"], &["sql", "select 1"], &["tail", "ops.incidents"], &["dlq", "list"]]
    {
        let output = microcloud(home.path())
            .env("MICROCLOUD_URL", "http://127.0.0.1:9")
            .args(arguments)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(3), "{arguments:?}: {}", stderr_of(&output));
        assert!(stderr_of(&output).contains("microcloud up"), "{arguments:?}: {}", stderr_of(&output));
    }
}

#[test]
fn a_bad_start_names_every_mistake() {
    let home = tempfile::tempdir().unwrap();
    let cases: [(&[&str], &str); 4] = [
        (&["--speed", "0"], "--speed"),
        (&["--trace", "/does/not/exist.csv"], "/does/not/exist.csv"),
        (&["--scenarios", "/does/not/exist"], "/does/not/exist"),
        (&["--scenario", "no_such"], "cascade_failure"),
    ];
    for (arguments, named) in cases {
        let output = microcloud(home.path()).arg("up").args(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", stderr_of(&output));
        assert!(stderr_of(&output).contains(named), "{arguments:?}: {}", stderr_of(&output));
    }
}

#[test]
fn the_table_of_environment_variables_is_true() {
    let table = std::fs::read_to_string(repository().join("docs/running.md")).unwrap();
    let programs = std::path::Path::new(env!("CARGO_BIN_EXE_microcloud")).parent().unwrap();
    for service in ["sim-engine", "signal-service", "agent-service", "orchestrator"] {
        let output = std::process::Command::new(programs.join(service)).arg("--help").output().unwrap();
        let help = String::from_utf8(output.stdout).unwrap();
        let variables: Vec<_> =
            help.lines().filter_map(|line| line.strip_prefix("  ")?.split_whitespace().next()).collect();
        assert!(variables.contains(&"NATS_URL"), "{service}: {help}");
        for variable in variables {
            assert!(
                table.contains(&format!("`{variable}`")),
                "docs/running.md does not tell of {variable} of {service}"
            );
        }
    }
}

#[test]
fn doctor_tells_what_is_installed() {
    let home = tempfile::tempdir().unwrap();
    let output = microcloud(home.path()).args(["doctor", "--json"]).output().unwrap();
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(report["nats_server"]["version"].is_string(), "{report}");
    assert!(report["postgresql"]["version"].is_string(), "{report}");
    assert!(report["ports"].as_array().is_some_and(|ports| !ports.is_empty()), "{report}");
}

#[test]
fn a_running_stack_answers_every_command() {
    let taken = free_ports();
    let _occupied = TcpListener::bind(("127.0.0.1", taken)).unwrap();
    let stack = Stack::builder().with_arguments(&["--port-base", &taken.to_string()]).start_on_given_ports();
    assert!(!stack.url.ends_with(&format!(":{taken}")), "a taken port must move");

    let scenarios = stack.json(&["scenario", "list"]);
    let names: Vec<_> =
        scenarios.as_array().unwrap().iter().map(|scenario| scenario["name"].as_str().unwrap()).collect();
    for shipped in ["normal", "high_load", "cascade_failure", "trace_replay"] {
        assert!(names.contains(&shipped), "{names:?}");
    }

    stack.ok(&["sim", "pause"]);
    let before = tick(&stack);
    stack.ok(&["sim", "step", "40"]);
    assert_eq!(tick(&stack), before + 40);
    stack.ok(&["sim", "play"]);
    stack.ok(&["sim", "speed", "20"]);
    stack.eventually("telemetry is stored", |stack| {
        (stack.count("select count(*) from metrics") > 0).then_some(())
    });

    let doctor = stack.json(&["doctor"]);
    for view in ["metrics_1m", "metrics_1h"] {
        assert!(doctor["rollups"][view]["behind_s"].is_number(), "{doctor}");
        assert!(doctor["rollups"][view]["due"].is_number(), "{doctor}");
    }

    refused(&stack, &["sim", "speed", "0"], "0.1");
    refused(&stack, &["sim", "speed", "-3"], "0.1");
    refused(&stack, &["sim", "speed", "NaN"], "0.1");
    refused(&stack, &["scenario", "set", "no_such"], "cascade_failure");
    refused(&stack, &["fault", "inject", "no_such_fault", "checkout"], "node_crash");
    refused(&stack, &["fault", "inject", "node_crash", "no_such_node"], "checkout");
    refused(&stack, &["fault", "clear", "no_such_id"], "no_such_id");
    refused(&stack, &["incidents", "show", "no_such_id"], "microcloud incidents");
    refused(&stack, &["chaos", "2"], "from 0");
    refused(
        &stack,
        &["actions", "approve", "00000000-0000-5000-8000-000000000000"],
        "00000000-0000-5000-8000-000000000000",
    );
    refused(&stack, &["actions", "approve", "not-a-uuid-but-as-long-as-one-0000000"], "UUID");

    stack.ok(&["fault", "inject", "service_crash", "checkout", "--id", "by-hand", "--for", "600"]);
    stack.eventually("the fault is in force", |stack| {
        stack.ok(&["fault", "list"]).contains("by-hand").then_some(())
    });
    stack.ok(&["fault", "clear", "by-hand"]);

    let line = stack.ok(&["tail", "sim.metrics", "--count", "1"]);
    let snapshot: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!(snapshot["message"]["simulationId"], "default");

    assert_eq!(stack.json(&["dlq", "list"]), serde_json::json!([]));
    assert!(
        !stack.run(&["sql", "insert into incidents select * from incidents"]).status.success(),
        "the reader wrote"
    );
    assert!(!stack.run(&["sql", "select * from audit_secrets"]).status.success());

    let old_run = stack.json(&["sim", "state"])["runId"].clone();
    stack.ok(&["sim", "reset", "--seed", "7"]);
    assert_ne!(stack.json(&["sim", "state"])["runId"], old_run);
}

fn tick(stack: &Stack) -> u64 {
    stack.json(&["sim", "state"])["tick"].as_str().unwrap().parse().unwrap()
}

/// The stack says no, and the sentence names what helps.
fn refused(stack: &Stack, arguments: &[&str], helps: &str) {
    let output = stack.run(arguments);
    assert_eq!(output.status.code(), Some(4), "{arguments:?}: {}", stderr_of(&output));
    assert!(stderr_of(&output).contains(helps), "{arguments:?}: {}", stderr_of(&output));
}
