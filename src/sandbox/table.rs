//! Objects as the rows of a table, as `kubectl get` asks for them.

pub(crate) mod path;

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::columns::age;
use super::kinds::{Cell, Column, Version};
use path::Path;

/// How much of each object goes with its row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Include {
    Nothing,
    #[default]
    Metadata,
    Object,
}

/// A `Table` of `meta.k8s.io/v1`, without the metadata of the list.
///
/// Columns that a custom resource declares follow its name; without any, its age does.
pub(crate) fn table(
    version: &Version,
    objects: &[Arc<Value>],
    include: Include,
    now: Timestamp,
) -> Value {
    of_columns(&version.columns, objects, include, now)
}

/// The same, of objects that are of no kind of their own.
pub(crate) fn of_columns(
    declared: &[Column],
    objects: &[Arc<Value>],
    include: Include,
    now: Timestamp,
) -> Value {
    let columns = columns(declared);
    let columns: Vec<(&Column, Source)> = readable(&columns);
    let definitions: Vec<Value> = columns.iter().map(|(it, _)| definition(it)).collect();
    let row = |object: &Arc<Value>| row(object, &columns, include, now);
    let rows: Vec<Value> = objects.iter().map(row).collect();
    json!({ "kind": "Table", "apiVersion": "meta.k8s.io/v1",
        "columnDefinitions": definitions, "rows": rows })
}

/// The columns of built-in kinds bring the name; those of custom resources do not.
fn columns(columns: &[Column]) -> Vec<Column> {
    let is_made = |it: &Column| matches!(it.cell, Cell::Made(_));
    if columns.iter().any(is_made) {
        return columns.to_vec();
    }
    let name = column(
        "Name",
        "string",
        "name",
        "The name of the object.",
        ".metadata.name",
    );
    let age = ".metadata.creationTimestamp";
    let age = column("Age", "date", "", "How long ago it was created.", age);
    match columns {
        [] => vec![name, age],
        declared => [&[name], declared].concat(),
    }
}

fn column(name: &str, kind: &str, format: &str, description: &str, path: &str) -> Column {
    Column {
        name: name.to_owned(),
        kind: kind.to_owned(),
        format: format.to_owned(),
        description: description.to_owned(),
        priority: 0,
        cell: Cell::Path(path.to_owned()),
    }
}

/// Where the cells of a column come from.
enum Source {
    Path(Path),
    Made(fn(&Value, Timestamp) -> Value),
}

/// The columns up to the first whose path cannot be read; the API server drops the rest as well.
fn readable(columns: &[Column]) -> Vec<(&Column, Source)> {
    let sources = columns.iter().map_while(|column| match &column.cell {
        Cell::Made(make) => Some((column, Source::Made(*make))),
        Cell::Path(path) => Some((column, Source::Path(Path::parse(path)?))),
    });
    sources.collect()
}

fn definition(column: &Column) -> Value {
    let description = match (&column.cell, column.description.as_str()) {
        (Cell::Path(path), "") => {
            format!("Custom resource definition column (in JSONPath format): {path}")
        }
        (_, description) => description.to_owned(),
    };
    json!({ "name": column.name, "type": column.kind, "format": column.format,
        "description": description, "priority": column.priority })
}

fn row(object: &Value, columns: &[(&Column, Source)], include: Include, now: Timestamp) -> Value {
    let cell = |(column, source): &(&Column, Source)| match source {
        Source::Made(make) => make(object, now),
        Source::Path(path) => {
            let found = path.first(object);
            found.map_or(Value::Null, |it| shown(it, &column.kind, now))
        }
    };
    let cells: Vec<Value> = columns.iter().map(cell).collect();
    let mut row = json!({ "cells": cells, "object": included(object, include) });
    if let Some(condition) = condition(object) {
        row["conditions"] = json!([condition]);
    }
    row
}

fn included(object: &Value, include: Include) -> Value {
    match include {
        Include::Nothing => Value::Null,
        Include::Metadata => json!({ "kind": "PartialObjectMetadata",
            "apiVersion": "meta.k8s.io/v1", "metadata": object["metadata"] }),
        Include::Object => object.clone(),
    }
}

/// What a row says of a pod that has ended.
fn condition(object: &Value) -> Option<Value> {
    let is_pod = object["kind"] == "Pod" && object["apiVersion"] == "v1";
    let (reason, message) = match object["status"]["phase"].as_str().filter(|_| is_pod)? {
        "Succeeded" => ("Succeeded", "The pod has completed successfully."),
        "Failed" => ("Failed", "The pod failed."),
        _ => return None,
    };
    Some(json!({ "type": "Completed", "status": "True", "reason": reason, "message": message }))
}

/// A value as a cell of a column of such a type; null where it is of another type.
fn shown(value: &Value, kind: &str, now: Timestamp) -> Value {
    match (kind, value) {
        ("string", Value::Null) => json!("<no value>"),
        ("string", Value::String(_)) => value.clone(),
        ("string", other) => json!(other.to_string()),
        ("integer", Value::Number(number)) => match number.as_i64() {
            Some(whole) => json!(whole),
            // Saturates, as a cell needs no more.
            None => json!(number.as_f64().unwrap_or(0.0) as i64),
        },
        ("number", Value::Number(_)) | ("boolean", Value::Bool(_)) => value.clone(),
        ("date", Value::String(text)) if text.is_empty() => json!("<unknown>"),
        ("date", Value::String(text)) => match text.parse() {
            Ok(moment) => json!(age::since(moment, now)),
            Err(_) => json!("<invalid>"),
        },
        _ => Value::Null,
    }
}

#[cfg(test)]
mod tests;
