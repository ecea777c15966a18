//! Series as JSON: now, over a range, and their labels alone.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::form::Form;
use super::selector::{Expression, expression, selector};
use super::{Labels, Matcher, Problem, Sample, Samples, Span};

/// How long a value stands: Prometheus' default.
const LOOKBACK: i64 = 300_000;

/// As many points of one series as Prometheus gives.
const MOST_POINTS: i64 = 11_000;

/// `/api/v1/query`.
pub(super) fn instant(
    samples: &dyn Samples,
    form: &Form,
    now: Timestamp,
) -> Result<Value, Problem> {
    let at = form.time("time", now.as_millisecond())?;
    let mut result = vec![];
    match meant(samples, form.get("query")?)? {
        Expression::Series(selectors) => {
            let span = until(at, LOOKBACK);
            let found = union(samples, &selectors, span, |samples| {
                let value = samples.last().and_then(|it| standing(*it));
                value.map(|it| (at, it)).into_iter().collect()
            });
            let values = found
                .into_iter()
                .filter_map(|it| Some((it.0, it.1.first()?.1)));
            result.extend(values);
        }
        Expression::MostSamples(matchers, range) => {
            let most = most_samples(samples, &matchers, until(at, range));
            result.extend(most.map(|it| (Labels::default(), it as f64)));
        }
    }
    result.sort_by(|a, b| a.0.cmp(&b.0));
    let vector = result
        .iter()
        .map(|(labels, value)| json!({ "metric": labels.to_json(), "value": point(at, *value) }));
    Ok(json!({ "resultType": "vector", "result": vector.collect::<Vec<Value>>() }))
}

/// What a query asks for: what is told of it by itself, else what it says.
fn meant(samples: &dyn Samples, text: &str) -> Result<Expression, Problem> {
    match samples.told_of(text) {
        Some(matchers) => Ok(Expression::Series(vec![matchers])),
        None => expression(text),
    }
}

fn most_samples(samples: &dyn Samples, matchers: &[Matcher], span: Span) -> Option<usize> {
    let mut most = None;
    samples.visit(matchers, span, &mut |_, samples| {
        let count = samples.iter().filter(|it| standing(**it).is_some()).count();
        most = most.max(Some(count)).filter(|it| *it > 0);
    });
    most
}

/// `/api/v1/query_range`, of selectors alone.
pub(super) fn range(samples: &dyn Samples, form: &Form) -> Result<Value, Problem> {
    let missing = |name: &str| Problem::bad(format!("parameter \"{name}\" is missing"));
    let time = |name: &str| match form.time(name, i64::MIN)? {
        i64::MIN => Err(missing(name)),
        time => Ok(time),
    };
    let (start, end, step) = (time("start")?, time("end")?, form.length("step")?);
    if end < start {
        return Err(Problem::bad("end timestamp must not be before start time"));
    }
    if (end - start) / step >= MOST_POINTS {
        return Err(Problem::bad(
            "exceeded maximum resolution of 11,000 points per timeseries",
        ));
    }
    let text = form.get("query")?;
    let Expression::Series(selectors) = meant(samples, text)? else {
        return Err(Problem::beyond(&format!(
            "cannot evaluate {text:?} over a range"
        )));
    };
    let span = Span {
        first: start - LOOKBACK + 1,
        last: end,
    };
    let at_steps = |samples: &[Sample]| points(samples, start, end, step);
    let mut found = union(samples, &selectors, span, at_steps);
    found.sort_by(|a, b| a.0.cmp(&b.0));
    let matrix = found.into_iter().map(|(labels, points)| {
        let points: Vec<Value> = points.iter().map(|it| point(it.0, it.1)).collect();
        json!({ "metric": labels.to_json(), "values": points })
    });
    Ok(json!({ "resultType": "matrix", "result": matrix.collect::<Vec<Value>>() }))
}

/// The series that the selectors find, as `take` makes points of their samples. At the time of a
/// point, a series of an earlier selector hides those of later ones with the same labels, whatever
/// their names.
fn union(
    samples: &dyn Samples,
    selectors: &[Vec<Matcher>],
    span: Span,
    take: impl Fn(&[Sample]) -> Vec<Sample>,
) -> Vec<(Labels, Vec<Sample>)> {
    let mut found: Vec<(Labels, Vec<Sample>)> = vec![];
    let mut hidden: BTreeMap<Labels, BTreeSet<i64>> = BTreeMap::new();
    for matchers in selectors {
        let before = found.len();
        samples.visit(matchers, span, &mut |labels, samples| {
            let mut points = take(samples);
            if let Some(times) = hidden.get(&labels.without_name()) {
                points.retain(|it| !times.contains(&it.0));
            }
            if !points.is_empty() {
                found.push((labels.clone(), points));
            }
        });
        if selectors.len() > 1 {
            for (labels, points) in found.iter().skip(before) {
                let times = hidden.entry(labels.without_name()).or_default();
                times.extend(points.iter().map(|it| it.0));
            }
        }
    }
    found
}

/// The values that stand at each step.
fn points(samples: &[Sample], start: i64, end: i64, step: i64) -> Vec<Sample> {
    let (mut points, mut next, mut at) = (vec![], 0, start);
    while at <= end {
        while samples.get(next).is_some_and(|it| it.0 <= at) {
            next += 1;
        }
        let last = next.checked_sub(1).and_then(|it| samples.get(it));
        let last = last.filter(|it| it.0 > at - LOOKBACK);
        points.extend(last.and_then(|it| standing(*it)).map(|it| (at, it)));
        at += step;
    }
    points
}

/// `/api/v1/series`.
pub(super) fn series(samples: &dyn Samples, form: &Form, now: Timestamp) -> Result<Value, Problem> {
    let span = Span {
        first: form.time("start", 0)?,
        last: form.time("end", now.as_millisecond())?,
    };
    let mut found: Vec<Labels> = vec![];
    for text in form.all("match[]") {
        let mut keep = |labels: &Labels, _: &[Sample]| found.push(labels.clone());
        samples.visit(&selector(text)?, span, &mut keep);
    }
    if form.all("match[]").next().is_none() {
        return Err(Problem::bad("no match[] parameter provided"));
    }
    found.sort();
    found.dedup();
    Ok(found.iter().map(Labels::to_json).collect())
}

/// The time until `at` that is `length` long, without its beginning.
fn until(at: i64, length: i64) -> Span {
    Span {
        first: at.saturating_sub(length).saturating_add(1),
        last: at,
    }
}

/// The value of a sample; none where it says that the series ended.
fn standing(sample: Sample) -> Option<f64> {
    (sample.1.to_bits() != super::past::STALE).then_some(sample.1)
}

fn point(at: i64, value: f64) -> Value {
    let text = match value {
        value if value.is_nan() => "NaN".to_owned(),
        value if value.is_infinite() => if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned(),
        value => value.to_string(),
    };
    json!([at as f64 / 1000.0, text])
}
