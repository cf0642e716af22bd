//! W3C trace context (`traceparent`, version 00) in message headers: one trace follows an incident from the telemetry that
//! showed it to the outcome of the action that healed it.

use uuid::Uuid;

/// Length of `00-<32 hex>-<16 hex>-<2 hex>`.
const LENGTH: usize = 55;

/// Begins a trace.
pub fn new() -> String {
    format!("00-{}-{}-01", Uuid::new_v4().simple(), span_id())
}

/// Continues a trace with a new span; begins one when there is none or it is malformed.
pub fn child_of(parent: Option<&str>) -> String {
    match parent.and_then(trace_id) {
        Some(trace) => format!("00-{trace}-{}-01", span_id()),
        None => new(),
    }
}

/// The 32 hexadecimal digits that name the trace; None when malformed.
pub fn trace_id(traceparent: &str) -> Option<&str> {
    if traceparent.len() != LENGTH || !traceparent.is_ascii() {
        return None;
    }
    let mut parts = traceparent.split('-');
    let (version, trace, span, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let hex = |text: &str, length: usize| {
        text.len() == length
            && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
    };
    let well_formed =
        hex(version, 2) && hex(trace, 32) && hex(span, 16) && hex(flags, 2) && parts.next().is_none();
    let all_zero = trace.bytes().all(|byte| byte == b'0') || span.bytes().all(|byte| byte == b'0');
    (well_formed && !all_zero).then_some(trace)
}

fn span_id() -> String {
    let mut id = Uuid::new_v4().simple().to_string();
    id.truncate(16);
    id
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_keeps_the_trace() {
        let parent = new();
        let child = child_of(Some(&parent));
        assert_ne!(parent, child);
        assert_eq!(trace_id(&parent), trace_id(&child));
        assert!(trace_id(&child).is_some());
    }

    proptest::proptest! {
        #[test]
        fn whatever_a_header_says_a_trace_comes_out(parent in ".{0,60}") {
            proptest::prop_assert!(trace_id(&child_of(Some(&parent))).is_some());
        }

        #[test]
        fn every_well_formed_parent_is_continued(trace in "[0-9a-f]{31}[1-9a-f]", span in "[0-9a-f]{15}[1-9a-f]") {
            let child = child_of(Some(&format!("00-{trace}-{span}-01")));
            proptest::prop_assert_eq!(trace_id(&child), Some(trace.as_str()));
        }
    }

    #[test]
    fn malformed_parents_begin_a_new_trace() {
        for bad in
            ["", "00-xyz", &"0".repeat(LENGTH), "00-00000000000000000000000000000000-0000000000000001-01"]
        {
            assert_eq!(trace_id(bad), None, "{bad}");
            assert!(trace_id(&child_of(Some(bad))).is_some());
        }
    }
}
