//! Logs: one JSON object a line on standard output, or text for people. docs/logging.md settles names and levels.

use std::fmt;
use std::str::FromStr;

use chrono::{SecondsFormat, Utc};
use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::span;
use tracing::{Event, Subscriber};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::layer::{Context, SubscriberExt as _};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer};

/// How much is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogLevel {
    /// Something needs a person.
    Error,
    /// Something went wrong and was coped with.
    Warn,
    /// What the service does.
    Info,
    /// How it does it.
    Debug,
    /// Every step.
    Trace,
}

impl FromStr for LogLevel {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.to_ascii_lowercase().as_str() {
            "error" => Ok(Self::Error),
            "warn" => Ok(Self::Warn),
            "info" => Ok(Self::Info),
            "debug" => Ok(Self::Debug),
            "trace" => Ok(Self::Trace),
            _ => Err("write error, warn, info, debug or trace"),
        }
    }
}

impl LogLevel {
    fn filter(self) -> LevelFilter {
        match self {
            Self::Error => LevelFilter::ERROR,
            Self::Warn => LevelFilter::WARN,
            Self::Info => LevelFilter::INFO,
            Self::Debug => LevelFilter::DEBUG,
            Self::Trace => LevelFilter::TRACE,
        }
    }
}

/// What a log line looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// One JSON object a line.
    Json,
    /// For people.
    Text,
}

impl FromStr for LogFormat {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.to_ascii_lowercase().as_str() {
            "json" => Ok(Self::Json),
            "text" => Ok(Self::Text),
            _ => Err("write json or text"),
        }
    }
}

/// Starts logging for the whole process. A second call changes nothing, so that tests may call it.
pub fn init(service: &'static str, level: LogLevel, format: LogFormat) {
    // Libraries speak one level lower: their debug output drowns ours.
    let libraries = if level.filter() > LevelFilter::INFO {
        "async_nats=info,sqlx=warn,hyper=info,h2=info"
    } else {
        "async_nats=error,sqlx=error"
    };
    // A default directive would count only if there were no others, and everything of ours would be silent.
    let filter = EnvFilter::builder().parse_lossy(format!("{},{libraries}", level.filter()));
    let registry = tracing_subscriber::registry().with(filter).with(Fields);
    let started = match format {
        LogFormat::Json => {
            registry.with(tracing_subscriber::fmt::layer().event_format(JsonLine { service })).try_init()
        }
        LogFormat::Text => {
            registry.with(tracing_subscriber::fmt::layer().event_format(TextLine { service })).try_init()
        }
    };
    drop(started);
}

/// Writes one event as one JSON object. Control characters are escaped by JSON itself, so that a name cannot forge a line.
struct JsonLine {
    service: &'static str,
}

impl<S, N> FormatEvent<S, N> for JsonLine
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let Collected { message, fields } = collect(context, event);
        let mut line = Map::new();
        line.insert("ts".to_owned(), now().into());
        line.insert("level".to_owned(), event.metadata().level().as_str().to_ascii_lowercase().into());
        line.insert("service".to_owned(), self.service.into());
        line.insert("target".to_owned(), event.metadata().target().into());
        line.insert("msg".to_owned(), message.into());
        line.extend(fields);
        writeln!(writer, "{}", Value::Object(line))
    }
}

/// Writes one event as one line for people. Control characters are escaped here too.
struct TextLine {
    service: &'static str,
}

impl<S, N> FormatEvent<S, N> for TextLine
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let Collected { message, fields } = collect(context, event);
        write!(
            writer,
            "{} {:>5} {}: {}",
            now(),
            event.metadata().level(),
            self.service,
            printable(&message)
        )?;
        for (name, value) in &fields {
            match value {
                Value::String(text) if is_plain(text) => write!(writer, " {name}={text}")?,
                // Quoted as JSON, so that a value cannot pass for two, or forge a line.
                value => write!(writer, " {name}={}", printable(&value.to_string()))?,
            }
        }
        writeln!(writer)
    }
}

fn now() -> String {
    Utc::now().to_rfc3339_opts(SecondsFormat::Micros, true)
}

fn is_plain(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || "._-:/@+#%".contains(c))
}

/// Control characters, those of terminals among them, written as escapes.
fn printable(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut out, c| {
        if c.is_control() {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
        out
    })
}

/// The message and the fields of an event and of the spans around it; the inner ones win.
fn collect<S, N>(context: &FmtContext<'_, S, N>, event: &Event<'_>) -> Collected
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    let mut own = Collected::default();
    event.record(&mut own);
    let mut fields = Map::new();
    for span in context.event_scope().into_iter().flat_map(tracing_subscriber::registry::Scope::from_root) {
        if let Some(of_span) = span.extensions().get::<Collected>() {
            fields.extend(of_span.fields.clone());
        }
    }
    fields.extend(own.fields);
    Collected { message: own.message, fields }
}

/// Keeps each span's fields for the lines within it, the trace id among them.
struct Fields;

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Fields {
    fn on_new_span(&self, attributes: &span::Attributes<'_>, id: &span::Id, context: Context<'_, S>) {
        if let Some(span) = context.span(id) {
            let mut fields = Collected::default();
            attributes.record(&mut fields);
            span.extensions_mut().insert(fields);
        }
    }

    fn on_record(&self, id: &span::Id, values: &span::Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(fields) = span.extensions_mut().get_mut::<Collected>()
        {
            values.record(fields);
        }
    }
}

#[derive(Default)]
struct Collected {
    message: String,
    fields: Map<String, Value>,
}

impl Collected {
    fn put(&mut self, field: &Field, value: impl Into<Value>) {
        self.fields.insert(field.name().to_owned(), value.into());
    }
}

impl Visit for Collected {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let text = format!("{value:?}");
        if field.name() == "message" {
            self.message = text;
        } else {
            self.put(field, text);
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "message" {
            value.clone_into(&mut self.message);
        } else {
            self.put(field, value);
        }
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value);
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Buffer(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Buffer {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// What one event within a span looks like.
    fn logged<F>(format: F) -> String
    where
        F: FormatEvent<
                tracing_subscriber::layer::Layered<Fields, tracing_subscriber::Registry>,
                tracing_subscriber::fmt::format::DefaultFields,
            > + Send
            + Sync
            + 'static,
    {
        let buffer = Buffer::default();
        let writer = buffer.clone();
        let layer = tracing_subscriber::fmt::layer().event_format(format).with_writer(move || writer.clone());
        let subscriber = tracing_subscriber::registry().with(Fields).with(layer);
        tracing::subscriber::with_default(subscriber, || {
            let span = tracing::info_span!("message", trace_id = "abc");
            let _entered = span.enter();
            let name = "\n{\"level\":\"error\"}\u{1b}[31m";
            tracing::info!(rows = 3, %name, "stored");
        });
        String::from_utf8(buffer.0.lock().unwrap().clone()).unwrap()
    }

    #[test]
    fn a_text_line_stays_one_line_without_terminal_codes() {
        let text = logged(TextLine { service: "test" });
        assert_eq!(text.lines().count(), 1, "a name forged a line: {text}");
        assert!(!text.contains('\u{1b}'), "{text:?}");
        assert!(text.contains(" INFO test: stored trace_id=abc rows=3 name=\"\\n{"), "{text}");
    }

    #[test]
    fn a_line_is_one_object_with_the_fields_of_its_spans() {
        let text = logged(JsonLine { service: "test" });
        assert_eq!(text.lines().count(), 1, "a name forged a line: {text}");
        let line: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(line["msg"], "stored");
        assert_eq!(line["level"], "info");
        assert_eq!(line["service"], "test");
        assert_eq!(line["trace_id"], "abc");
        assert_eq!(line["rows"], 3);
    }
}
