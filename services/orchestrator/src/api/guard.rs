//! Keeps other web sites from acting through an operator's browser.
//!
//! Programs without a browser send neither `Origin` nor `Sec-Fetch-Site` and pass. A browser may change something
//! only from the dashboard itself or from an origin named in the configuration. Content types that a form can send
//! never reach a handler: the RPC layer accepts JSON and protobuf only.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use connectrpc_axum::{Code, ConnectError};
use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, HOST, ORIGIN, VARY,
};
use http::{HeaderMap, HeaderValue, Method, StatusCode};

/// Which browsers may change something.
#[derive(Debug, Clone)]
pub(crate) struct BrowserPolicy {
    /// Origins besides the server's own, for example `http://localhost:3000`.
    pub(crate) allowed_origins: Arc<[String]>,
    /// Whether the server listens on the loopback address only. Then a request that names another host comes from a
    /// page that had its name pointed at this machine (DNS rebinding).
    pub(crate) loopback_only: bool,
}

impl BrowserPolicy {
    fn allows(&self, origin: &str) -> bool {
        self.allowed_origins.iter().any(|allowed| allowed == origin)
    }

    /// Why a browser's request that may change something is refused, or `None`.
    fn refusal(&self, headers: &HeaderMap) -> Option<&'static str> {
        let text = |name: http::HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or("null"));
        let origin = text(ORIGIN);
        if origin.is_some_and(|origin| self.allows(origin)) {
            return None;
        }
        let host = text(HOST);
        if self.loopback_only && origin.is_some() && !host.is_some_and(is_local) {
            return Some(
                "This server answers to localhost only. Open the dashboard at http://127.0.0.1 and its port.",
            );
        }
        match headers.get("sec-fetch-site").map(HeaderValue::as_bytes) {
            Some(b"same-origin" | b"none") => None,
            Some(_) => Some(CROSS_SITE),
            None => match origin {
                None => None,
                Some(origin) if host.is_some_and(|host| is_origin_of(origin, host)) => None,
                Some(_) => Some(CROSS_SITE),
            },
        }
    }
}

const CROSS_SITE: &str = "Another web site may not change anything here. Use the dashboard, or name the site's origin in ALLOWED_ORIGINS.";

fn is_origin_of(origin: &str, host: &str) -> bool {
    origin
        .strip_prefix("http://")
        .or_else(|| origin.strip_prefix("https://"))
        .is_some_and(|rest| rest == host)
}

fn is_local(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    name == "localhost" || name.ends_with(".localhost") || name.parse::<IpAddr>().is_ok()
}

/// Middleware: refuses cross-site changes, answers preflights of allowed origins and marks their responses.
pub(crate) async fn guard(State(policy): State<BrowserPolicy>, request: Request, next: Next) -> Response {
    let origin = request.headers().get(ORIGIN).cloned();
    let allowed = origin.filter(|origin| origin.to_str().is_ok_and(|origin| policy.allows(origin)));
    let asks_first = request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD);
    // Reading changes nothing; calls with side effects are not routed for these methods.
    let reads = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    let refusal = if reads { None } else { policy.refusal(request.headers()) };
    let mut response = match refusal {
        Some(refusal) => ConnectError::new(Code::PermissionDenied, refusal).into_response(),
        None if asks_first && request.method() == Method::OPTIONS => preflight(allowed.is_some()),
        None => next.run(request).await,
    };
    response.headers_mut().append(VARY, HeaderValue::from_static("origin"));
    if let Some(origin) = allowed {
        response.headers_mut().insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    }
    response
}

fn preflight(allowed: bool) -> Response {
    if !allowed {
        return (StatusCode::FORBIDDEN, "This origin is not named in ALLOWED_ORIGINS.\n").into_response();
    }
    (
        StatusCode::NO_CONTENT,
        [
            (ACCESS_CONTROL_ALLOW_METHODS, "GET, POST"),
            (
                ACCESS_CONTROL_ALLOW_HEADERS,
                "content-type, connect-protocol-version, connect-timeout-ms, last-event-id, traceparent",
            ),
            (ACCESS_CONTROL_MAX_AGE, "600"),
        ],
    )
        .into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(headers: &[(&'static str, &'static str)]) -> bool {
        let policy = BrowserPolicy {
            allowed_origins: Arc::new(["http://localhost:3000".to_owned()]),
            loopback_only: true,
        };
        let headers = headers
            .iter()
            .map(|(name, value)| (http::HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect();
        policy.refusal(&headers).is_some()
    }

    #[test]
    fn programs_and_the_dashboard_pass() {
        assert!(!refused(&[("host", "127.0.0.1:8081")]));
        assert!(!refused(&[("host", "127.0.0.1:8081"), ("origin", "http://127.0.0.1:8081")]));
        assert!(!refused(&[
            ("host", "localhost:8081"),
            ("origin", "http://localhost:8081"),
            ("sec-fetch-site", "same-origin")
        ]));
        assert!(!refused(&[("host", "[::1]:8081"), ("origin", "http://[::1]:8081")]));
    }

    #[test]
    fn a_named_origin_passes_even_across_sites() {
        assert!(!refused(&[
            ("host", "127.0.0.1:8081"),
            ("origin", "http://localhost:3000"),
            ("sec-fetch-site", "cross-site")
        ]));
    }

    #[test]
    fn other_sites_are_refused() {
        assert!(refused(&[("host", "127.0.0.1:8081"), ("origin", "https://evil.example")]));
        assert!(refused(&[("host", "127.0.0.1:8081"), ("origin", "null")]));
        assert!(refused(&[("host", "127.0.0.1:8081"), ("sec-fetch-site", "cross-site")]));
        assert!(refused(&[("host", "127.0.0.1:8081"), ("sec-fetch-site", "same-site")]));
        assert!(refused(&[("host", "127.0.0.1:8081"), ("origin", "http://127.0.0.1:8081.evil.example")]));
    }

    #[test]
    fn a_name_pointed_at_this_machine_is_refused() {
        assert!(refused(&[("host", "evil.example:8081"), ("origin", "http://evil.example:8081")]));
        assert!(refused(&[
            ("host", "evil.example:8081"),
            ("origin", "http://evil.example:8081"),
            ("sec-fetch-site", "same-origin")
        ]));
    }
}
