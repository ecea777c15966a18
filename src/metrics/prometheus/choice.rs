//! Which way to read, decided by a few small questions.

use super::client::Client;
use super::error::Error;
use super::gauge::LOOKBACK;
use super::plan::Shard;
use super::rate::Promql;
use super::remote_read::{Matcher, Query, ReadRequest};
use super::selector::Selector;
use super::shard;
use super::{Way, WayChoice};
use crate::series::Grid;
use crate::units::Step;

/// An answer of range queries above this is grouped on the server instead. Grouping costs a
/// server about five times as much as a rate for each container, so the answer must be large
/// enough for its transfer to cost more: two gigabytes are minutes even at 100 Mbit/s.
const LARGE_ANSWER: f64 = 2e9;

/// Bytes of one sample in JSON: `[1700000000,"0.123456789012"],`.
const SAMPLE_BYTES: f64 = 30.0;

/// What scrapes are taken to be apart where nothing is known: Prometheus' own default.
const USUAL_SCRAPE: Step = Step::ONE_MINUTE;

/// Takes the user's choice, else remote read where the server streams it, else range queries,
/// grouped on the server where the answer would be too large.
pub(super) async fn way(
    client: &Client,
    choice: WayChoice,
    grid: Grid,
    shards: &[Shard],
) -> Result<Way, Error> {
    match choice {
        WayChoice::RemoteRead => Ok(Way::RemoteRead),
        WayChoice::PodRates => Ok(Way::PodRates),
        WayChoice::GroupedRates => Ok(Way::GroupedRates),
        WayChoice::Auto => {
            if streams_chunks(client, grid).await? {
                return Ok(Way::RemoteRead);
            }
            let series = container_count(client, grid, shards).await?;
            let bytes = series * grid.len() as f64 * SAMPLE_BYTES;
            Ok(if bytes > LARGE_ANSWER {
                Way::GroupedRates
            } else {
                Way::PodRates
            })
        }
    }
}

/// Whether a remote read of next to nothing is answered in streamed chunks.
async fn streams_chunks(client: &Client, grid: Grid) -> Result<bool, Error> {
    let end_ms = grid.end().as_millisecond();
    let query = Query {
        start_ms: end_ms - LOOKBACK.as_millis() as i64,
        end_ms,
        matchers: vec![Matcher::metric("up")],
        hints: None,
    };
    let body = ReadRequest {
        queries: vec![query],
    };
    let ignore = |(): &mut (), _| Ok::<(), std::convert::Infallible>(());
    match client.read(body.encode(), || (), ignore).await {
        Ok(()) => Ok(true),
        Err(error) if error.leaves_another_way() => {
            if let Error::Forbidden { .. } = error {
                // It is not to be found out by the load that the slower way makes.
                tracing::warn!(%error, "no remote read; range queries take its place");
            }
            Ok(false)
        }
        Err(error) => Err(error),
    }
}

/// How many containers are counted now in the namespaces of the fleet.
async fn container_count(client: &Client, grid: Grid, shards: &[Shard]) -> Result<f64, Error> {
    let mut count = 0.0;
    for shard in shards {
        let query = format!("count({})", shard::containers(shard::CPU, shard));
        let answer = client.instant(&query, grid.end()).await?;
        count += answer.first().map_or(0.0, |it| it.value);
    }
    Ok(count)
}

/// How far scrapes of containers are apart, by the busiest series of one namespace.
pub(super) async fn scrape_interval(
    client: &Client,
    grid: Grid,
    shards: &[Shard],
) -> Result<Step, Error> {
    const WINDOW: u32 = 900;
    let Some(namespace) = shards.first().and_then(|it| it.namespaces.first()) else {
        return Ok(USUAL_SCRAPE);
    };
    let one = Selector::of(shard::CPU).one_of("namespace", [namespace.as_str()]);
    let query = format!("max(count_over_time({one}[{WINDOW}s]))");
    let answer = client.instant(&query, grid.end()).await?;
    let samples = answer.first().map_or(0.0, |it| it.value);
    let interval = (f64::from(WINDOW) / samples).round();
    // A cast saturates, so that no samples at all are an interval that the filter leaves out.
    Ok(Step::from_seconds(interval as u32)
        .filter(|it| it.seconds() <= WINDOW)
        .unwrap_or(USUAL_SCRAPE))
}

/// Whose rules of PromQL the server follows.
pub(super) async fn rules(client: &Client) -> Result<Promql, Error> {
    let version = client.build_info().await?.map(|it| it.version);
    Ok(match version {
        Some(version) if version.trim_start_matches('v').starts_with("2.") => Promql::V2,
        Some(_) | None => Promql::V3,
    })
}
