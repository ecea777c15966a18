//! A Prometheus at a URL.

use std::path::{Path, PathBuf};
use std::time::Duration;

use http::HeaderValue;
use http::header::AUTHORIZATION;

use super::address::Address;
use super::{Body, Request, Response, headers, tls};
use crate::metrics::prometheus::Options;
use crate::metrics::prometheus::error::{Cause, Error, File, Phase, classify};

/// A connection to a server answers or fails within this; queries may take longer.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Asks a Prometheus at a URL.
#[derive(Clone)]
pub struct Direct {
    client: reqwest::Client,
    address: Address,
    name: String,
    credentials: Credentials,
}

/// Not to be printed, not even for debugging.
#[derive(Clone)]
enum Credentials {
    /// None, or those in the URL, which the client takes from there.
    Url,
    Bearer(HeaderValue),
    BearerFile(PathBuf),
    Basic {
        user: String,
        password: String,
    },
}

impl Direct {
    pub(super) fn new(url: &str, options: &Options) -> Result<Self, Error> {
        let mut address = Address::parse(url)?;
        let credentials = Credentials::from(options)?;
        if !matches!(credentials, Credentials::Url) {
            address.forget_credentials();
        }
        let headers = headers(options)?;
        let client = tls::build(&address, options, || {
            reqwest::Client::builder()
                .default_headers(headers.clone())
                .user_agent(super::USER_AGENT)
                .connect_timeout(CONNECT_TIMEOUT.min(options.timeout))
                // A redirected POST would arrive as a GET without its query.
                .redirect(reqwest::redirect::Policy::none())
                // Decompressed by us, so that bytes are counted as they come.
                .no_gzip()
        })?;
        Ok(Self {
            client,
            name: address.shown(),
            address,
            credentials,
        })
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn is_near(&self) -> bool {
        self.address.is_near()
    }

    pub(super) async fn send(&self, request: Request<'_>) -> Result<Response, Error> {
        let url = self.address.join(request.path, request.query);
        let asked = self
            .client
            .request(request.method, url)
            .headers(request.headers)
            .body(request.body);
        let asked = self.credentials.add_to(asked).await?;
        let answer = asked.send().await.map_err(|source| {
            let cause: Cause = Box::new(source.without_url());
            classify(&self.name, Phase::Asking, cause)
        })?;
        Ok(Response {
            status: answer.status(),
            headers: answer.headers().clone(),
            body: Body::Direct(Box::new(answer)),
        })
    }
}

impl Credentials {
    fn from(options: &Options) -> Result<Self, Error> {
        let given = super::credentials(options);
        if let [first, second, ..] = given[..] {
            return Err(Error::TwoCredentials { first, second });
        }
        if let Some(token) = &options.bearer_token {
            let header = bearer(token).map_err(|problem| Error::Header {
                name: AUTHORIZATION.to_string(),
                problem,
            })?;
            return Ok(Self::Bearer(header));
        }
        if let Some(path) = &options.bearer_token_file {
            return Ok(Self::BearerFile(path.clone()));
        }
        Ok(match &options.basic_auth {
            Some((user, password)) => Self::Basic {
                user: user.clone(),
                password: password.clone(),
            },
            None => Self::Url,
        })
    }

    async fn add_to(
        &self,
        request: reqwest::RequestBuilder,
    ) -> Result<reqwest::RequestBuilder, Error> {
        Ok(match self {
            Self::Url => request,
            Self::Bearer(header) => request.header(AUTHORIZATION, header.clone()),
            Self::BearerFile(path) => request.header(AUTHORIZATION, bearer_of(path).await?),
            Self::Basic { user, password } => request.basic_auth(user, Some(password)),
        })
    }
}

async fn bearer_of(path: &Path) -> Result<HeaderValue, Error> {
    let file = File::BearerToken;
    let path = path.to_owned();
    match tokio::fs::read_to_string(&path).await {
        Ok(token) => bearer(&token).map_err(|problem| Error::InvalidFile {
            file,
            path,
            problem,
        }),
        Err(source) => Err(Error::File { file, path, source }),
    }
}

/// The header for a token; spaces and the line's end around it do not count.
fn bearer(token: &str) -> Result<HeaderValue, String> {
    let token = token.trim();
    if token.is_empty() {
        return Err("the token is empty".to_owned());
    }
    let mut header = HeaderValue::try_from(format!("Bearer {token}"))
        .map_err(|_| "the token has characters that no header may have".to_owned())?;
    header.set_sensitive(true);
    Ok(header)
}
