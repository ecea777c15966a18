//! JSON schemas of the answers in JSON, which `docs/schema` has as files.
//!
//! They describe what is written, not what is read: a field that may be left out is not required, and
//! fields that are not listed may come with a later version. To add a kind: its types derive
//! `JsonSchema` (a [`jiff::Timestamp`] with [`time`]), and it has a row in [`all`];
//! `STEPSCALE_UPDATE_SCHEMAS=1 cargo test --lib schema` writes its file.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Value, json};

use super::doctor::DoctorReport;
use super::explanation::Explanation;
use super::license::LicenseReport;
use super::lint::LintReport;
use super::replay::Replay;
use super::report::AnalysisReport;
use super::settings::EffectiveConfig;
use super::triggers::TriggersReport;
use crate::lifecycle::form;

/// Every kind of answer by its name, and its schema (JSON Schema, draft 2020-12).
pub fn all() -> Vec<(&'static str, Value)> {
    vec![
        ("AnalysisReport", of::<AnalysisReport>()),
        ("DoctorReport", of::<DoctorReport>()),
        ("EffectiveConfig", of::<EffectiveConfig<'_>>()),
        ("Explanation", of::<Explanation>()),
        ("LicenseReport", of::<LicenseReport>()),
        ("LintReport", of::<LintReport>()),
        ("Replay", of::<Replay>()),
        ("ScalingRecommendationList", recommendations()),
        ("TriggersReport", of::<TriggersReport>()),
    ]
}

fn of<T: JsonSchema>() -> Value {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    let schema = settings.into_generator().into_root_schema_for::<T>();
    schema.to_value()
}

/// A point in time as RFC 3339 writes it.
pub(crate) fn time(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "format": "date-time" })
}

/// What `status` and `verify` answer: a list of recommendations as the cluster has them.
fn recommendations() -> Value {
    let definition = form::definition();
    let schema = definition.pointer("/spec/versions/0/schema/openAPIV3Schema");
    let mut object = schema.cloned().unwrap_or_default();
    plain(&mut object);
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "ScalingRecommendationList",
        "type": "object",
        "required": ["apiVersion", "kind", "items"],
        "properties": {
            "apiVersion": { "const": "v1" },
            "kind": { "const": "List" },
            "items": { "type": "array", "items": object },
        },
    })
}

/// Makes JSON Schema of a schema of Kubernetes, which says `nullable` in place of a type `null`.
fn plain(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            fields.retain(|key, _| !key.starts_with("x-kubernetes-"));
            let is_nullable = fields.remove("nullable") == Some(Value::Bool(true));
            if is_nullable && let Some(kind) = fields.get_mut("type") {
                *kind = json!([kind.take(), "null"]);
            }
            fields.values_mut().for_each(plain);
        }
        Value::Array(all) => all.iter_mut().for_each(plain),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::super::records::made_up;
    use super::super::{report, triggers};
    use super::*;

    fn assert_valid(name: &str, answer: &Value) {
        let all = all();
        let schema = all.iter().find(|it| it.0 == name).unwrap();
        let validator = jsonschema::validator_for(&schema.1).unwrap();
        let errors: Vec<String> = validator
            .iter_errors(answer)
            .map(|it| format!("{}: {it}", it.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{name}: {errors:#?}");
        assert!(!validator.is_valid(&json!({ "kind": name })), "{name}");
    }

    #[test]
    fn reports_with_something_of_every_kind_are_valid() {
        let analysis = serde_json::to_value(report::made_up::report()).unwrap();
        assert_valid("AnalysisReport", &analysis);
        let triggers = serde_json::to_value(triggers::tests::report()).unwrap();
        assert_valid("TriggersReport", &triggers);
        let record = form::to_object(&made_up::record(), None);
        let list = json!({ "apiVersion": "v1", "kind": "List", "items": [record] });
        assert_valid("ScalingRecommendationList", &list);
    }

    /// What `docs/schema/NAME.json` has to hold.
    fn text(schema: &Value) -> String {
        format!("{}\n", serde_json::to_string_pretty(schema).unwrap())
    }

    #[test]
    fn the_files_are_those_of_the_types() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/schema");
        let is_update = std::env::var_os("STEPSCALE_UPDATE_SCHEMAS").is_some();
        let mut names = Vec::new();
        for (name, schema) in all() {
            let file = folder.join(format!("{name}.json"));
            if is_update {
                fs::create_dir_all(&folder).unwrap();
                fs::write(&file, text(&schema)).unwrap();
            }
            let held = fs::read_to_string(&file).unwrap_or_default();
            assert!(
                held == text(&schema),
                "{} is not current: run `STEPSCALE_UPDATE_SCHEMAS=1 cargo test --lib schema`",
                file.display()
            );
            names.push(format!("{name}.json"));
        }
        let files = fs::read_dir(folder).unwrap();
        let mut files: Vec<String> = files
            .map(|it| it.unwrap().file_name().into_string().unwrap())
            .collect();
        files.sort();
        assert_eq!(files, names, "kinds are in the order of their names");
    }
}
