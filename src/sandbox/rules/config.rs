//! ConfigMaps and Secrets.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::place::Place;
use super::{names, set_default};
use crate::sandbox::kinds::Rules;
use crate::sandbox::status::{Fault, FieldError};

pub(super) const CONFIG_MAP: Rules = Rules {
    complete: None,
    check: Some(check_config_map),
    check_status: None,
    prepare: None,
    convert: None,
};

pub(super) const SECRET: Rules = Rules {
    complete: Some(complete_secret),
    check: Some(check_secret),
    check_status: None,
    prepare: None,
    convert: None,
};

/// What a ConfigMap or a Secret may hold, in bytes.
const ROOM: usize = 1024 * 1024;

fn check_config_map(map: &Value, old: Option<&Value>) -> Vec<FieldError> {
    let map = Place::root(map);
    let mut found = match old {
        Some(old) => fixed(&map, &Place::root(old), &["data", "binaryData"]),
        None => Vec::new(),
    };
    let (data, binary) = (map.at("data"), map.at("binaryData"));
    let mut size = 0;
    for (key, value) in data.entries() {
        found.extend(keyed(&value, key));
        if binary.value.get(key).is_some() {
            found.push(value.refuse(key, "duplicate of key present in binaryData"));
        }
        size += value.text().len();
    }
    for (key, value) in binary.entries() {
        found.extend(keyed(&value, key));
        size += decoded(&value).len();
    }
    if size > ROOM {
        let most = format!("may not be more than {ROOM} bytes");
        found.push(FieldError::new("", Fault::TooLong, most));
    }
    found
}

fn keyed(place: &Place<'_>, key: &str) -> Vec<FieldError> {
    let faults = names::config_key(key).into_iter();
    faults.map(|it| place.refuse(key, it)).collect()
}

fn decoded(place: &Place<'_>) -> Vec<u8> {
    STANDARD.decode(place.text()).unwrap_or_default()
}

/// What changed although the old object is immutable.
fn fixed(new: &Place<'_>, old: &Place<'_>, parts: &[&str]) -> Vec<FieldError> {
    let mut found = Vec::new();
    if !old.at("immutable").flag() {
        return found;
    }
    let detail = "field is immutable when `immutable` is set";
    if !new.at("immutable").flag() {
        found.push(new.at("immutable").forbidden(detail));
    }
    let mut parts = parts.iter().map(|it| (new.at(it), old.at(it)));
    if let Some((part, _)) = parts.find(|(new, old)| new.unchanged(old).is_some()) {
        found.push(part.forbidden(detail));
    }
    found
}

/// Text becomes data, and the type is opaque where none is given.
fn complete_secret(secret: &mut Value) {
    let Some(fields) = secret.as_object_mut() else {
        return;
    };
    if fields.get("type").is_none_or(|it| it == "") {
        fields.insert("type".to_owned(), json!("Opaque"));
    }
    let Some(Value::Object(texts)) = fields.remove("stringData") else {
        return;
    };
    if texts.is_empty() {
        return;
    }
    set_default(fields, "data", json!({}));
    if let Some(data) = fields["data"].as_object_mut() {
        for (key, text) in texts {
            let text = text.as_str().unwrap_or_default();
            data.insert(key, json!(STANDARD.encode(text)));
        }
    }
}

fn check_secret(secret: &Value, old: Option<&Value>) -> Vec<FieldError> {
    let place = Place::root(secret);
    let mut found = Vec::new();
    if let Some(old) = old.map(Place::root) {
        found.extend(place.at("type").unchanged(&old.at("type")));
        found.extend(fixed(&place, &old, &["data"]));
    }
    let data = place.at("data");
    let mut size = 0;
    for (key, value) in data.entries() {
        found.extend(keyed(&value, key));
        size += decoded(&value).len();
    }
    if size > ROOM {
        let most = format!("may not be more than {ROOM} bytes");
        found.push(FieldError::new("data", Fault::TooLong, most));
    }
    found.extend(typed(&place, old.is_some()));
    found
}

/// What a Secret of a known type must have.
fn typed(secret: &Place<'_>, is_update: bool) -> Vec<FieldError> {
    let data = secret.at("data");
    let missing = |keys: &[&str]| -> Vec<FieldError> {
        let keys = keys.iter().map(|it| data.key(it));
        keys.filter(|it| !it.is_set())
            .map(|it| it.required(""))
            .collect()
    };
    match secret.at("type").text() {
        "kubernetes.io/tls" => missing(&["tls.crt", "tls.key"]),
        "kubernetes.io/dockerconfigjson" => json_at(&data.key(".dockerconfigjson")),
        "kubernetes.io/dockercfg" => json_at(&data.key(".dockercfg")),
        "kubernetes.io/ssh-auth" => missing(&["ssh-privatekey"]),
        "kubernetes.io/basic-auth" => match missing(&["username", "password"]) {
            // One of the two is enough.
            all if all.len() == 2 => all,
            _ => vec![],
        },
        "kubernetes.io/service-account-token" if !is_update => {
            let account = secret
                .at("metadata.annotations")
                .key("kubernetes.io/service-account.name");
            match account.is_empty() {
                true => vec![account.required("")],
                false => vec![],
            }
        }
        _ => vec![],
    }
}

fn json_at(place: &Place<'_>) -> Vec<FieldError> {
    if !place.is_set() {
        return vec![place.required("")];
    }
    match serde_json::from_slice::<Value>(&decoded(place)) {
        Ok(_) => vec![],
        Err(error) => vec![place.refuse("<secret contents redacted>", error.to_string())],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_a_secret_become_data() {
        let mut secret = json!({ "data": { "a": "YQ==" }, "stringData": { "b": "b" } });
        complete_secret(&mut secret);
        let expected = json!({ "type": "Opaque", "data": { "a": "YQ==", "b": "Yg==" } });
        assert_eq!(secret, expected);
    }

    #[test]
    fn a_config_map_holds_a_mebibyte() {
        let map = |size: usize| json!({ "data": { "a": "x".repeat(size) } });
        assert_eq!(check_config_map(&map(ROOM), None), vec![]);
        assert_eq!(check_config_map(&map(ROOM + 1), None).len(), 1);
    }
}
