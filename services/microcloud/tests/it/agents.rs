//! Agents of others at the doors of a running stack: the examples heal, a language model's client heals, none of them approves.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

use crate::r#loop::{approve_until_healed, nothing_lost_or_doubled};
use crate::stack::{Stack, microcloud, repository};

/// A process that ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// A stack whose own agent stays out of it.
fn stack() -> Stack {
    Stack::builder().with_speed(5.0).with_arguments(&["--without-agent"]).start()
}

fn register(stack: &Stack, name: &str) -> String {
    stack.ok(&["agents", "register", name, "--description", "a test"]).trim().to_owned()
}

fn nats_url(stack: &Stack) -> String {
    let file = std::fs::read(stack.home().join("stack/stack.json")).unwrap();
    serde_json::from_slice::<Value>(&file).unwrap()["nats_url"].as_str().unwrap().to_owned()
}

fn example(name: &str) -> PathBuf {
    repository().join("examples/agents").join(name)
}

/// A Python with what the examples need: that of scripts/setup.sh, or one made for the tests.
fn python() -> PathBuf {
    let works = |python: &PathBuf| {
        Command::new(python)
            .args(["-c", "import grpc_tools, nats"])
            .output()
            .is_ok_and(|it| it.status.success())
    };
    let ours = repository().join(".tools/venv/bin/python");
    if works(&ours) {
        return ours;
    }
    let venv = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("agents-venv");
    let made = venv.join("bin/python");
    if !works(&made) {
        let ok = |command: &mut Command| assert!(command.status().unwrap().success(), "{command:?}");
        ok(Command::new("python3").args(["-m", "venv"]).arg(&venv));
        let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"];
        ok(Command::new(&made).args(pip).arg(example("requirements.txt")));
    }
    made
}

/// An operator approves what the agent proposes until the cloud is well.
fn heals_the_cascade(stack: &Stack, agent: &mut Command, name: &str) {
    let _agent = Running(agent.stderr(Stdio::inherit()).spawn().unwrap());
    stack.ok(&["scenario", "set", "cascade_failure"]);
    let approved = approve_until_healed(stack);
    assert!(!approved.is_empty());
    let others = format!("select count(*) from actions where proposed_by <> '{name}'");
    assert_eq!(stack.count(&others), 0, "nobody else proposed");
    nothing_lost_or_doubled(stack);
}

#[test]
fn the_python_example_heals_the_cascade_on_the_bus() {
    let stack = stack();
    register(&stack, "snake");
    let mut agent = Command::new(python());
    heals_the_cascade(&stack, agent.arg(example("bus.py")).args([&nats_url(&stack), "snake"]), "snake");
}

#[test]
fn the_rust_example_heals_the_cascade_on_the_bus() {
    let stack = stack();
    register(&stack, "crab");
    let program = PathBuf::from(env!("CARGO_BIN_EXE_microcloud")).with_file_name("examples/bus");
    heals_the_cascade(&stack, Command::new(program).args([&nats_url(&stack), "crab"]), "crab");
}

#[test]
fn the_python_example_heals_the_cascade_by_http() {
    let stack = stack();
    let token = register(&stack, "caller");
    let mut agent = Command::new("python3");
    heals_the_cascade(&stack, agent.arg(example("connect.py")).arg(&stack.url).env("TOKEN", token), "caller");
    stack.ok(&["agents", "retire", "caller", "--reason", "the test is over"]);
    let agents = stack.json(&["agents", "list", "--all"]);
    let caller = agents.as_array().unwrap().iter().find(|agent| agent["name"] == "caller").unwrap();
    assert_eq!(caller["retiredBy"], "ana");
}

/// A client of the Model Context Protocol: a JSON object a line.
struct Client {
    _server: Running,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    last: u64,
}

#[allow(clippy::needless_pass_by_value)] // Messages are written where they are sent.
impl Client {
    fn start(stack: &Stack) -> Self {
        let mut server =
            microcloud(stack.home()).arg("mcp").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (input, output) = (server.stdin.take().unwrap(), server.stdout.take().unwrap());
        let mut client = Self { _server: Running(server), input, output: BufReader::new(output), last: 0 };
        let hello = json!({
            "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": { "name": "test", "version": "1" }
        });
        let welcome = client.request("initialize", hello);
        assert_eq!(welcome["serverInfo"]["name"], "microcloud");
        client.send(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }));
        client
    }

    fn send(&mut self, message: &Value) {
        writeln!(self.input, "{message}").unwrap();
        self.input.flush().unwrap();
    }

    fn request(&mut self, method: &str, params: Value) -> Value {
        self.last += 1;
        self.send(&json!({ "jsonrpc": "2.0", "id": self.last, "method": method, "params": params }));
        loop {
            let mut line = String::new();
            assert!(self.output.read_line(&mut line).unwrap() > 0, "the server ended");
            let message: Value = serde_json::from_str(&line).unwrap();
            if message["id"] == self.last {
                assert!(message["error"].is_null(), "{message}");
                return message["result"].clone();
            }
        }
    }

    /// What a tool says, and whether that is an error.
    fn tool(&mut self, name: &str, arguments: Value) -> (String, bool) {
        let result = self.request("tools/call", json!({ "name": name, "arguments": arguments }));
        (result["content"][0]["text"].as_str().unwrap().to_owned(), result["isError"] == true)
    }

    fn answer(&mut self, name: &str, arguments: Value) -> Value {
        let (text, error) = self.tool(name, arguments);
        assert!(!error, "{name}: {text}");
        serde_json::from_str(&text).unwrap()
    }
}

#[test]
fn a_client_of_the_model_context_protocol_solves_a_scenario_and_cannot_approve() {
    let stack = stack();
    let mut client = Client::start(&stack);
    let listed = client.request("tools/list", json!({}));
    let tools: Vec<&str> =
        listed["tools"].as_array().unwrap().iter().map(|it| it["name"].as_str().unwrap()).collect();
    assert!(tools.contains(&"propose") && !tools.iter().any(|tool| tool.contains("approve")), "{tools:?}");
    stack.ok(&["scenario", "set", "cascade_failure"]);

    let incident = stack.eventually("an incident has a suspect", |_| {
        let incidents = client.answer("list_incidents", json!({}));
        incidents.as_array()?.iter().find(|incident| incident["suspects"].is_array()).cloned()
    });
    let id = incident["id"].as_str().unwrap();
    let shown = client.answer("get_incident", json!({ "incident_id": id }));
    assert!(shown["incident"]["suspects"][0]["reasons"].is_array(), "{shown}");
    let suspect = incident["suspects"][0]["id"].as_str().unwrap();
    let cloud = client.answer("topology", json!({}));
    assert!(cloud["measured"]["services"][suspect]["values"]["error_rate"].is_number(), "{cloud}");
    let asked = json!({ "metrics": ["error_rate"], "services": [suspect] });
    assert!(!client.answer("query_telemetry", asked)["series"][0]["values"].is_null());

    // What the cloud would refuse has no rank, and doing nothing no action.
    let action = stack.eventually("something is better than doing nothing", |_| {
        let preview = client.answer("preview_incident", json!({ "incident_id": id }));
        let best =
            preview["options"].as_array()?.iter().find(|option| option["rank"] == 1)?["action"].clone();
        best.is_object().then_some(best)
    });
    let wish = json!({
        "incident_id": id, "type": action["type"], "target": action["targetId"],
        "replicas": action["replicas"].as_u64().unwrap_or(0), "reason": "the best of what was looked ahead at"
    });
    let (text, refused) = client.tool("propose", {
        let mut wish = wish.clone();
        wish["target"] = json!("*");
        wish
    });
    assert!(refused && text.contains("wildcard"), "{text}");
    let proposed = client.answer("propose", wish);
    assert_eq!(
        (&proposed["status"], &proposed["proposedBy"]),
        (&json!("ACTION_STATUS_PROPOSED"), &json!("mcp"))
    );

    approve_until_healed(&stack);
    let mine = client.answer("my_actions", json!({}));
    let effective = |action: &Value| action["effect"] == "ACTION_EFFECT_EFFECTIVE";
    assert!(mine.as_array().unwrap().iter().any(effective), "{mine}");

    // The token is kept: whoever comes back is the same agent.
    drop(client);
    assert_eq!(Client::start(&stack).answer("my_actions", json!({})), mine);
}
