//! Request and reply by the NATS service protocol: protobuf payloads, errors in the standard headers.

use std::time::Duration;

use async_nats::RequestErrorKind;
use async_nats::service::{
    NATS_SERVICE_ERROR, NATS_SERVICE_ERROR_CODE, ServiceExt as _, error::Error as ServiceError,
};
use bytes::Bytes;
use futures::StreamExt as _;
use tokio_util::sync::CancellationToken;

use crate::Bus;

/// Canonical status codes of gRPC, as `Nats-Service-Error-Code` carries them.
pub mod code {
    /// The answer did not come in time.
    pub const DEADLINE_EXCEEDED: i32 = 4;
    /// The request is malformed, whatever the state.
    pub const INVALID_ARGUMENT: i32 = 3;
    /// There is no such thing.
    pub const NOT_FOUND: i32 = 5;
    /// The state does not allow it now.
    pub const FAILED_PRECONDITION: i32 = 9;
    /// No such method.
    pub const UNIMPLEMENTED: i32 = 12;
    /// A mistake of the server's own.
    pub const INTERNAL: i32 = 13;
    /// Nobody there, or not now.
    pub const UNAVAILABLE: i32 = 14;
}

/// Calls answered at the same time; more wait in the subscription.
const CONCURRENT_CALLS: usize = 64;

/// Why a call has no answer.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{message}")]
pub struct CallError {
    /// Canonical status code of gRPC; see [`code`].
    pub code: i32,
    /// One sentence that says what to do.
    pub message: String,
}

impl CallError {
    /// An error with its code.
    pub fn new(code: i32, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

impl Bus {
    /// Sends a request and decodes the answer.
    ///
    /// # Errors
    /// What the other side answered, `UNAVAILABLE` when nobody listens, `DEADLINE_EXCEEDED` when no answer came in time.
    pub async fn call<Req: prost::Message, Resp: prost::Message + Default>(
        &self,
        subject: &str,
        request: &Req,
        timeout: Duration,
    ) -> Result<Resp, CallError> {
        let payload = self.call_raw(subject, request.encode_to_vec().into(), timeout).await?;
        Resp::decode(payload).map_err(|error| {
            CallError::new(
                code::INTERNAL,
                format!("the answer of {subject} is not what was expected: {error}"),
            )
        })
    }

    /// Like [`Bus::call`], with payloads as they are.
    ///
    /// # Errors
    /// As [`Bus::call`].
    pub async fn call_raw(
        &self,
        subject: &str,
        payload: Bytes,
        timeout: Duration,
    ) -> Result<Bytes, CallError> {
        let request = async_nats::Request::new().payload(payload).timeout(Some(timeout));
        let answer = self.client().send_request(subject.to_owned(), request).await.map_err(|error| match error.kind() {
            RequestErrorKind::NoResponders => CallError::new(
                code::UNAVAILABLE,
                format!("nobody answers on {subject}: is sim-engine running? Try again in a moment"),
            ),
            RequestErrorKind::TimedOut => CallError::new(
                code::DEADLINE_EXCEEDED,
                format!("no answer on {subject} within {timeout:?}: sim-engine may be busy; look at the state before repeating"),
            ),
            _ => CallError::new(code::UNAVAILABLE, format!("cannot ask on {subject}: {error}; try again in a moment")),
        })?;
        let header = |name: &str| {
            answer.headers.as_ref().and_then(|headers| headers.get(name)).map(ToString::to_string)
        };
        match header(NATS_SERVICE_ERROR) {
            None => Ok(answer.payload),
            Some(message) => {
                let code = header(NATS_SERVICE_ERROR_CODE).and_then(|code| code.parse().ok());
                Err(CallError::new(code.unwrap_or(code::INTERNAL), message))
            }
        }
    }

    /// Answers requests on `<group>.<method>` for every method, many at once, until shutdown.
    ///
    /// # Errors
    /// When the service cannot be registered.
    pub async fn serve_calls<C: Calls>(
        &self,
        service: &str,
        version: &str,
        group: &str,
        methods: &[&str],
        calls: C,
        token: CancellationToken,
    ) -> Result<(), async_nats::Error> {
        let registered = self.client().service_builder().start(service, version).await?;
        let group = registered.group(group);
        let mut endpoints = futures::stream::SelectAll::new();
        for method in methods {
            let method = (*method).to_owned();
            let endpoint = group.endpoint(&method).await?;
            endpoints.push(endpoint.map(move |request| (method.clone(), request)).boxed());
        }
        let answering = endpoints.for_each_concurrent(CONCURRENT_CALLS, |(method, request)| {
            let calls = calls.clone();
            async move {
                let answer = calls.call(&method, request.message.payload.clone()).await;
                let answer = answer.map_err(|error| ServiceError {
                    status: one_line(&error.message),
                    code: usize::try_from(error.code).unwrap_or_default(),
                });
                if let Err(error) = request.respond(answer).await {
                    tracing::debug!(method, %error, "the caller is gone");
                }
            }
        });
        tokio::select! {
            () = token.cancelled() => {}
            () = answering => {}
        }
        registered.stop().await
    }
}

/// Answers requests by method.
pub trait Calls: Clone + Send + Sync + 'static {
    /// Answers one request; payloads are protobuf.
    fn call(&self, method: &str, payload: Bytes) -> impl Future<Output = Result<Bytes, CallError>> + Send;
}

/// Headers cannot hold line breaks.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
