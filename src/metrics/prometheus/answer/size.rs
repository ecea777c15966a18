//! Tells a query that is too large from one that is wrong.

/// Whether a query failed by its size alone, so that half of it may succeed.
///
/// No server has a code for this: Prometheus answers `execution` (422) or `bad_data` (400) as for
/// any fault of a query, and its kin differ. `timeout` is the server's own limit of time. The
/// fragments are those that the servers' sources print. VictoriaMetrics' name the flag, because
/// `-search.max…` alone also stands in messages of a server that is merely busy.
pub(super) fn is_too_much(kind: &str, message: &str) -> bool {
    const FRAGMENTS: [&str; 21] = [
        // Prometheus
        "too many samples into memory",
        "exceeded maximum resolution of",
        "query timed out in",
        "exceeded sample limit",
        // The store gateways of Thanos, Mimir and Cortex
        "exceeded series limit",
        "exceeded chunks limit",
        "exceeded bytes limit",
        // The queriers of Mimir and Cortex
        "err-mimir-max-",
        "the query hit the max number of",
        "the query hit the aggregated",
        "the query time range exceeds the limit",
        // VictoriaMetrics
        "-search.maxsamplesperquery",
        "-search.maxsamplesperseries",
        "-search.maxseries",
        "-search.maxuniquetimeseries",
        "-search.maxpointspertimeseries",
        "-search.maxmemoryperquery",
        "-search.maxqueryduration",
        "-search.maxquerylen",
        "not enough memory for processing",
        "matching timeseries exceeds",
    ];
    let message = message.to_lowercase();
    kind == "timeout" || FRAGMENTS.iter().any(|it| message.contains(it))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_of_every_server_are_known() {
        for (kind, message) in [
            (
                "execution",
                "query processing would load too many samples into memory in query execution",
            ),
            (
                "bad_data",
                "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)",
            ),
            ("timeout", "query timed out in expression evaluation"),
            (
                "execution",
                "expanding series: fetch series for block: exceeded series limit: rpc error: code = ResourceExhausted",
            ),
            (
                "execution",
                "the query exceeded the maximum number of chunks (limit: 2000000 chunks) (err-mimir-max-chunks-per-query)",
            ),
            (
                "bad_data",
                "the query time range exceeds the limit (query length: 800h, limit: 721h)",
            ),
            (
                "422",
                "cannot execute query: cannot select more than -search.maxSamplesPerQuery=1000000000 samples",
            ),
            (
                "422",
                "the number of matching timeseries exceeds 300000; either narrow down the search",
            ),
        ] {
            assert!(is_too_much(kind, message), "{message}");
        }
    }

    #[test]
    fn other_faults_are_not_of_size() {
        for (kind, message) in [
            (
                "bad_data",
                "invalid parameter \"query\": 1:4: parse error: unexpected end of input",
            ),
            (
                "execution",
                "multiple matches for labels: many-to-one matching must be explicit",
            ),
            (
                "429",
                "couldn't start executing the request in 10 seconds, since -search.maxConcurrentRequests=8 concurrent requests are executed",
            ),
        ] {
            assert!(!is_too_much(kind, message), "{message}");
        }
    }
}
