//! Series as JSON: now, over a range, and their labels alone.

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
    match expression(form.get("query")?)? {
        Expression::Series(matchers) => {
            samples.visit(&matchers, until(at, LOOKBACK), &mut |labels, samples| {
                if let Some(value) = samples.last().and_then(|it| standing(*it)) {
                    result.push((labels.clone(), value));
                }
            });
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
    let Expression::Series(matchers) = expression(text)? else {
        return Err(Problem::beyond(&format!(
            "cannot evaluate {text:?} over a range"
        )));
    };
    let span = Span {
        first: start - LOOKBACK + 1,
        last: end,
    };
    let mut found: Vec<(Labels, Vec<Value>)> = vec![];
    samples.visit(&matchers, span, &mut |labels, samples| {
        let points = points(samples, start, end, step);
        if !points.is_empty() {
            found.push((labels.clone(), points));
        }
    });
    found.sort_by(|a, b| a.0.cmp(&b.0));
    let matrix = found
        .into_iter()
        .map(|(labels, points)| json!({ "metric": labels.to_json(), "values": points }));
    Ok(json!({ "resultType": "matrix", "result": matrix.collect::<Vec<Value>>() }))
}

/// The values that stand at each step.
fn points(samples: &[Sample], start: i64, end: i64, step: i64) -> Vec<Value> {
    let (mut points, mut next, mut at) = (vec![], 0, start);
    while at <= end {
        while samples.get(next).is_some_and(|it| it.0 <= at) {
            next += 1;
        }
        let last = next.checked_sub(1).and_then(|it| samples.get(it));
        let last = last.filter(|it| it.0 > at - LOOKBACK);
        points.extend(last.and_then(|it| standing(*it)).map(|it| point(at, it)));
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
