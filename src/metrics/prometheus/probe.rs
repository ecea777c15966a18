//! What a server tells of itself.

use jiff::Timestamp;

use super::client::Client;
use super::error::Error;

/// Product and version of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuildInfo {
    /// As Mimir names itself; Prometheus, Thanos and VictoriaMetrics do not.
    pub application: Option<String>,
    /// VictoriaMetrics gives the version of the Prometheus API that it follows.
    pub version: String,
}

impl Client {
    /// Product and version; `None` for a server that answers but does not tell.
    ///
    /// # Errors
    /// If the server cannot be reached or asked at all.
    pub async fn build_info(&self) -> Result<Option<BuildInfo>, Error> {
        let envelope = match self.envelope("/api/v1/status/buildinfo").await {
            Ok(envelope) => envelope,
            Err(Error::NotFound { .. } | Error::Refused { .. }) => return Ok(None),
            Err(error) => return Err(error),
        };
        let text = |name: &str| envelope.data()[name].as_str().map(str::to_owned);
        Ok(text("version").map(|version| BuildInfo {
            application: text("application"),
            version,
        }))
    }

    /// For how long it keeps samples, as it was told: `15d`, `10GiB or 30d`. `None` for a server that
    /// answers but does not tell, as all but Prometheus itself.
    ///
    /// # Errors
    /// If the server cannot be reached or asked at all.
    pub async fn retention(&self) -> Result<Option<String>, Error> {
        match self.envelope("/api/v1/status/runtimeinfo").await {
            Ok(envelope) => {
                let retention = envelope.data()["storageRetention"].as_str();
                Ok(retention.filter(|it| !it.is_empty()).map(str::to_owned))
            }
            Err(Error::NotFound { .. } | Error::Refused { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// What the server's clock shows, by a query about no particular time.
    ///
    /// # Errors
    /// If the server cannot be reached or asked at all.
    pub async fn clock(&self) -> Result<Option<Timestamp>, Error> {
        let answers = self.instant_now("time()").await?;
        let seconds = answers.first().map(|it| it.value);
        Ok(seconds.and_then(|it| Timestamp::from_millisecond((it * 1000.0) as i64).ok()))
    }
}
