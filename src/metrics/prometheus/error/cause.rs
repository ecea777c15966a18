//! Finds the variant for what an HTTP client reports.
//!
//! Both clients bury the reason several errors deep; what is typed there is matched by type.

use std::error::Error as StdError;
use std::io;

use rustls::{AlertDescription, CertificateError};

use super::{Cause, Error, Reach, TlsProblem};

/// When a request failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::metrics::prometheus) enum Phase {
    /// Before the head of the answer had come.
    Asking,
    /// In the middle of the answer's body.
    Reading,
}

/// The error for `cause`, met in talking to `url`.
pub(in crate::metrics::prometheus) fn classify(url: &str, phase: Phase, cause: Cause) -> Error {
    let url = url.to_owned();
    let problem = chain(&*cause).find_map(tls_problem);
    if let Some(problem) = problem {
        let is_vague = matches!(problem, TlsProblem::BadCertificate | TlsProblem::Other);
        return Error::Tls {
            url,
            problem,
            source: is_vague.then(|| innermost(&*cause)),
        };
    }
    match phase {
        Phase::Reading => Error::Truncated {
            url,
            source: innermost(&*cause),
        },
        Phase::Asking => {
            let problem = reach(&*cause);
            let is_vague = problem == Reach::Other;
            Error::Unreachable {
                url,
                problem,
                source: is_vague.then(|| innermost(&*cause)),
            }
        }
    }
}

/// The words of the error that started it; those around it say only through which layers it came.
fn innermost(cause: &(dyn StdError + 'static)) -> Cause {
    chain(cause).last().unwrap_or(cause).to_string().into()
}

/// An error and what caused it, also where an I/O error wraps another error.
fn chain<'a>(
    first: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(first), |error: &&'a (dyn StdError + 'static)| {
        let error = *error;
        let wrapped = error
            .downcast_ref::<io::Error>()
            .and_then(|it| it.get_ref());
        match wrapped {
            Some(inner) => Some(inner as &(dyn StdError + 'static)),
            None => error.source(),
        }
    })
}

fn tls_problem(error: &(dyn StdError + 'static)) -> Option<TlsProblem> {
    Some(match error.downcast_ref::<rustls::Error>()? {
        rustls::Error::InvalidCertificate(problem) => certificate_problem(problem),
        rustls::Error::AlertReceived(alert) => alert_problem(*alert),
        rustls::Error::InvalidMessage(_) => TlsProblem::NotTls,
        _ => TlsProblem::Other,
    })
}

fn certificate_problem(problem: &CertificateError) -> TlsProblem {
    match problem {
        // An authority that was made anew under its old name does not match by its key only.
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            TlsProblem::UnknownAuthority
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => TlsProblem::Expired,
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            TlsProblem::NotYetValid
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            TlsProblem::WrongName
        }
        _ => TlsProblem::BadCertificate,
    }
}

/// What the server says of our side of the handshake.
fn alert_problem(alert: AlertDescription) -> TlsProblem {
    match alert {
        AlertDescription::CertificateRequired
        | AlertDescription::BadCertificate
        | AlertDescription::UnsupportedCertificate
        | AlertDescription::CertificateRevoked
        | AlertDescription::CertificateExpired
        | AlertDescription::CertificateUnknown
        | AlertDescription::UnknownCA
        | AlertDescription::AccessDenied => TlsProblem::ClientCertificate,
        _ => TlsProblem::Other,
    }
}

fn reach(cause: &(dyn StdError + 'static)) -> Reach {
    if let Some(problem) = chain(cause).find_map(io_problem) {
        return problem;
    }
    // The layers below have no public type for these two.
    let says = |text: &str| chain(cause).any(|it| it.to_string().contains(text));
    if says("dns error") {
        Reach::UnknownHost
    } else if says("timed out") {
        Reach::TimedOut
    } else if says("connection closed before message completed") {
        Reach::Reset
    } else if says("invalid HTTP version parsed") {
        Reach::NotHttp
    } else {
        Reach::Other
    }
}

fn io_problem(error: &(dyn StdError + 'static)) -> Option<Reach> {
    match error.downcast_ref::<io::Error>()?.kind() {
        io::ErrorKind::ConnectionRefused => Some(Reach::Refused),
        io::ErrorKind::TimedOut => Some(Reach::TimedOut),
        io::ErrorKind::ConnectionReset
        | io::ErrorKind::ConnectionAborted
        | io::ErrorKind::BrokenPipe
        | io::ErrorKind::UnexpectedEof => Some(Reach::Reset),
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => Some(Reach::NoRoute),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_is_told_once_and_only_where_the_problem_is_vague() {
        let cause_of = |cause: Cause, phase| {
            let error = classify("http://a", phase, cause);
            let source = error.source().map(ToString::to_string);
            (error.to_string(), source)
        };
        let (message, source) = cause_of(io(io::ErrorKind::ConnectionRefused), Phase::Asking);
        assert!(message.ends_with("connection refused"), "{message}");
        assert_eq!(source, None);
        let (_, source) = cause_of("something else".into(), Phase::Asking);
        assert_eq!(source.as_deref(), Some("something else"));
        let (_, source) = cause_of("cut off".into(), Phase::Reading);
        assert_eq!(source.as_deref(), Some("cut off"));
    }

    fn io(kind: io::ErrorKind) -> Cause {
        Box::new(io::Error::other(io::Error::from(kind)))
    }

    #[test]
    fn the_reason_is_found_however_deep_it_lies() {
        let cases = [
            (io(io::ErrorKind::ConnectionRefused), Reach::Refused),
            (io(io::ErrorKind::TimedOut), Reach::TimedOut),
            (io(io::ErrorKind::BrokenPipe), Reach::Reset),
            (io(io::ErrorKind::NetworkUnreachable), Reach::NoRoute),
            ("dns error".into(), Reach::UnknownHost),
            ("odd".into(), Reach::Other),
        ];
        for (cause, expected) in cases {
            match classify("http://p", Phase::Asking, cause) {
                Error::Unreachable { problem, .. } => assert_eq!(problem, expected),
                other => panic!("{other}"),
            }
        }
    }

    #[test]
    fn problems_of_certificates_have_names() {
        let invalid = rustls::Error::InvalidCertificate;
        let cases = [
            (
                invalid(CertificateError::UnknownIssuer),
                TlsProblem::UnknownAuthority,
            ),
            (invalid(CertificateError::Expired), TlsProblem::Expired),
            (
                invalid(CertificateError::NotValidYet),
                TlsProblem::NotYetValid,
            ),
            (
                invalid(CertificateError::NotValidForName),
                TlsProblem::WrongName,
            ),
            (
                invalid(CertificateError::BadEncoding),
                TlsProblem::BadCertificate,
            ),
            (
                rustls::Error::AlertReceived(AlertDescription::CertificateRequired),
                TlsProblem::ClientCertificate,
            ),
            (rustls::Error::DecryptError, TlsProblem::Other),
        ];
        for (cause, expected) in cases {
            for phase in [Phase::Asking, Phase::Reading] {
                let cause = Box::new(io::Error::other(cause.clone()));
                match classify("https://p", phase, cause) {
                    Error::Tls { problem, .. } => assert_eq!(problem, expected),
                    other => panic!("{other}"),
                }
            }
        }
    }

    #[test]
    fn a_body_that_breaks_off_is_truncated() {
        let error = classify("http://p", Phase::Reading, io(io::ErrorKind::UnexpectedEof));
        assert!(matches!(error, Error::Truncated { .. }), "{error}");
    }
}
