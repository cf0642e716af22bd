//! A game day, from the draw to the score.

use crate::stack::Stack;

#[test]
fn a_game_is_played_blind_and_scored_beside_the_agents() {
    let stack = Stack::builder().with_speed(1.0).start();
    let game = stack.json(&["game", "start", "--family", "dependency", "--difficulty", "1", "--speed", "20"]);
    let (id, simulation) = (game["gameId"].as_str().unwrap(), game["simulationId"].as_str().unwrap());
    assert!(game["result"].is_null() && !game.to_string().contains("failure"), "{game}");
    let state = stack.json(&["--simulation", simulation, "sim", "state"]);
    assert_eq!(state["scenario"], "game", "{state}");

    let early = stack.run(&["game", "finish", id]);
    assert_eq!(early.status.code(), Some(4), "{early:?}");
    assert!(String::from_utf8_lossy(&early.stderr).contains("give_up"), "{early:?}");

    // An action of the player's own, beside those that the agent proposes.
    let incident = stack.eventually("an incident opens", |stack| {
        let list = stack.try_json(&["--simulation", simulation, "incidents", "--open"])?;
        list.as_array()?.iter().find(|incident| incident["target"]["kind"] == "TARGET_KIND_SERVICE").cloned()
    });
    let (incident, target) = (incident["id"].as_str().unwrap(), incident["target"]["id"].as_str().unwrap());
    let own =
        ["actions", "propose", incident, "scale_up", target, "--replicas", "1", "--reason", "it is slow"];
    let proposed = stack.try_json(&own);
    if let Some(own) = proposed {
        assert_eq!(own["proposedBy"], "ana", "{own}");
    }

    let over = stack.eventually("the game is over", |stack| {
        let pending = stack.try_json(&["--simulation", simulation, "actions", "list"])?;
        for action in pending.as_array()? {
            stack.run(&["actions", "approve", action["id"].as_str()?]);
        }
        stack.try_json(&["game", "finish", id])
    });
    let rows = over["result"]["rows"].as_array().unwrap();
    let players: Vec<&str> = rows.iter().map(|row| row["player"].as_str().unwrap()).collect();
    assert_eq!(players, ["ana", "nobody", "rules", "oracle"], "{over}");
    assert!(rows[0]["score"].as_f64() > rows[1]["score"].as_f64(), "{over}");
    assert!(!rows[0]["deeds"].as_array().unwrap().is_empty(), "{over}");
    assert_eq!(stack.json(&["game", "finish", id]), over, "finished once");
    assert_eq!(over["result"]["family"], "dependency");
    let best = stack.ok(&["game", "replay", "oracle", "--game", id]);
    let best = best.split_whitespace().next().unwrap();
    let watched = stack.json(&["--simulation", best, "sim", "state"]);
    assert_eq!(watched["scenario"], over["result"]["scenario"]);
    assert_eq!(watched["status"], "SIMULATION_STATUS_PAUSED");
    assert!(stack.ok(&["game", "replay", "oracle", "--game", id]).starts_with(best), "the same one");
    assert!(
        String::from_utf8_lossy(&stack.run(&["game", "replay", "ben", "--game", id]).stderr)
            .contains("These did: ana, nobody, rules, oracle.")
    );
    assert_eq!(stack.count("select count(*) from game_rows"), 4);
    assert!(stack.ok(&["game", "list"]).contains(over["result"]["scenario"].as_str().unwrap()));
}
