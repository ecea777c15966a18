//! The streaming body of remote read.

use bytes::Bytes;
use http::header::CONTENT_ENCODING;
use http::{HeaderValue, StatusCode};

use super::{numbered, recording};
use crate::metrics::prometheus::client::fake::{answer, client, pieces, serve};
use crate::metrics::prometheus::{Client, Error};

const STREAMED: &str = "application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse";

async fn read(client: &Client) -> Result<Vec<u8>, Error> {
    let keep = |found: &mut Vec<u8>, piece: Bytes| {
        found.extend_from_slice(&piece);
        Ok::<(), String>(())
    };
    client
        .read(Bytes::from_static(b"ask"), Vec::new, keep)
        .await
}

#[tokio::test]
async fn the_body_is_handed_on_as_it_comes() {
    let headers = &[
        "content-type",
        "content-encoding",
        "x-prometheus-remote-read-version",
    ];
    let (router, asked) = recording(headers, |_| {
        let bytes = b"streamed".chunks(3).map(Bytes::from_static);
        answer(StatusCode::OK, STREAMED, pieces(bytes))
    });
    let client = client(&serve(router).await);
    assert_eq!(read(&client).await.unwrap(), b"streamed");
    let expected = "POST /api/v1/read ask application/x-protobuf snappy 0.1.0";
    assert_eq!(*asked.lock().unwrap(), [expected]);
    assert_eq!(client.traffic().bytes, 8);
}

#[tokio::test]
async fn a_server_without_it_is_told_from_one_that_fails() {
    let unsupported = [
        (404, "text/plain", "404 page not found"),
        (405, "text/plain", ""),
        (415, "text/plain", ""),
        (501, "text/plain", ""),
        (
            400,
            "text/plain",
            "unsupported path requested: \"/api/v1/read\"",
        ),
    ];
    for (status, kind, body) in unsupported {
        let status = StatusCode::from_u16(status).unwrap();
        let client = client(&serve(numbered(move |_| answer(status, kind, body))).await);
        let error = read(&client).await.unwrap_err();
        assert!(matches!(error, Error::NotSupported { .. }), "{error}");
        assert_eq!(client.traffic().requests, 1);
    }
    // Samples, as servers send them that do not stream.
    let samples = |_| {
        let mut samples = answer(StatusCode::OK, "application/x-protobuf", "samples");
        let snappy = HeaderValue::from_static("snappy");
        samples.headers_mut().insert(CONTENT_ENCODING, snappy);
        samples
    };
    let error = read(&client(&serve(numbered(samples)).await)).await;
    let error = error.unwrap_err();
    assert!(matches!(error, Error::NotSupported { .. }), "{error}");
    let page = |_| answer(StatusCode::OK, "text/html", "<title>Sign in</title>");
    let error = read(&client(&serve(numbered(page)).await))
        .await
        .unwrap_err();
    assert!(
        error.to_string().ends_with("a web page, \"Sign in\""),
        "{error}"
    );
    let large = |_| {
        answer(
            StatusCode::BAD_REQUEST,
            "text/plain",
            "exceeded sample limit (5)",
        )
    };
    let error = read(&client(&serve(numbered(large)).await))
        .await
        .unwrap_err();
    assert!(matches!(error, Error::TooMuch { .. }), "{error}");
}

#[tokio::test]
async fn what_the_reader_cannot_decode_is_a_bad_answer() {
    let url = serve(numbered(|_| answer(StatusCode::OK, STREAMED, "x"))).await;
    let client = client(&url);
    let refuse = |(): &mut (), _: Bytes| Err("frame 0 has a wrong checksum");
    let error = client.read(Bytes::new(), || (), refuse).await.unwrap_err();
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert_eq!(cause, "frame 0 has a wrong checksum");
    assert!(matches!(error, Error::BadAnswer { .. }), "{error}");
    assert_eq!(client.traffic().requests, 1);
}

#[tokio::test]
async fn a_busy_server_is_asked_again_from_the_beginning() {
    let url = serve(numbered(|n| match n {
        0 => answer(StatusCode::INTERNAL_SERVER_ERROR, "text/plain", "busy"),
        _ => answer(StatusCode::OK, STREAMED, "whole"),
    }))
    .await;
    let client = client(&url);
    assert_eq!(read(&client).await.unwrap(), b"whole");
    assert_eq!(client.traffic().requests, 2);
}
