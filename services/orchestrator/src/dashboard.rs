//! The dashboard at `/`: the static export of `ui-dashboard`, with the headers that keep a browser safe and quick.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{self, Next};
use axum::response::{Html, IntoResponse, Response};
use http::header::{
    ACCEPT, CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use http::{HeaderName, HeaderValue, Method, StatusCode};
use tower_http::compression::CompressionLayer;
use tower_http::services::ServeDir;

/// Files whose names change with their content.
const HASHED: &str = "/_next/static/";

/// Scripts and styles of the export itself only. The export starts with inline scripts, which have no stable hashes
/// across builds, hence `unsafe-inline`; nothing from elsewhere is loaded, framed, or sent to.
const CONTENT_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; \
     img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; \
     object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
);

/// Marks responses that come from the files, so that calls which nobody took can be told from answers of handlers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Unhandled;

/// Powers that no page of ours uses.
const PERMISSIONS_POLICY: (HeaderName, HeaderValue) = (
    HeaderName::from_static("permissions-policy"),
    HeaderValue::from_static("camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
);

/// Serves the export in `directory`. It may be built after the server started; until then `/` says how.
pub(crate) fn router(directory: PathBuf) -> Router {
    let fallback = middleware::from_fn_with_state(Arc::from(directory.as_path()), on_missing);
    Router::new()
        .fallback_service(ServeDir::new(directory))
        .layer(fallback)
        .layer(CompressionLayer::new())
        .layer(middleware::from_fn(caching))
}

/// Middleware for every response of the server: browsers neither guess types, nor frame pages, nor tell where one came from.
pub(crate) async fn safe_headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, CONTENT_POLICY);
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(
        HeaderName::from_static("cross-origin-opener-policy"),
        HeaderValue::from_static("same-origin"),
    );
    let (name, value) = PERMISSIONS_POLICY;
    headers.insert(name, value);
    response
}

async fn caching(request: Request, next: Next) -> Response {
    let hashed = request.uri().path().starts_with(HASHED);
    let mut response = next.run(request).await;
    let caching =
        if hashed && (response.status().is_success() || response.status() == StatusCode::NOT_MODIFIED) {
            "public, max-age=31536000, immutable"
        } else {
            // Pages name the hashed files of one build: ask each time whether there is a newer build.
            "no-cache"
        };
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static(caching));
    response.extensions_mut().insert(Unhandled);
    response
}

async fn on_missing(State(directory): State<Arc<Path>>, request: Request, next: Next) -> Response {
    let wants_page = request
        .headers()
        .get(ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"));
    let path = request.uri().path().to_owned();
    let readable = matches!(*request.method(), Method::GET | Method::HEAD);
    let response = next.run(request).await;
    match response.status() {
        StatusCode::NOT_FOUND => missing(&directory, &path, wants_page).await,
        StatusCode::METHOD_NOT_ALLOWED if !readable => missing(&directory, &path, false).await,
        _ => response,
    }
}

async fn missing(directory: &Path, path: &str, wants_page: bool) -> Response {
    let built = tokio::fs::try_exists(directory.join("index.html")).await.unwrap_or(false);
    if built && wants_page {
        let page = tokio::fs::read_to_string(directory.join("404.html")).await;
        let page = page.unwrap_or_else(|_| {
            page_of("Not found", "<p>There is no such page. <a href=\"/\">Go to the dashboard</a>.</p>")
        });
        return (StatusCode::NOT_FOUND, Html(page)).into_response();
    }
    if built {
        return not_found(&format!(
            "There is nothing at {path}. The API is described in docs/api.md; the dashboard is at /."
        ));
    }
    let advice = format!(
        "The dashboard is not built: {} has no index.html. Run `make build` in the repository, or set DASHBOARD_DIR to the \
         directory of a built dashboard. The API works without it.",
        directory.display()
    );
    if wants_page {
        let body = format!("<p>{}</p><p><a href=\"/health\">Health</a></p>", escaped(&advice));
        return (StatusCode::NOT_FOUND, Html(page_of("The dashboard is not built", &body))).into_response();
    }
    not_found(&advice)
}

/// 404 in the shape of every other error of the API.
pub(crate) fn not_found(message: &str) -> Response {
    let body = serde_json::json!({ "code": "not_found", "message": message });
    (StatusCode::NOT_FOUND, axum::Json(body)).into_response()
}

fn page_of(title: &str, body: &str) -> String {
    format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>{title} · Microcloud</title><style>:root{{color-scheme:light dark}}body{{font:16px/1.5 system-ui;\
         max-width:40rem;margin:15vh auto;padding:0 1rem}}</style><h1>{title}</h1>{body}</html>\n"
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
