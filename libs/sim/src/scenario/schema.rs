//! JSON Schemas of the files, with which editors complete and check them. They are made of the structs that are read, and kept in
//! `scenarios/schema`; the tests hold them to the structs and every shipped file to them.
//!
//! They know names, shapes and signs. References, limits and circles are for the loader.

use std::borrow::Cow;

use schemars::generate::SchemaSettings;
use schemars::transform::transform_subschemas;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Value, json};

use crate::command::ActionKind;
use crate::policy::Balancing;
use crate::{fault, profile, template};

use super::FAMILIES;
use super::file::Located;

/// Numbers that are a share of something: at most 1.
const SHARES: [&str; 12] = [
    "chaos",
    "swing",
    "phase",
    "share",
    "static_ratio",
    "read_ratio",
    "severity",
    "cache_hit_ratio",
    "static_hit_ratio",
    "failure_ratio",
    "probe_ratio",
    "base_error_ratio",
];

/// Where a value stands is not written.
impl<T: JsonSchema> JsonSchema for Located<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        generator.subschema_for::<T>()
    }
}

/// The schema of a file. Draft 7 is what editors know best.
fn of<T: JsonSchema>() -> Value {
    let generator = SchemaSettings::draft07().into_generator();
    let mut schema = generator.into_root_schema_for::<T>();
    tidy(&mut schema);
    schema.to_value()
}

/// Takes out what only a program would write (null, formats), and lets no number be negative or a share be more than 1.
fn tidy(schema: &mut Schema) {
    if let Some(Value::Array(types)) = schema.get_mut("type") {
        types.retain(|one| one != "null");
        if let [one] = &types[..] {
            let one = one.clone();
            schema.insert("type".to_owned(), one);
        }
    }
    if let Some(Value::Array(choices)) = schema.get_mut("anyOf") {
        choices.retain(|one| *one != json!({"type": "null"}));
        if let [one] = &choices[..] {
            let one = one.clone();
            schema.remove("anyOf");
            schema.insert("allOf".to_owned(), json!([one]));
        }
    }
    schema.remove("format");
    if schema.get("type").is_some_and(|kind| kind == "number") {
        schema.insert("minimum".to_owned(), json!(0));
    }
    for name in SHARES {
        if let Some(Value::Object(share)) = schema.pointer_mut(&format!("/properties/{name}")) {
            share.insert("maximum".to_owned(), json!(1));
        }
    }
    transform_subschemas(&mut tidy, schema);
}

/// One of some names, each with what it means.
fn one_of(schema: &mut Schema, names: impl IntoIterator<Item = (&'static str, &'static str)>) {
    let name = |(name, meaning)| match meaning {
        "" => json!({"const": name}),
        _ => json!({"const": name, "description": meaning}),
    };
    schema.insert("oneOf".to_owned(), names.into_iter().map(name).collect());
}

pub(super) fn families(schema: &mut Schema) {
    schema.insert("anyOf".to_owned(), json!([{"enum": FAMILIES}, {"type": "string"}]));
}

pub(super) fn fault_kinds(schema: &mut Schema) {
    one_of(schema, fault::kinds().iter().map(|kind| (kind.name, kind.description)));
}

pub(super) fn actions(schema: &mut Schema) {
    one_of(schema, ActionKind::ALL.map(|kind| (kind.name(), "")));
}

pub(super) fn profiles(schema: &mut Schema) {
    one_of(schema, profile::PROFILES.iter().map(|profile| (profile.name, "")));
}

pub(super) fn templates(schema: &mut Schema) {
    one_of(schema, template::TEMPLATES.iter().map(|template| (template.name, template.description)));
}

pub(super) fn balancing(schema: &mut Schema) {
    one_of(schema, Balancing::ALL.map(|policy| (policy.name(), "")));
}

pub(super) fn some_shape(schema: &mut Schema) {
    requires(schema, "anyOf", &["constant", "ramp", "diurnal", "spike", "bursty", "trace"]);
}

pub(super) fn inject_or_clear(schema: &mut Schema) {
    requires(schema, "oneOf", &["inject", "clear"]);
}

pub(super) fn profile_or_template(schema: &mut Schema) {
    requires(schema, "oneOf", &["profile", "template"]);
}

/// `how` many of some fields are to be given.
fn requires(schema: &mut Schema, how: &str, fields: &[&str]) {
    let choices: Vec<Value> = fields.iter().map(|field| json!({"required": [field]})).collect();
    schema.insert(how.to_owned(), Value::Array(choices));
}

mod tests {
    use std::path::{Path, PathBuf};

    use jsonschema::Validator;

    use super::super::file::ScenarioFile;
    use super::super::topology_file::TopologyFile;
    use super::*;

    fn folder() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios")
    }

    fn validators() -> (Validator, Validator) {
        let validator = |schema: &Value| jsonschema::validator_for(schema).unwrap();
        (validator(&of::<ScenarioFile>()), validator(&of::<TopologyFile>()))
    }

    fn mistakes(validator: &Validator, text: &str) -> Vec<String> {
        let value: Value = serde_saphyr::from_str(text).unwrap();
        validator.iter_errors(&value).map(|error| format!("{}: {error}", error.instance_path())).collect()
    }

    /// YAML files of a folder, with their names and texts.
    fn files(folder: &Path) -> Vec<(String, String)> {
        let paths = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        paths
            .filter(|path| path.extension().is_some_and(|ext| ext == "yaml"))
            .map(|path| (path.display().to_string(), std::fs::read_to_string(&path).unwrap()))
            .collect()
    }

    #[test]
    fn the_committed_schemas_are_current() {
        for (name, schema) in [("scenario", of::<ScenarioFile>()), ("topology", of::<TopologyFile>())] {
            let path = folder().join(format!("schema/{name}.schema.json"));
            let current = serde_json::to_string_pretty(&schema).unwrap() + "\n";
            #[allow(clippy::disallowed_methods)] // The test writes files, the model does not.
            let wanted = std::env::var_os("WRITE_SCHEMAS").is_some();
            if wanted {
                std::fs::write(&path, &current).unwrap();
            }
            let committed = std::fs::read_to_string(&path).unwrap_or_default();
            let how = "WRITE_SCHEMAS=1 cargo nextest run -p sim schema";
            assert!(committed == current, "{} is out of date; write it with `{how}`", path.display());
        }
    }

    #[test]
    fn every_shipped_file_names_its_schema_and_keeps_to_it() {
        let (scenario, topology) = validators();
        for (validator, folder, schema) in [
            (&scenario, folder(), "schema/scenario.schema.json"),
            (&topology, folder().join("topologies"), "../schema/topology.schema.json"),
        ] {
            let first = format!("# yaml-language-server: $schema={schema}\n");
            let files = files(&folder);
            assert!(!files.is_empty());
            for (name, text) in files {
                assert!(text.starts_with(&first), "{name}: the first line should be {first}");
                assert_eq!(mistakes(validator, &text), Vec::<String>::new(), "{name}");
            }
        }
    }

    #[test]
    fn mistakes_are_seen_in_the_editor() {
        let (scenario, topology) = validators();
        let text = std::fs::read_to_string(folder().join("bad_release.yaml")).unwrap();
        for (from, to) in [
            ("noise: 0.03", "noize: 0.03"),
            ("rps: 600", "rps: -600"),
            ("rps: 600", "rps: many"),
            ("constant: {rps: 600}", "endpoints: []"),
            ("error_burst", "gremlins"),
            ("severity: 0.5", "severity: 5"),
            ("{service: cart}", "{service: cart, node: node-a1}"),
            ("RESTART_SERVICE", "REBOOT"),
            ("difficulty: 1", "difficulty: 9"),
        ] {
            assert!(text.contains(from), "{from}");
            assert_ne!(mistakes(&scenario, &text.replacen(from, to, 1)), Vec::<String>::new(), "{to}");
        }
        let text = std::fs::read_to_string(folder().join("topologies/shop.yaml")).unwrap();
        for (from, to) in [
            ("profile: cdn", "profile: cdm"),
            ("    profile: cdn\n", ""),
            ("profile: cdn", "profile: cdn\n    template: edge_cdn"),
            ("retries: 0", "retries: 0.5"),
            ("cache_hit_ratio: 0.5", "cache_hit_ratio: 50"),
            ("min_latency_ms", "latency_ms"),
        ] {
            assert!(text.contains(from), "{from}");
            assert_ne!(mistakes(&topology, &text.replacen(from, to, 1)), Vec::<String>::new(), "{to}");
        }
    }
}
