//! The file of `--prices`: what requested resources cost, everywhere and in single namespaces.
//!
//! ```yaml
//! cpuHour: 0.0316
//! memoryGibHour: 0.0042
//! namespaces:
//!   batch: { cpuHour: 0.0095 }   # spot nodes
//! ```

use std::fs;
use std::path::Path;

use serde_json::{Map, Value};

use super::values;
use crate::analysis::Prices;
use crate::analysis::prices::PriceList;
use crate::error::Error;
use crate::yaml;

/// Reads such a file.
///
/// # Errors
/// Where it cannot be read, or holds something else.
pub(crate) fn read(path: &Path) -> Result<PriceList, Error> {
    let named = |why: String| Error::Usage {
        message: format!("{} holds no prices: {why}", path.display()),
        hint: Some("docs/outputs.md shows such a file".to_owned()),
    };
    let text = fs::read_to_string(path).map_err(|it| named(it.to_string()))?;
    parsed(&text).map_err(named)
}

fn parsed(text: &str) -> Result<PriceList, String> {
    let value = yaml::read(text).map_err(|it| it.to_string())?;
    let value = serde_json::to_value(value).map_err(|it| it.to_string())?;
    let mut fields = object(value, "the file")?;
    let namespaces = fields.remove("namespaces").unwrap_or_default();
    let mut list = PriceList::from(prices(fields, "the file")?);
    if namespaces.is_null() {
        return Ok(list);
    }
    for (namespace, value) in object(namespaces, "`namespaces`")? {
        values::namespace(&namespace).map_err(|it| format!("`{namespace}`: {it}"))?;
        let place = format!("`namespaces.{namespace}`");
        let fields = object(value, &place)?;
        list.namespaces.insert(namespace, prices(fields, &place)?);
    }
    Ok(list)
}

fn object(value: Value, place: &str) -> Result<Map<String, Value>, String> {
    match value {
        Value::Object(fields) => Ok(fields),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            Err(format!("{place} has no fields such as `cpuHour: 0.03`"))
        }
    }
}

fn prices(fields: Map<String, Value>, place: &str) -> Result<Prices, String> {
    let mut prices = Prices::default();
    for (key, value) in fields {
        let slot = match key.as_str() {
            "cpuHour" => &mut prices.cpu_hour,
            "memoryGibHour" => &mut prices.gib_hour,
            _ => {
                return Err(format!(
                    "{place} has a field `{key}`, and may have cpuHour and memoryGibHour"
                ));
            }
        };
        let price = values::price(&value.to_string());
        *slot = Some(price.map_err(|it| format!("`{key}` of {place}: {it}"))?);
    }
    Ok(prices)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_prices_for_all_and_for_namespaces() {
        let list =
            parsed("cpuHour: 0.03\nmemoryGibHour: 0.004\nnamespaces:\n  batch: {cpuHour: 0.01}\n")
                .unwrap();
        let prices = |cpu, gib| Prices {
            cpu_hour: Some(cpu),
            gib_hour: Some(gib),
        };
        assert_eq!(list.of("batch"), prices(0.01, 0.004));
        assert_eq!(list.of("shop"), prices(0.03, 0.004));
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, part) in [
            ("cpu: 1", "field `cpu`"),
            ("cpuHour: -1", "`cpuHour` of the file: expected a price"),
            ("cpuHour: cheap", "expected a price"),
            (
                "namespaces: {Shop: {cpuHour: 1}}",
                "`Shop`: expected a name",
            ),
            ("namespaces: {shop: 1}", "`namespaces.shop` has no fields"),
            (
                "namespaces: {shop: {gpu: 1}}",
                "`namespaces.shop` has a field `gpu`",
            ),
            ("- 1", "the file has no fields"),
            ("", "the file has no fields"),
            ("a: [", ""),
        ] {
            let why = parsed(text).unwrap_err();
            assert!(why.contains(part), "{text}: {why}");
        }
    }
}
