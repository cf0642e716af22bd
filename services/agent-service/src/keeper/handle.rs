//! How the rest of the service talks to the keeper: by requests in a queue, one after the other.

use bus::Failure;
use proto::sim::v1::MetricSnapshot;
use remedy::{ActionUpdate, Expectation, Incident, Question, Target};
use tokio::sync::{mpsc, oneshot};

use crate::convert::{Beat, Scope};

/// A message of a durable consumer, by which the inbox knows it again.
#[derive(Debug, Clone)]
pub(crate) struct Mark {
    pub(crate) consumer: &'static str,
    pub(crate) message_id: String,
}

pub(super) type Answer = oneshot::Sender<Result<(), Failure>>;

pub(super) enum Request {
    Incident { mark: Mark, scope: Scope, incident: Box<Incident>, answer: Answer },
    Action { mark: Mark, scope: Scope, update: Box<ActionUpdate>, answer: Answer },
    Sample(Box<MetricSnapshot>),
    Beat(Beat),
    Outlook { scope: Scope, cause: Target, expected: Option<Vec<Expectation>> },
}

/// Talks to the keeper.
#[derive(Debug, Clone)]
pub(crate) struct Handle {
    pub(super) requests: mpsc::Sender<Request>,
}

/// Brings answers to questions. It does not keep the keeper going.
#[derive(Debug, Clone)]
pub(crate) struct Answers {
    pub(super) requests: mpsc::WeakSender<Request>,
}

impl Answers {
    pub(crate) async fn outlook(
        &self,
        scope: Scope,
        Question { cause, .. }: Question,
        expected: Option<Vec<Expectation>>,
    ) {
        if let Some(requests) = self.requests.upgrade() {
            drop(requests.send(Request::Outlook { scope, cause, expected }).await);
        }
    }
}

/// The keeper is gone, because the process is ending.
#[derive(Debug, thiserror::Error)]
#[error("the agent is shutting down")]
struct Gone;

impl Handle {
    pub(crate) async fn incident(&self, mark: Mark, scope: Scope, incident: Incident) -> Result<(), Failure> {
        let incident = Box::new(incident);
        self.ask(|answer| Request::Incident { mark, scope, incident, answer }).await
    }

    pub(crate) async fn action(&self, mark: Mark, scope: Scope, update: ActionUpdate) -> Result<(), Failure> {
        let update = Box::new(update);
        self.ask(|answer| Request::Action { mark, scope, update, answer }).await
    }

    pub(crate) async fn sample(&self, sample: MetricSnapshot) {
        // Telemetry that nobody takes any more is telemetry of a process that ends.
        drop(self.requests.send(Request::Sample(Box::new(sample))).await);
    }

    pub(crate) async fn beat(&self, beat: Beat) {
        drop(self.requests.send(Request::Beat(beat)).await);
    }

    async fn ask(&self, request: impl FnOnce(Answer) -> Request) -> Result<(), Failure> {
        let (answer, answered) = oneshot::channel();
        if self.requests.send(request(answer)).await.is_err() {
            return Err(Failure::wait(Gone));
        }
        answered.await.unwrap_or_else(|_gone| Err(Failure::wait(Gone)))
    }
}
