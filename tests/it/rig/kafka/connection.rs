//! One connection to a broker: frames, headers, and who is let in.

use bytes::{Buf, Bytes, BytesMut};
use kafka_protocol::messages::{
    ApiKey, RequestHeader, ResponseHeader, SaslAuthenticateRequest, SaslAuthenticateResponse,
    SaslHandshakeRequest, SaslHandshakeResponse,
};
use kafka_protocol::protocol::{Decodable, Encodable, StrBytes};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::scram::Scram;
use super::{Login, State, answers};

/// `UNSUPPORTED_SASL_MECHANISM` and `SASL_AUTHENTICATION_FAILED`.
const NO_MECHANISM: i16 = 33;
const NO_ENTRY: i16 = 58;

/// Where a connection is in its login.
enum Entry {
    Outside,
    Asked(Option<Scram>),
    Inside,
}

/// A question and its header.
pub(super) struct Question {
    pub(super) key: ApiKey,
    pub(super) version: i16,
    pub(super) body: Bytes,
}

/// Answers until the client leaves or breaks the protocol.
pub(super) async fn serve(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    node: i32,
    state: &State,
) {
    let mut entry = match state.door.login {
        Some(_) => Entry::Outside,
        None => Entry::Inside,
    };
    while let Some(frame) = frame(&mut stream).await {
        let Some((question, correlation)) = question(frame) else {
            return;
        };
        state
            .asked
            .lock()
            .expect("no panic")
            .push((node, question.key));
        if state.world.silent_about.contains(&question.key) {
            // The client waits for as long as it wants to, and then leaves: nobody else waits.
            state.run_ahead();
            while stream.read_u8().await.is_ok() {}
            return;
        }
        let Some(body) = answer(&question, node, state, &mut entry) else {
            return;
        };
        let framed = framed(&question, correlation, &body);
        if stream.write_all(&framed).await.is_err() || stream.flush().await.is_err() {
            return;
        }
    }
}

async fn frame(stream: &mut (impl AsyncRead + Unpin)) -> Option<Bytes> {
    let length = usize::try_from(stream.read_i32().await.ok()?).ok()?;
    if length > 1024 * 1024 {
        return None;
    }
    let mut frame = vec![0; length];
    stream.read_exact(&mut frame).await.ok()?;
    Some(frame.into())
}

fn question(mut frame: Bytes) -> Option<(Question, i32)> {
    let mut peek = frame.clone();
    if peek.len() < 4 {
        return None;
    }
    let key = ApiKey::try_from(peek.get_i16()).ok()?;
    let version = peek.get_i16();
    // The header of a version that nobody knows cannot be read either.
    let header = key.request_header_version(version.min(key.valid_versions().max));
    let header = RequestHeader::decode(&mut frame, header).ok()?;
    let question = Question {
        key,
        version,
        body: frame,
    };
    Some((question, header.correlation_id))
}

fn framed(question: &Question, correlation: i32, body: &[u8]) -> BytesMut {
    let mut out = BytesMut::new();
    let mut header = ResponseHeader::default();
    header.correlation_id = correlation;
    let version = question.key.response_header_version(question.version);
    header.encode(&mut out, version).expect("a header");
    out.extend_from_slice(body);
    let mut framed = BytesMut::new();
    framed.extend_from_slice(&u32::try_from(out.len()).expect("short").to_be_bytes());
    framed.extend_from_slice(&out);
    framed
}

/// Nothing where a broker would end the connection.
fn answer(question: &Question, node: i32, state: &State, entry: &mut Entry) -> Option<Bytes> {
    match (question.key, state.door.login.as_ref()) {
        (ApiKey::ApiVersions, _) => Some(answers::api_versions(question, state)),
        (ApiKey::SaslHandshake, Some(login)) => handshake(question, login, entry),
        (ApiKey::SaslAuthenticate, Some(login)) => authenticate(question, login, entry),
        _ if matches!(entry, Entry::Inside) => answers::answer(question, node, state),
        _ => None,
    }
}

fn handshake(question: &Question, login: &Login, entry: &mut Entry) -> Option<Bytes> {
    let asked = SaslHandshakeRequest::decode(&mut question.body.clone(), question.version).ok()?;
    let mut answer = SaslHandshakeResponse::default();
    answer.mechanisms = vec![StrBytes::from_static_str(login.mechanism)];
    if asked.mechanism.as_str() == login.mechanism {
        *entry = Entry::Asked(Scram::of(login));
    } else {
        answer.error_code = NO_MECHANISM;
    }
    Some(answers::encoded(&answer, question.version))
}

fn authenticate(question: &Question, login: &Login, entry: &mut Entry) -> Option<Bytes> {
    let asked =
        SaslAuthenticateRequest::decode(&mut question.body.clone(), question.version).ok()?;
    let Entry::Asked(scram) = entry else {
        return None;
    };
    let (said, is_inside) = match scram {
        Some(scram) => scram.hear(&asked.auth_bytes),
        None => (Some(Vec::new()), is_known(&asked.auth_bytes, login)),
    };
    let mut answer = SaslAuthenticateResponse::default();
    match said.filter(|it| is_inside || !it.is_empty()) {
        Some(said) => answer.auth_bytes = said.into(),
        None => {
            answer.error_code = NO_ENTRY;
            answer.error_message = Some(StrBytes::from_static_str("who are you?"));
        }
    }
    if is_inside {
        *entry = Entry::Inside;
    }
    Some(answers::encoded(&answer, question.version))
}

/// For mechanisms of one message.
fn is_known(said: &[u8], login: &Login) -> bool {
    let (user, password) = (&login.user, &login.password);
    let expected = match login.mechanism {
        "PLAIN" => format!("\0{user}\0{password}"),
        "OAUTHBEARER" => format!("n,,\u{1}auth=Bearer {password}\u{1}{user}\u{1}\u{1}"),
        _ => return false,
    };
    said == expected.as_bytes()
}
