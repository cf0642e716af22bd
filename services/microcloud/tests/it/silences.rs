//! Silences and maintenance windows, from the command line to the agent.

use crate::stack::Stack;

#[test]
fn maintenance_keeps_the_agent_off_while_everything_is_recorded_and_ends_by_hand() {
    let stack = Stack::builder().with_speed(10.0).start();
    stack.eventually("telemetry is stored", |stack| {
        (stack.count("select count(*) from metrics") > 0).then_some(())
    });
    let everywhere = ["--zone", "zone-a", "--zone", "zone-b", "--zone", "zone-c"];
    let add = ["silences", "add", "--maintenance", "--for", "1d", "--comment", "a drill"];
    let silence = stack.json(&[&add[..], &everywhere].concat());
    assert_eq!(silence["state"], "SILENCE_STATE_ACTIVE", "{silence}");
    let id = silence["id"].as_str().unwrap();

    stack.ok(&["scenario", "set", "cascade_failure"]);
    let incident = stack.eventually("an incident opens", |stack| stack.open_incidents()?.into_iter().next());
    assert_eq!(incident["silencedBy"], silence["id"], "{incident}");
    assert_eq!(incident["silenceKind"], "SILENCE_KIND_MAINTENANCE");
    let shown = stack.ok(&["incidents", "show", incident["id"].as_str().unwrap()]);
    assert!(shown.contains("ana, until") && shown.contains("a drill"), "{shown}");
    assert!(stack.ok(&["silences", "list"]).contains("zone zone-a or zone zone-b"), "it is in force");
    assert_eq!(stack.count("select count(*) from open_incidents where silence_kind_name is null"), 0);

    // A minute in which the agent would have proposed something.
    let later = format!(
        "select count(*) from telemetry_clock where latest_time > timestamptz '{}' + interval '1 minute'",
        incident["detectedAt"].as_str().unwrap()
    );
    stack.eventually("a minute has passed", |stack| (stack.count(&later) > 0).then_some(()));
    assert!(stack.pending().is_empty(), "the agent keeps off");

    let ended = stack.json(&["silences", "end", &id[..8], "--reason", "enough"]);
    assert_eq!(ended["state"], "SILENCE_STATE_OVER", "{ended}");
    stack.eventually("the incidents are not silenced any more", |stack| {
        (stack.count("select count(*) from open_incidents where silenced_by is not null") == 0).then_some(())
    });
    stack.eventually("an action is proposed", |stack| stack.pending().into_iter().next());
    assert!(stack.ok(&["silences", "list"]).contains("Nothing is silenced"));
    assert_eq!(stack.json(&["silences", "show", id])["reason"], "enough");
}

#[test]
fn a_silence_of_everything_is_no_command() {
    let home = tempfile::tempdir().unwrap();
    for arguments in [
        &["silences", "add", "--for", "1h", "--comment", "x"][..],
        &["silences", "add", "--service", "checkout", "--comment", "x"],
        &["silences", "add", "--service", "checkout", "--for", "soon", "--comment", "x"],
        &["silences", "add", "--family", "cpu", "--label", "team", "--for", "1h", "--comment", "x"],
    ] {
        let mut command = crate::stack::microcloud(home.path());
        let output = command.env("MICROCLOUD_OPERATOR", "ana").args(arguments).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
    }
}
