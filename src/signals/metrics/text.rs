//! The page in the two forms that Prometheus reads, and which of them somebody wants.

use std::fmt::Write;

use super::Metrics;

/// How the page is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// OpenMetrics 1.0.0, which Prometheus asks for first.
    OpenMetrics,
    /// The text format 0.0.4, which everything else reads.
    Text,
}

impl Form {
    /// The one that the value of an `Accept` header prefers; text where it says nothing of either.
    pub fn accepted(accept: &str) -> Self {
        let (mut open_metrics, mut text) = (0, 0);
        for range in accept.split(',') {
            let mut parts = range.split(';').map(str::trim);
            let media = parts.next().unwrap_or_default().to_ascii_lowercase();
            let parameters: Vec<(&str, &str)> = parts.filter_map(|it| it.split_once('=')).collect();
            let weight = weight(&parameters);
            match media.as_str() {
                "application/openmetrics-text" if speaks(&parameters, &["1.0.0", "0.0.1"]) => {
                    open_metrics = weight.max(open_metrics);
                }
                "text/plain" if speaks(&parameters, &["0.0.4"]) => text = weight.max(text),
                "text/*" | "*/*" => text = weight.max(text),
                _ => {}
            }
        }
        if open_metrics > 0 && open_metrics >= text {
            Self::OpenMetrics
        } else {
            Self::Text
        }
    }

    /// What `Content-Type` says of it.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
            Self::Text => "text/plain; version=0.0.4; charset=utf-8",
        }
    }
}

/// `q` in thousandths, 1000 where nothing is said, and 0 where it is no number.
fn weight(parameters: &[(&str, &str)]) -> u32 {
    let q = parameters.iter().find(|it| it.0.eq_ignore_ascii_case("q"));
    q.map_or(1000, |(_, value)| {
        let value = value.parse::<f64>().unwrap_or_default();
        // Saturates, and makes zero of what is no number.
        (value.clamp(0.0, 1.0) * 1000.0) as u32
    })
}

/// Whether one of `versions` is asked for, or none in particular.
fn speaks(parameters: &[(&str, &str)], versions: &[&str]) -> bool {
    let asked = parameters
        .iter()
        .find(|it| it.0.eq_ignore_ascii_case("version"));
    asked.is_none_or(|(_, version)| versions.contains(&version.trim_matches('"')))
}

/// All metrics as they are now.
pub fn page(metrics: &Metrics, form: Form) -> String {
    let text = metrics.open_metrics();
    match form {
        Form::OpenMetrics => text,
        Form::Text => plain(&text),
    }
}

/// The same in the older format, where the name of a family is that of its series: with `_total` for
/// a counter, with `_info` for what OpenMetrics calls an info and has to be a gauge here.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut help = None;
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            help = rest.split_once(' ');
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap_or((rest, "unknown"));
            let (suffix, kind) = renamed(kind);
            let meaning = help.take().map_or("", |it| it.1);
            // A string takes everything.
            let _ = writeln!(plain, "# HELP {name}{suffix} {meaning}");
            let _ = writeln!(plain, "# TYPE {name}{suffix} {kind}");
        } else if !line.starts_with('#') {
            plain.push_str(line);
            plain.push('\n');
        }
    }
    plain
}

/// What a family of this type is called after its name, and which type it is.
fn renamed(kind: &str) -> (&'static str, &str) {
    match kind {
        "counter" => ("_total", kind),
        "info" => ("_info", "gauge"),
        "unknown" => ("", "untyped"),
        _ => ("", kind),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_is_given() {
        let prometheus_2 = "application/openmetrics-text;version=1.0.0,application/openmetrics-text;\
            version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
        let prometheus_3 = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,\
            application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;\
            escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2";
        let only_text = "text/plain;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.4,*/*;q=0.2";
        let browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
        let cases = [
            (prometheus_2, Form::OpenMetrics),
            (prometheus_3, Form::OpenMetrics),
            (only_text, Form::Text),
            (browser, Form::Text),
            ("", Form::Text),
            ("*/*", Form::Text),
            ("application/json", Form::Text),
            ("application/openmetrics-text", Form::OpenMetrics),
            (
                "Application/OpenMetrics-Text; Version=\"1.0.0\"",
                Form::OpenMetrics,
            ),
            ("application/openmetrics-text; version=2.0.0", Form::Text),
            ("application/openmetrics-text;q=0, */*", Form::Text),
            (
                "application/openmetrics-text;q=0.3, text/plain;q=0.7",
                Form::Text,
            ),
            ("application/openmetrics-text;q=x", Form::Text),
            (";;;,,q=,=", Form::Text),
        ];
        for (accept, expected) in cases {
            assert_eq!(Form::accepted(accept), expected, "{accept}");
        }
    }

    #[test]
    fn families_are_named_as_their_series_in_plain_text() {
        let text = "# HELP a Help one.\n# TYPE a counter\na_total{x=\"# HELP\"} 1\n\
            # HELP b_seconds Two.\n# TYPE b_seconds gauge\n# UNIT b_seconds seconds\nb_seconds 1.5\n\
            # HELP c Three.\n# TYPE c info\nc_info{v=\"1\"} 1\n\
            # HELP d Four.\n# TYPE d unknown\nd 1\n# EOF\n";
        let expected = "# HELP a_total Help one.\n# TYPE a_total counter\na_total{x=\"# HELP\"} 1\n\
            # HELP b_seconds Two.\n# TYPE b_seconds gauge\nb_seconds 1.5\n\
            # HELP c_info Three.\n# TYPE c_info gauge\nc_info{v=\"1\"} 1\n\
            # HELP d Four.\n# TYPE d untyped\nd 1\n";
        assert_eq!(plain(text), expected);
    }
}
