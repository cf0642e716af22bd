//! proto3 JSON of `MetricColumn` by hand: the generated code writes NaN ("not measured") as `null`, which every
//! conforming reader refuses. The proto3 JSON mapping wants the strings `"NaN"`, `"Infinity"` and `"-Infinity"`.

use pbjson::private::NumberDeserialize;
use serde::ser::SerializeStruct as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::sim::v1::MetricColumn;

impl Serialize for MetricColumn {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let fields = usize::from(!self.metric.is_empty()) + usize::from(!self.values.is_empty());
        let mut out = serializer.serialize_struct("sim.v1.MetricColumn", fields)?;
        if !self.metric.is_empty() {
            out.serialize_field("metric", &self.metric)?;
        }
        if !self.values.is_empty() {
            out.serialize_field("values", &Values(&self.values))?;
        }
        out.end()
    }
}

struct Values<'a>(&'a [f32]);

impl Serialize for Values<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().copied().map(Value))
    }
}

struct Value(f32);

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            v if v.is_finite() => serializer.serialize_f32(v),
            v if v.is_nan() => serializer.serialize_str("NaN"),
            v if v > 0.0 => serializer.serialize_str("Infinity"),
            _ => serializer.serialize_str("-Infinity"),
        }
    }
}

impl<'de> Deserialize<'de> for MetricColumn {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // A field of `null` means absent in proto3 JSON.
        #[derive(Deserialize)]
        struct Fields {
            #[serde(default)]
            metric: Option<String>,
            #[serde(default)]
            values: Option<Vec<NumberDeserialize<f32>>>,
        }
        let Fields { metric, values } = Fields::deserialize(deserializer)?;
        Ok(Self {
            metric: metric.unwrap_or_default(),
            values: values.unwrap_or_default().into_iter().map(|NumberDeserialize(value)| value).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_that_were_not_measured_survive_json() {
        let column = MetricColumn {
            metric: "latency_p99".to_owned(),
            values: vec![1.5, f32::NAN, f32::INFINITY, f32::NEG_INFINITY],
        };
        let json = serde_json::to_string(&column).unwrap();
        assert_eq!(json, r#"{"metric":"latency_p99","values":[1.5,"NaN","Infinity","-Infinity"]}"#);
        let back: MetricColumn = serde_json::from_str(&json).unwrap();
        assert!(back.values[1].is_nan());
        assert_eq!(back.values[0], 1.5);
        assert_eq!(back.values[2..], column.values[2..]);
    }
}
