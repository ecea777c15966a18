//! One line of a snapshot: what it is, or what is wrong with it.
//!
//! Fields are taken as raw JSON first and read once the kind is known, so that a kind of a later
//! version may give them any meaning, and every message can name the field.

mod values;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::problem::Problem;
use super::{API_VERSION, Header, OF_ONE};
use crate::autoscaler::target::TargetRef;
use crate::fleet::ClusterName;
use crate::history::Metric;
use crate::units::Step;

/// A line that is right in form.
#[derive(Debug)]
pub(super) enum Record<'a> {
    Header(Header),
    Object(&'a RawValue),
    Series(SeriesLine<'a>),
    /// Why nothing is known of a metric.
    Missing(MissingLine),
    /// A kind or a metric that this version does not know.
    Unknown,
}

/// A series whose values have not been read yet.
#[derive(Debug)]
pub(super) struct SeriesLine<'a> {
    pub(super) target: TargetRef,
    pub(super) metric: Metric,
    /// The one autoscaler of several on the target whose series it is.
    pub(super) autoscaler: Option<String>,
    start: Timestamp,
    step: Step,
    values: &'a RawValue,
}

/// A metric without values.
#[derive(Debug)]
pub(super) struct MissingLine {
    pub(super) target: TargetRef,
    pub(super) metric: Metric,
    pub(super) why: String,
}

/// Every field that some kind has, unread.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Line<'a> {
    #[serde(borrow)]
    kind: Option<&'a RawValue>,
    #[serde(borrow)]
    api_version: Option<&'a RawValue>,
    #[serde(borrow)]
    cluster: Option<&'a RawValue>,
    #[serde(borrow)]
    taken_at: Option<&'a RawValue>,
    #[serde(borrow)]
    object: Option<&'a RawValue>,
    #[serde(borrow)]
    target: Option<&'a RawValue>,
    #[serde(borrow)]
    metric: Option<&'a RawValue>,
    #[serde(borrow)]
    start: Option<&'a RawValue>,
    #[serde(borrow)]
    step_seconds: Option<&'a RawValue>,
    #[serde(borrow)]
    values: Option<&'a RawValue>,
    #[serde(borrow)]
    why: Option<&'a RawValue>,
}

/// Reads a line without its values, which [`SeriesLine::values_into`] does.
pub(super) fn parse(line: &[u8]) -> Result<Record<'_>, Problem> {
    let line = line.trim_ascii();
    // Derived code would also take an array for a struct.
    if !line.starts_with(b"{") {
        return Err(serde_json::from_slice::<serde::de::IgnoredAny>(line)
            .map_or_else(syntax, |_| Problem::NotAnObject));
    }
    let line: Line = serde_json::from_slice(line).map_err(syntax)?;
    let kind: String = field("kind", "text", line.kind)?;
    match kind.as_str() {
        "Snapshot" => header(&line).map(Record::Header),
        "Object" => object(&line).map(Record::Object),
        "Series" => series(&line),
        "Missing" => missing(&line),
        _ => Ok(Record::Unknown),
    }
}

fn header(line: &Line) -> Result<Header, Problem> {
    let found: String = field("apiVersion", "text", line.api_version)?;
    if found != API_VERSION {
        return Err(Problem::Version { found });
    }
    let taken_at = field("takenAt", "a time as RFC 3339 writes it", line.taken_at)?;
    let cluster = match line.cluster {
        Some(cluster) => cluster_name(cluster)?,
        None => ClusterName::default(),
    };
    Ok(Header { cluster, taken_at })
}

fn cluster_name(raw: &RawValue) -> Result<ClusterName, Problem> {
    #[derive(Deserialize)]
    struct Cluster {
        #[serde(default)]
        name: Option<String>,
        #[serde(default)]
        version: Option<String>,
    }
    let cluster: Cluster = field("cluster", "an object with name and version", Some(raw))?;
    Ok(ClusterName {
        name: cluster.name.unwrap_or_default(),
        version: cluster.version,
    })
}

fn object<'a>(line: &Line<'a>) -> Result<&'a RawValue, Problem> {
    let object = line.object.ok_or(Problem::Missing { field: "object" })?;
    if object.get().starts_with('{') {
        Ok(object)
    } else {
        Err(wrong("object", "a Kubernetes object", object))
    }
}

fn series<'a>(line: &Line<'a>) -> Result<Record<'a>, Problem> {
    let target = field(
        "target",
        "an object with kind, namespace and name",
        line.target,
    )?;
    let metric: String = field("metric", "text", line.metric)?;
    let seconds: i64 = field("start", UNIX_SECONDS, line.start)?;
    let start = Timestamp::from_second(seconds).ok();
    let step: u32 = field("stepSeconds", STEP, line.step_seconds)?;
    let values = line.values.ok_or(Problem::Missing { field: "values" })?;
    if !values.get().starts_with('[') {
        return Err(wrong("values", "a list of numbers and nulls", values));
    }
    let (metric, autoscaler) = match metric.strip_prefix(OF_ONE) {
        Some(autoscaler) => (Metric::DesiredReplicas, Some(autoscaler.to_owned())),
        None => match metric.parse() {
            Ok(metric) => (metric, None),
            Err(()) => return Ok(Record::Unknown),
        },
    };
    Ok(Record::Series(SeriesLine {
        target,
        metric,
        autoscaler,
        start: start.ok_or_else(|| wrong_number("start", UNIX_SECONDS, seconds))?,
        step: Step::from_seconds(step).ok_or_else(|| wrong_number("stepSeconds", STEP, 0))?,
        values,
    }))
}

fn missing<'a>(line: &Line<'a>) -> Result<Record<'a>, Problem> {
    let target = field(
        "target",
        "an object with kind, namespace and name",
        line.target,
    )?;
    let metric: String = field("metric", "text", line.metric)?;
    let why = field("why", "text", line.why)?;
    Ok(match metric.parse() {
        Ok(metric) => Record::Missing(MissingLine {
            target,
            metric,
            why,
        }),
        Err(()) => Record::Unknown,
    })
}

const UNIX_SECONDS: &str = "a time in whole Unix seconds";
const STEP: &str = "a whole number of seconds above 0";

fn field<'a, T: Deserialize<'a>>(
    name: &'static str,
    expected: &'static str,
    raw: Option<&'a RawValue>,
) -> Result<T, Problem> {
    let raw = raw.ok_or(Problem::Missing { field: name })?;
    serde_json::from_str(raw.get()).map_err(|_| wrong(name, expected, raw))
}

fn wrong(field: &'static str, expected: &'static str, raw: &RawValue) -> Problem {
    const SHOWN: usize = 60;
    let mut found: String = raw.get().chars().take(SHOWN).collect();
    if found.len() < raw.get().len() {
        found.push('…');
    }
    Problem::Wrong {
        field,
        expected,
        found,
    }
}

fn wrong_number(field: &'static str, expected: &'static str, found: i64) -> Problem {
    Problem::Wrong {
        field,
        expected,
        found: found.to_string(),
    }
}

/// What the parser says, without the place it adds to it.
fn syntax(error: serde_json::Error) -> Problem {
    if error.is_eof() {
        return Problem::CutOff;
    }
    let text = error.to_string();
    let what = text.split(" at line ").next().unwrap_or(&text).to_owned();
    Problem::Syntax {
        what,
        column: error.column(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::snapshot::problem::MOST_VALUES;

    const TARGET: &str = r#""target":{"kind":"Deployment","namespace":"shop","name":"web"}"#;

    fn problem(line: &str) -> String {
        match parse(line.as_bytes()) {
            Err(problem) => problem.to_string(),
            Ok(Record::Series(series)) => {
                let said = |it: Result<(), Problem>| match it {
                    Err(problem) => problem.to_string(),
                    Ok(()) => "none".to_owned(),
                };
                let checked = said(series.check(&mut Vec::new()));
                assert_eq!(checked, said(series.values_into(&mut Vec::new())), "{line}");
                checked
            }
            Ok(_) => "none".to_owned(),
        }
    }

    fn series_line(rest: &str) -> String {
        format!(r#"{{"kind":"Series",{TARGET},{rest}}}"#)
    }

    #[test]
    fn a_series_is_read_with_its_gaps() {
        let line = series_line(
            r#""metric":"cpu_usage_cores","start":1700000000,"stepSeconds":300,"values":[1.25,null, 3e-1,7]"#,
        );
        let Ok(Record::Series(line)) = parse(line.as_bytes()) else {
            panic!("not a series");
        };
        let mut samples = vec![9.0];
        line.values_into(&mut samples).unwrap();
        let series = line.series(&samples);
        assert_eq!(line.target.to_string(), "Deployment/web");
        assert_eq!(line.metric, Metric::CpuUsage);
        assert_eq!(series.grid().start().as_second(), 1_700_000_000);
        assert_eq!(series.grid().step(), Step::FIVE_MINUTES);
        let expected = [Some(1.25), None, Some(f64::from(0.3_f32)), Some(7.0)];
        assert_eq!(series.iter().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn what_a_later_version_may_add_is_ignored() {
        for line in [
            r#"{"kind":"Forecast","start":"tomorrow","values":{}}"#.to_owned(),
            series_line(r#""metric":"joules","start":0,"stepSeconds":1,"values":[1]"#),
            series_line(
                r#""metric":"cpu_usage_cores","start":0,"stepSeconds":1,"values":[1],"unit":{}"#,
            ),
            r#"{"kind":"Object","object":{},"seen":1}"#.to_owned(),
        ] {
            assert_eq!(problem(&line), "none", "{line}");
        }
    }

    #[test]
    fn what_is_wrong_is_said_in_plain_words() {
        let header = r#"{"kind":"Snapshot","apiVersion":"stepscale.io/"#;
        let cases = [
            ("{\"kind\":\"Ser", "the line ends in the middle of its JSON"),
            ("[1]", "not a JSON object"),
            ("hello", "not valid JSON: expected value at column 1"),
            (
                r#"{"kind":"Object",}"#,
                "not valid JSON: trailing comma at column 18",
            ),
            ("{}", "`kind` is missing"),
            (r#"{"kind":7}"#, "`kind` must be text, not 7"),
            (
                r#"{"kind":"Object","object":[]}"#,
                "`object` must be a Kubernetes object, not []",
            ),
            (
                &format!(r#"{header}v1","takenAt":"2026-01-01T00:00:00Z"}}"#),
                "apiVersion is stepscale.io/v1, and this program reads stepscale.io/v1alpha1 only",
            ),
            (
                &format!(r#"{header}v1alpha1","takenAt":"noon"}}"#),
                "`takenAt` must be a time as RFC 3339 writes it, not \"noon\"",
            ),
            (
                r#"{"kind":"Series","target":{"kind":"Deployment","name":"web"}}"#,
                "`target` must be an object with kind, namespace and name, not \
                 {\"kind\":\"Deployment\",\"name\":\"web\"}",
            ),
        ];
        for (line, expected) in cases {
            assert_eq!(problem(line), expected, "{line}");
        }
    }

    #[test]
    fn what_is_wrong_with_a_series_is_named() {
        let with = |step: &str, values: &str| {
            let rest = format!(
                r#""metric":"cpu_usage_cores","start":0,"stepSeconds":{step},"values":{values}"#
            );
            problem(&series_line(&rest))
        };
        let step = "`stepSeconds` must be a whole number of seconds above 0, not ";
        assert_eq!(with("0", "[1]"), format!("{step}0"));
        assert_eq!(with("-300", "[1]"), format!("{step}-300"));
        assert_eq!(with("\"5m\"", "[1]"), format!("{step}\"5m\""));
        assert_eq!(
            with("1", "7"),
            "`values` must be a list of numbers and nulls, not 7"
        );
        let number = "`values[1]` must be a number or null";
        for values in ["[1,\"x\"]", "[1,true]", "[1,[2]]", "[1,{}]", "[1,1e999]"] {
            assert_eq!(with("1", values), number, "{values}");
        }
        for values in ["[]", "[ ]", "[1, null ,2.5]", "[1e2,1E-3]"] {
            assert_eq!(with("1", values), "none", "{values}");
        }
        assert_eq!(with("1", "[0,-0.5]"), "`values[1]` must be zero or more");
        let many = format!("[{}0]", "0,".repeat(MOST_VALUES));
        assert_eq!(with("1", &many), "`values` holds more than 100000 values");
    }
}
