//! The four services as children: started together, watched, started again with back-off.

use std::path::Path;
use std::time::{Duration, Instant};

use backing::process::{Process, ProcessSpec, Stopped};

use super::plan::{Plan, Ports};
use crate::output::{self, Failure};
use crate::stack::Stack;

/// In the order they are shown.
pub(super) const NAMES: [&str; 4] = ["orchestrator", "sim-engine", "signal-service", AGENT];
/// The agent that ships.
pub(super) const AGENT: &str = "agent-service";
/// How often children are looked at.
pub(super) const LOOK_EVERY: Duration = Duration::from_millis(100);
/// A fresh database migrates and a cold disk reads within this.
const READY_WITHIN: Duration = Duration::from_secs(90);
/// Services drain within 5 s; then they are killed.
const DRAIN: Duration = Duration::from_secs(6);
/// First pause before a dead service is started again; doubles up to the longest.
const SHORTEST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// A service that ran this long is forgiven its earlier deaths.
const FORGIVEN_AFTER: Duration = Duration::from_secs(30);
/// Deaths before the stack was ever ready that are put down to a real mistake.
const DEATHS_BEFORE_READY: u32 = 3;

pub(super) struct Services {
    services: Vec<Service>,
}

struct Service {
    spec: ProcessSpec,
    state: State,
    deaths: u32,
}

enum State {
    // Boxed: a process is far larger than an instant.
    Running { process: Box<Process>, since: Instant },
    Dead { start_again: Instant },
}

impl Services {
    pub(super) fn start(plan: &Plan, ports: &Ports, stack: &Stack, home: &Path) -> Self {
        output::progress("up: starting the services");
        let services = plan
            .services
            .iter()
            .map(|name| Service {
                spec: spec(name, plan, ports, stack, home),
                // Started by the first look.
                state: State::Dead { start_again: Instant::now() },
                deaths: 0,
            })
            .collect();
        Self { services }
    }

    /// Waits until every service answers that it is ready.
    pub(super) async fn ready(&mut self, stack: &Stack) -> Result<(), Failure> {
        let client = reqwest::Client::builder()
            .timeout(Duration::from_secs(2))
            .build()
            .map_err(|error| Failure::because("build an HTTP client", &error))?;
        let deadline = Instant::now() + READY_WITHIN;
        let mut waiting = stack.health.clone();
        while let Some((name, url)) = waiting.first() {
            self.revive().await;
            self.check_for_mistakes()?;
            let ready = client.get(format!("{url}/readyz")).send().await;
            if ready.is_ok_and(|answer| answer.status().is_success()) {
                output::progress(format!("up: {name} is ready"));
                waiting.remove(0);
            } else if Instant::now() > deadline {
                let tail = self.log_tail(name);
                return Err(Failure::Failed(format!(
                    "{name} was not ready within {READY_WITHIN:?}; it last said:\n{tail}"
                )));
            } else {
                tokio::time::sleep(LOOK_EVERY).await;
            }
        }
        Ok(())
    }

    /// Looks at every service, and starts again those that are dead and whose pause is over.
    pub(super) async fn revive(&mut self) {
        for service in &mut self.services {
            service.look().await;
        }
    }

    /// All at once: each drains on its own.
    pub(super) async fn stop(&mut self) {
        let stopping = self.services.iter_mut().map(|service| async {
            let State::Running { process, .. } = &mut service.state else { return };
            match process.stop(DRAIN).await {
                Ok(Stopped::InTime(_)) => {}
                Ok(Stopped::Killed(_)) => {
                    output::progress(format!(
                        "up: {} did not stop within {DRAIN:?} and was killed",
                        service.spec.name
                    ));
                }
                Err(error) => output::progress(format!("up: {}", Failure::because("stop", &error))),
            }
        });
        futures::future::join_all(stopping).await;
    }

    fn check_for_mistakes(&self) -> Result<(), Failure> {
        match self.services.iter().find(|service| service.deaths >= DEATHS_BEFORE_READY) {
            Some(service) => {
                let name = &service.spec.name;
                Err(Failure::Failed(format!("{name} does not start; it last said:\n{}", self.log_tail(name))))
            }
            None => Ok(()),
        }
    }

    fn log_tail(&self, name: &str) -> String {
        let service = self.services.iter().find(|service| service.spec.name == name);
        service
            .and_then(|service| service.spec.log_file.as_deref())
            .map(backing::process::log_tail)
            .unwrap_or_default()
    }
}

impl Service {
    async fn look(&mut self) {
        match &mut self.state {
            State::Running { process, since } => {
                let status = match process.try_wait() {
                    Ok(None) => return,
                    Ok(Some(status)) => status.to_string(),
                    Err(error) => error.to_string(),
                };
                if since.elapsed() > FORGIVEN_AFTER {
                    self.deaths = 0;
                }
                let pause = LONGEST_PAUSE.min(SHORTEST_PAUSE * 2_u32.saturating_pow(self.deaths));
                self.deaths += 1;
                output::progress(format!(
                    "up: {} ended ({status}), starting it again in {pause:?}",
                    self.spec.name
                ));
                self.state = State::Dead { start_again: Instant::now() + pause };
            }
            State::Dead { start_again } if Instant::now() >= *start_again => {
                match Process::spawn(&self.spec).await {
                    Ok(process) => {
                        self.state = State::Running { process: Box::new(process), since: Instant::now() }
                    }
                    Err(error) => {
                        self.deaths += 1;
                        output::progress(format!("up: {}", Failure::because("start again", &error)));
                        self.state = State::Dead { start_again: Instant::now() + LONGEST_PAUSE };
                    }
                }
            }
            State::Dead { .. } => {}
        }
    }
}

fn spec(name: &str, plan: &Plan, ports: &Ports, stack: &Stack, home: &Path) -> ProcessSpec {
    let mut spec = ProcessSpec::new(name, plan.programs.join(name))
        .log_file(home.join("logs").join(format!("{name}.log")))
        .env("NATS_URL", &stack.nats_url)
        .env("LOG_LEVEL", &plan.log_level);
    let listen = format!("127.0.0.1:{}", ports.of(name));
    if name == "sim-engine" {
        spec = spec
            .env("ADDR", listen)
            .env("SCENARIOS_DIR", &plan.scenarios)
            .env("SIMULATION_SCENARIO", &plan.scenario)
            .env("SIMULATION_SEED", plan.seed.to_string())
            .env("SIMULATION_SPEED", plan.speed.to_string());
        return match &plan.trace {
            Some(trace) => spec.env("TRAFFIC_TRACE", trace),
            None => spec,
        };
    }
    let database = &stack.database;
    spec = spec
        .env("DB_HOST", &database.host)
        .env("DB_PORT", database.port.to_string())
        .env("DB_NAME", &database.name)
        .env("DB_USER", &database.user)
        .env("DB_PASSWORD", &database.password);
    if name == "orchestrator" {
        spec.env("ADDR", listen).env("DASHBOARD_DIR", &plan.dashboard)
    } else {
        spec.env("HEALTH_ADDR", listen)
    }
}
