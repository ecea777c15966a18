//! Objects to install as YAML, each with what it is for and each rule with its reason.

use std::io::{self, Write};

use crate::install::Item;
use crate::yaml;

/// One document each, for `kubectl apply -f -`.
///
/// # Errors
/// Where `out` takes no more.
pub fn write(out: &mut dyn Write, items: &[Item]) -> io::Result<()> {
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            writeln!(out, "---")?;
        }
        writeln!(out, "# {}", item.about)?;
        out.write_all(document(item)?.as_bytes())?;
    }
    Ok(())
}

fn document(item: &Item) -> io::Result<String> {
    let mut object = item.object.clone();
    let rules = object.as_object_mut().and_then(|it| it.remove("rules"));
    let mut text = yaml::write(&object).map_err(io::Error::other)?;
    let Some(rules) = rules else {
        return Ok(text);
    };
    text.push_str("rules:\n");
    for (rule, reason) in rules.as_array().into_iter().flatten().zip(&item.reasons) {
        text.push_str(&format!("# {reason}\n"));
        text.push_str(&yaml::write(&[rule]).map_err(io::Error::other)?);
    }
    Ok(text)
}

#[cfg(test)]
mod tests;
