//! Asks sim-engine what would come of remedies, beside the keeper: a look ahead takes a moment, and everything else goes on.

use std::time::Duration;

use bus::{Bus, subjects};
use proto::ops::v1::{PreviewRequest, PreviewResponse};
use remedy::foresight::{FUTURES, HORIZON_S};
use remedy::{Expectation, Question, Remedy};
use tokio::sync::mpsc;

use crate::convert::Scope;
use crate::keeper::Answers;

/// How long sim-engine may take. Past that the order of the ladder decides.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Questions that may wait. There is one a cause; more are answered with nothing.
const WAITING: usize = 64;

/// Puts questions.
#[derive(Debug, Clone)]
pub(crate) struct Asker {
    questions: mpsc::Sender<(Scope, Question)>,
    answers: Answers,
}

impl Asker {
    /// Starts the task; it ends with the last asker.
    pub(crate) fn spawn(bus: Bus, answers: Answers) -> Self {
        let (questions, mut waiting) = mpsc::channel::<(Scope, Question)>(WAITING);
        let replies = answers.clone();
        tokio::spawn(async move {
            while let Some((scope, question)) = waiting.recv().await {
                let expected = look_ahead(&bus, &scope, &question.remedies).await;
                replies.outlook(scope, question, expected).await;
            }
        });
        Self { questions, answers }
    }

    /// Puts a question; the answer comes to the keeper, whatever happens.
    pub(crate) fn ask(&self, scope: &Scope, question: Question) {
        if let Err(refused) = self.questions.try_send((scope.clone(), question)) {
            let (scope, question) = match refused {
                mpsc::error::TrySendError::Full(question) | mpsc::error::TrySendError::Closed(question) => {
                    question
                }
            };
            tracing::warn!(cause = %question.cause, "too many questions wait for sim-engine: this one goes without an answer");
            let answers = self.answers.clone();
            tokio::spawn(async move { answers.outlook(scope, question, None).await });
        }
    }
}

async fn look_ahead(bus: &Bus, scope: &Scope, remedies: &[Remedy]) -> Option<Vec<Expectation>> {
    let request = PreviewRequest {
        simulation_id: scope.simulation_id.clone(),
        actions: remedies.iter().map(wire::planned).collect(),
        futures: FUTURES,
        horizon_s: HORIZON_S,
    };
    let answer: Result<PreviewResponse, _> =
        bus.call(&subjects::sim_control("Preview"), &request, TIMEOUT).await;
    match answer {
        Ok(PreviewResponse { preview: Some(preview) }) if preview.run_id == scope.run_id.to_string() => {
            wire::expectations(remedies, &preview)
        }
        Ok(_) => None,
        Err(error) => {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "sim-engine does not look ahead: the usual order of remedies decides"
            );
            None
        }
    }
}
