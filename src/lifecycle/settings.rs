//! Which fields of an autoscaler each setting is, in each of its kinds.
//!
//! [`field`] has the table; [`cpu`] knows which metric is meant and [`policies`] how policies are
//! written. What is read here is what `analysis::settings` reads of the same autoscaler.

mod cpu;
mod field;
mod forms;
mod policies;
mod triggers;

use serde_json::{Map, Value, json};

use super::changes::{self, Change};
use super::diff::{ConfigDiff, Key, Setting, one_line};
use crate::analysis::settings::keda::KedaSettings;
use crate::analysis::settings::{Field, Settings};
use crate::autoscaler::AutoscalerKind;
use field::{Form, Place};

/// Why a setting cannot be read or written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("{kind} has no setting {key}")]
    NoSuchSetting { kind: &'static str, key: String },
    #[error("it has no CPU utilization target that could be another")]
    NoCpuTarget,
    #[error("it has no trigger {index} with a threshold that could be another")]
    NoThreshold { index: String },
    #[error("{key} cannot be {value}")]
    BadValue { key: String, value: String },
}

/// The settings that differ, as a recommendation lists them. Its schedule has a place of its own.
pub fn diff(today: &Settings, proposed: &Settings) -> ConfigDiff {
    let setting = |field| {
        Some(Setting {
            key: key(field)?,
            from: value(today, field),
            to: value(proposed, field),
        })
    };
    let differing = proposed.changes(today).into_iter();
    differing.filter_map(setting).collect()
}

/// All that differs, in one line: `min 6→3, schedule at least 6 on Mon-Fri 07:50 for 2 h (Etc/UTC)`.
pub fn in_one_line(today: &Settings, proposed: &Settings) -> String {
    let settings = Some(one_line(&diff(today, proposed))).filter(|it| !it.is_empty());
    let plan = &proposed.schedule;
    let schedule = (*plan != today.schedule).then(|| match plan.is_empty() {
        true => "schedule none".to_owned(),
        false => format!("schedule {plan}"),
    });
    let all: Vec<String> = settings.into_iter().chain(schedule).collect();
    all.join(", ")
}

/// What `object`, an autoscaler as the API gives it, has for a setting now; defaults filled in as
/// `from` values have them. What makes no sense is given as it is.
///
/// # Errors
/// Where its kind has no such setting.
pub fn live(object: &Value, kind: AutoscalerKind, setting: &Setting) -> Result<Value, Error> {
    let place = Form::of(kind).place(setting.key)?;
    Ok(place.read(object))
}

/// Whether `object` itself says what a setting is, so that no default holds.
///
/// # Errors
/// Where its kind has no such setting.
pub fn states(object: &Value, kind: AutoscalerKind, key: Key) -> Result<bool, Error> {
    Ok(Form::of(kind).place(key)?.is_stated(object))
}

/// Fields of the `spec` without which an object of the kind is not whole.
pub fn required(kind: AutoscalerKind) -> &'static [&'static str] {
    Form::of(kind).required
}

/// The parts of such objects, as JSON pointers, that settings are in.
pub fn parts(kind: AutoscalerKind) -> &'static [&'static str] {
    Form::of(kind).parts
}

/// Gives `object` the greatest maximum there is, if it says none.
pub fn open_above(object: &mut Value, kind: AutoscalerKind) {
    let spec = &object["spec"];
    if let Ok(Place::Number { path, .. }) = Form::of(kind).place(Key::MaxReplicas)
        && (spec.is_null() || spec.is_object())
        && field::at(object, path).is_none()
    {
        set(object, path, json!(field::MOST));
    }
}

/// The least object to apply server-side so that `object` gets the `to` values: `apiVersion`, `kind`,
/// `metadata.{name,namespace}` and the fields that change. Lists are whole, as read, with nothing
/// but the setting changed.
///
/// # Errors
/// Where a setting does not fit.
pub fn configuration(
    object: &Value,
    kind: AutoscalerKind,
    diff: &[Setting],
) -> Result<Value, Error> {
    let form = Form::of(kind);
    check_bounds(object, form, diff)?;
    let mut body = json!({
        "apiVersion": form.api_version,
        "kind": kind.as_str(),
        "metadata": named(object),
    });
    // Two settings may be in the same list.
    let mut object = object.clone();
    for setting in diff {
        let place = form.place(setting.key)?;
        for (path, value) in place.write(&object, setting)? {
            set(&mut object, &path, value.clone());
            set(&mut body, &path, value);
        }
    }
    Ok(body)
}

/// What was changed in `object`, which has the `to` values, by whoever put them there: what a write of
/// ours would remember of itself.
///
/// # Errors
/// Where a setting does not fit.
pub fn made_by_others(
    object: &Value,
    kind: AutoscalerKind,
    diff: &[Setting],
) -> Result<Vec<Change>, Error> {
    let form = Form::of(kind);
    let mut before = object.clone();
    for setting in diff {
        let place = form.place(setting.key)?;
        let inverse = Setting {
            key: setting.key,
            from: setting.to.clone(),
            to: setting.from.clone(),
        };
        match inverse.to.is_null() {
            true => place.remove(&mut before),
            false => {
                for (path, value) in place.write(&before, &inverse)? {
                    set(&mut before, &path, value);
                }
            }
        }
    }
    Ok(changes::between(&before, object, &["/spec"]))
}

/// The minimum must not be above the maximum once both are as they will be.
fn check_bounds(object: &Value, form: &Form, diff: &[Setting]) -> Result<(), Error> {
    let to_be = |key: Key| -> Result<Value, Error> {
        match diff.iter().find(|it| it.key == key) {
            Some(setting) => Ok(setting.to.clone()),
            None => Ok(form.place(key)?.read(object)),
        }
    };
    let changes = |key: Key| diff.iter().any(|it| it.key == key);
    if !changes(Key::MinReplicas) && !changes(Key::MaxReplicas) {
        return Ok(());
    }
    let (min, max) = (to_be(Key::MinReplicas)?, to_be(Key::MaxReplicas)?);
    match (min.as_i64(), max.as_i64()) {
        (Some(least), Some(most)) if least > most => Err(Error::BadValue {
            key: Key::MinReplicas.to_string(),
            value: format!("{least} while {} is {most}", Key::MaxReplicas),
        }),
        _ => Ok(()),
    }
}

fn named(object: &Value) -> Value {
    let mut metadata = Map::new();
    for key in ["name", "namespace"] {
        if let Some(value) = object["metadata"].get(key) {
            metadata.insert(key.to_owned(), value.clone());
        }
    }
    Value::Object(metadata)
}

/// Sets a field of an object, with the objects around it.
fn set(object: &mut Value, path: &[&str], value: Value) {
    let Some((first, rest)) = path.split_first() else {
        *object = value;
        return;
    };
    if !object.is_object() {
        *object = Value::Object(Map::new());
    }
    set(&mut object[*first], rest, value);
}

fn key(field: Field) -> Option<Key> {
    Some(match field {
        Field::MinReplicas => Key::MinReplicas,
        Field::MaxReplicas => Key::MaxReplicas,
        Field::TargetCpu => Key::TargetCpuPct,
        Field::ScaleDownCooldown => Key::ScaleDownCooldownS,
        Field::ScaleUpPolicies => Key::ScaleUpPolicies,
        Field::ScaleDownPolicies => Key::ScaleDownPolicies,
        Field::TriggerThresholds => Key::TriggerThresholds,
        Field::CooldownPeriod => Key::CooldownPeriodS,
        Field::PollingInterval => Key::PollingIntervalS,
        Field::Fallback => Key::Fallback,
        Field::ScalingStrategy => Key::ScalingStrategy,
        Field::Schedule => return None,
    })
}

fn value(settings: &Settings, field: Field) -> Value {
    let keda = |read: &dyn Fn(&KedaSettings) -> Value| {
        let own = settings.keda.as_ref();
        own.map_or(Value::Null, read)
    };
    match field {
        Field::MinReplicas => json!(settings.min_replicas),
        Field::MaxReplicas => json!(settings.max_replicas),
        Field::TargetCpu => json!(settings.target_cpu_pct),
        Field::ScaleDownCooldown => json!(settings.scale_down_cooldown_s),
        Field::ScaleUpPolicies => json!(settings.scale_up),
        Field::ScaleDownPolicies => json!(settings.scale_down),
        Field::TriggerThresholds => keda(&|it| match it.trigger_thresholds.is_empty() {
            true => Value::Null,
            false => json!(it.trigger_thresholds),
        }),
        Field::CooldownPeriod => keda(&|it| json!(it.cooldown_period_s)),
        Field::PollingInterval => {
            let of_jobs = settings.polling_interval_s;
            of_jobs.map_or_else(|| keda(&|it| json!(it.polling_interval_s)), |it| json!(it))
        }
        Field::Fallback => keda(&|it| json!(it.fallback)),
        Field::ScalingStrategy => json!(settings.scaling_strategy),
        Field::Schedule => json!(settings.schedule),
    }
}

fn bad(setting: &Setting) -> Error {
    Error::BadValue {
        key: setting.key.to_string(),
        value: setting.to.to_string(),
    }
}

#[cfg(test)]
mod tests;
