//! Tests of the rig itself: what it says of itself must be true before it can prove anything.

mod cluster;
mod faults;
mod history;
mod model;

use reqwest::Client;

/// An HTTP client that trusts `authority` (PEM) if given.
fn http(authority: Option<&str>) -> Client {
    // Another test of this process may have done so.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut builder = Client::builder().no_proxy();
    if let Some(pem) = authority {
        let certificate = reqwest::Certificate::from_pem(pem.as_bytes()).unwrap();
        builder = builder.tls_certs_only([certificate]);
    }
    builder.build().unwrap()
}
