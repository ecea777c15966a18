//! Quantities as objects hold them: texts, or bare numbers.

use serde_json::Value;

use crate::units::Quantity;

/// The amount, if it is one.
pub(crate) fn read(value: &Value) -> Option<Quantity> {
    match value {
        Value::String(text) => text.parse().ok(),
        Value::Number(number) => number.to_string().parse().ok(),
        _ => None,
    }
}

/// Whether there is an amount, and it is above zero.
pub(crate) fn is_above_zero(amount: Option<&Value>) -> bool {
    amount
        .and_then(read)
        .is_some_and(|it| it > Quantity::default())
}

/// The amount as the server writes it back; what is none stays.
pub(crate) fn shown(value: &Value) -> Value {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        other => return other.clone(),
    };
    match crate::units::canonical(&text) {
        Ok(text) => Value::String(text),
        Err(_) => value.clone(),
    }
}
