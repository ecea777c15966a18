//! What a server tells of itself.

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
}
