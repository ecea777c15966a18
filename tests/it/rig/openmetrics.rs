//! The fleet's samples as OpenMetrics text, which promtool makes blocks of.

use std::io::{self, Write};
use std::ops::Range;

use super::fleet::Fleet;
use super::fleet::samples::{self, Series};

/// Writes every sample within `span` (Unix milliseconds) and returns their number.
///
/// # Errors
/// When `out` refuses.
pub(crate) fn write(fleet: &Fleet, span: &Range<i64>, out: &mut impl Write) -> io::Result<u64> {
    let mut text = Vec::new();
    let mut count = 0;
    for workload in &fleet.workloads {
        text.clear();
        samples::visit(fleet, workload, span, &mut |series| {
            count += series.samples.len() as u64;
            append(&series, &mut text);
        });
        out.write_all(&text)?;
    }
    out.write_all(b"# EOF\n")?;
    Ok(count)
}

fn append(series: &Series<'_>, text: &mut Vec<u8>) {
    let mut head = format!("{}{{", series.name);
    for (place, (name, value)) in series.labels.iter().enumerate() {
        let comma = if place > 0 { "," } else { "" };
        head.push_str(&format!("{comma}{name}=\"{value}\""));
    }
    head.push('}');
    for (at, value) in series.samples {
        text.extend_from_slice(head.as_bytes());
        let (seconds, milliseconds) = (at / 1000, at % 1000);
        // Writing to memory does not fail.
        let _ = writeln!(text, " {value} {seconds}.{milliseconds:03}");
    }
}
