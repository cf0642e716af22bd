//! What surrounds the calls: encodings, limits, browsers, headers, the dashboard, health.

use std::io::Write as _;

use prost::Message as _;
use proto::ops::v1::{ListPendingActionsRequest, ListPendingActionsResponse};
use reqwest::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE, LOCATION};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::stack::Stack;

const LIST: &str = "/ops.v1.ActionService/ListPendingActions";
const APPROVE: &str = "/ops.v1.ActionService/ApproveAction";

#[tokio::test]
async fn the_call_of_the_readme_works_in_json_and_protobuf_and_by_get() {
    let stack = Stack::start().await;
    let action = stack.proposed().await;

    let json = stack.http.post(stack.url(LIST)).header(CONTENT_TYPE, "application/json").body("{}");
    let json: Value = json.send().await.unwrap().json().await.unwrap();
    assert_eq!(json["actions"][0]["id"], action.id);

    let request = ListPendingActionsRequest::default().encode_to_vec();
    let answer = stack.http.post(stack.url(LIST)).header(CONTENT_TYPE, "application/proto").body(request);
    let answer = answer.send().await.unwrap();
    assert_eq!(answer.headers()[CONTENT_TYPE], "application/proto");
    let answer = ListPendingActionsResponse::decode(answer.bytes().await.unwrap()).unwrap();
    assert_eq!(answer.actions[0].id, action.id);

    let got = stack.http.get(stack.url(&format!("{LIST}?connect=v1&encoding=json&message=%7B%7D")));
    let got: Value = got.send().await.unwrap().json().await.unwrap();
    assert_eq!(got["actions"][0]["id"], action.id);

    let zipped = stack.http.post(stack.url(LIST)).header(CONTENT_TYPE, "application/json");
    let zipped = zipped.header("accept-encoding", "gzip").body("{}").send().await.unwrap();
    assert_eq!(zipped.status(), StatusCode::OK);
}

#[tokio::test]
async fn malformed_and_oversized_requests_are_refused() {
    let stack = Stack::start().await;
    let post =
        |body: String| stack.http.post(stack.url(LIST)).header(CONTENT_TYPE, "application/json").body(body);

    let answer = post("{nonsense".to_owned()).send().await.unwrap();
    assert_eq!(answer.json::<Value>().await.unwrap()["code"], "invalid_argument");
    let unknown_field = post(r#"{"newField":1}"#.to_owned()).send().await.unwrap();
    assert_eq!(unknown_field.status(), StatusCode::OK, "a newer client's field is ignored");
    let large = format!(r#"{{"simulationId":"{}"}}"#, "x".repeat(300 * 1024));
    let answer = post(large).send().await.unwrap();
    assert_eq!(answer.json::<Value>().await.unwrap()["code"], "resource_exhausted");
}

#[tokio::test]
async fn forms_and_other_sites_change_nothing() {
    let stack = Stack::builder().allowed_origin("http://localhost:3000").start().await;
    let action = stack.proposed().await;
    let body = json!({ "actionId": action.id, "operator": "mallory" }).to_string();
    let url = stack.url(APPROVE);
    let post = |kind: &str| stack.http.post(&url).header(CONTENT_TYPE, kind.to_owned()).body(body.clone());

    for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"] {
        let answer = post(kind).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE, "{kind}");
    }
    for (name, value) in [
        ("origin", "https://evil.example"),
        ("origin", "null"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
    ] {
        let answer = post("application/json").header(name, value).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{name}: {value}");
        assert_eq!(answer.json::<Value>().await.unwrap()["code"], "permission_denied");
    }
    let rebound =
        post("application/json").header("host", "evil.example").header("origin", "http://evil.example");
    assert_eq!(rebound.send().await.unwrap().status(), StatusCode::FORBIDDEN);
    let got = stack.http.get(format!("{url}?connect=v1&encoding=json&message=%7B%7D")).send().await.unwrap();
    assert_eq!(got.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(stack.action(&action.id).await["status"], "ACTION_STATUS_PROPOSED");

    let preflight = stack.http.request(Method::OPTIONS, &url).header("access-control-request-method", "POST");
    let preflight = preflight.header("origin", "http://localhost:3000").send().await.unwrap();
    assert_eq!(preflight.headers()["access-control-allow-origin"], "http://localhost:3000");
    let named = post("application/json").header("origin", "http://localhost:3000");
    let named = named.header("sec-fetch-site", "same-site").send().await.unwrap();
    assert_eq!(named.status(), StatusCode::OK);
    assert_eq!(named.headers()["access-control-allow-origin"], "http://localhost:3000");
}

#[tokio::test]
async fn the_dashboard_is_served_with_the_headers_that_keep_a_browser_safe() {
    let directory = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| {
        let path = directory.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::File::create(path).unwrap().write_all(text.as_bytes()).unwrap();
    };
    write("index.html", "<h1>overview</h1>");
    write("404.html", "<h1>no such page</h1>");
    write("incidents/index.html", "<h1>incidents</h1>");
    write("_next/static/app-1a2b.js", "export {}");
    let stack = Stack::builder().dashboard(directory.path()).start().await;
    let get = |path: &str| stack.http.get(stack.url(path)).header(ACCEPT, "text/html");

    let page = get("/").send().await.unwrap();
    let headers = page.headers().clone();
    assert_eq!(headers[CACHE_CONTROL], "no-cache");
    assert_eq!(headers["x-content-type-options"], "nosniff");
    assert_eq!(headers["referrer-policy"], "no-referrer");
    let policy = headers["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("frame-ancestors 'none'") && policy.contains("default-src 'self'"), "{policy}");
    assert!(page.text().await.unwrap().contains("overview"));
    assert!(get("/incidents/").send().await.unwrap().text().await.unwrap().contains("incidents"));
    let script = get("/_next/static/app-1a2b.js").send().await.unwrap();
    assert_eq!(script.headers()[CACHE_CONTROL], "public, max-age=31536000, immutable");
    let missing = get("/nowhere/").send().await.unwrap();
    assert_eq!(missing.status(), StatusCode::NOT_FOUND);
    assert!(missing.text().await.unwrap().contains("no such page"));
    let outside = get("/../../../../etc/passwd").send().await.unwrap();
    assert!(!outside.text().await.unwrap().contains("root:"));
    let api = stack.http.get(stack.url("/api/nothing")).send().await.unwrap();
    assert_eq!(api.status(), StatusCode::NOT_FOUND);
    assert_eq!(api.json::<Value>().await.unwrap()["code"], "not_found");
    assert!(headers.get(LOCATION).is_none());
}

#[tokio::test]
async fn a_dashboard_that_is_not_built_says_how_to_build_it() {
    let stack = Stack::start().await;
    let page = stack.http.get(stack.url("/")).header(ACCEPT, "text/html").send().await.unwrap();
    assert_eq!(page.status(), StatusCode::NOT_FOUND);
    assert!(page.text().await.unwrap().contains("make build"));
    let json: Value = stack.http.get(stack.url("/")).send().await.unwrap().json().await.unwrap();
    assert!(json["message"].as_str().unwrap().contains("DASHBOARD_DIR"));
}

#[tokio::test]
async fn health_tells_what_it_checked() {
    let stack = Stack::start().await;
    let health: Value = stack.http.get(stack.url("/health")).send().await.unwrap().json().await.unwrap();
    let text = health.to_string();
    for check in ["nats", "postgres", "sim-engine"] {
        assert!(text.contains(check), "{check} in {text}");
    }
    assert_eq!(stack.readiness().await, StatusCode::OK, "sim-engine is shown, not required");
    let live = stack.http.get(stack.url("/livez")).send().await.unwrap();
    assert_eq!(live.status(), StatusCode::OK);
    stack.proposed().await;
    let metrics = stack.http.get(stack.url("/metrics")).send().await.unwrap().text().await.unwrap();
    assert!(metrics.contains("orchestrator_proposals_total"), "{metrics}");
}
