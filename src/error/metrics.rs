//! What to do where history cannot be read: Prometheus, snapshots, the local file.

use super::Exit;
use crate::metrics::local;
use crate::metrics::prometheus::{self, File, Reach, TlsProblem};
use crate::metrics::snapshot::{self, Problem};

pub(super) fn prometheus_hint(err: &prometheus::Error) -> Option<String> {
    use prometheus::Error;
    let text = match err {
        Error::Url { .. } => "pass --prometheus-url http://HOST:PORT",
        Error::Header { .. } => "write headers as --prometheus-header 'X-Scope-OrgID: team'",
        Error::TwoCredentials { .. } => "pass one of them",
        Error::CredentialsThroughProxy { .. } | Error::TlsThroughProxy { .. } => {
            "forward a port to it with `kubectl port-forward` and pass --prometheus-url \
             http://localhost:9090"
        }
        Error::File { .. } => "check the path and its permissions",
        Error::InvalidFile { file, .. } => return Some(file_hint(*file)),
        Error::NoCertificates { .. } => {
            "install the package ca-certificates, or pass --prometheus-ca-file FILE"
        }
        Error::Setup { .. } => "check the proxy variables, such as HTTPS_PROXY",
        Error::Unreachable { problem, .. } => return Some(reach_hint(*problem)),
        Error::Tls { problem, .. } => return Some(tls_hint(*problem)),
        Error::Timeout { .. } => {
            "pass a longer --prometheus-timeout, a shorter --window-days, or fewer namespaces"
        }
        Error::Unauthorized { .. } => {
            "pass --prometheus-bearer-token-file FILE or --prometheus-basic-auth-file FILE"
        }
        Error::Forbidden { message, .. } if message.contains("services/proxy") => {
            "`kubectl auth can-i get services --subresource=proxy -A` checks it; or pass \
             --prometheus-url, or --no-prometheus"
        }
        Error::Forbidden { .. } => {
            "ask for read access, or name the tenant: --prometheus-header 'X-Scope-OrgID: TENANT'"
        }
        Error::NotFound { .. } => {
            "check the path: Mimir and others serve it below a prefix, such as /prometheus"
        }
        Error::Redirected { to, .. } => {
            return Some(format!(
                "pass --prometheus-url {to} if that is the API, or credentials if it is a login page"
            ));
        }
        Error::NotPrometheus { .. } => {
            "check --prometheus-url, and that no login page is in front of the API"
        }
        Error::NotSupported { .. } => "pass --prometheus-read pods",
        Error::Refused { .. } => "check --promql-cpu and --promql-replicas, if given",
        Error::TooMuch { .. } => "pass a shorter --window-days or a longer --metrics-step-seconds",
        // In the API server's words, since nobody behind its proxy was there to say anything.
        Error::Unavailable { message, .. } if message.contains("no endpoints available") => {
            "start its pods, or pass --prometheus-url, or --no-prometheus"
        }
        Error::Unavailable { .. } => "try again later, or with --prometheus-concurrency 1",
        Error::Truncated { .. } => {
            "try again; if it stays, look for a size limit in a proxy before the server"
        }
        Error::BadAnswer { .. } => {
            "check that --prometheus-url is the API of a Prometheus and not of something near it"
        }
        Error::SeveralValues { .. } => "aggregate the query, for instance with max(…)",
        Error::NoSamples { .. } => {
            "check that it scrapes cAdvisor of this cluster, name the tenant with \
             --prometheus-header, or pass --promql-cpu"
        }
    };
    Some(text.to_owned())
}

pub(super) fn prometheus_exit(err: &prometheus::Error) -> Exit {
    use prometheus::Error;
    match err {
        Error::Url { .. }
        | Error::Header { .. }
        | Error::TwoCredentials { .. }
        | Error::CredentialsThroughProxy { .. }
        | Error::TlsThroughProxy { .. }
        | Error::File { .. }
        | Error::InvalidFile { .. } => Exit::Usage,
        Error::NoCertificates { .. }
        | Error::Setup { .. }
        | Error::Unreachable { .. }
        | Error::Tls { .. }
        | Error::Timeout { .. }
        | Error::Unauthorized { .. }
        | Error::Forbidden { .. }
        | Error::NotFound { .. }
        | Error::Redirected { .. }
        | Error::NotPrometheus { .. }
        | Error::NotSupported { .. }
        | Error::Refused { .. }
        | Error::TooMuch { .. }
        | Error::Unavailable { .. }
        | Error::Truncated { .. }
        | Error::BadAnswer { .. }
        | Error::SeveralValues { .. }
        | Error::NoSamples { .. } => Exit::Unreachable,
    }
}

fn file_hint(file: File) -> String {
    match file {
        File::BearerToken => "the file must hold the token and nothing else",
        File::CertificateAuthority | File::ClientCertificate => {
            "the file must hold PEM: `openssl x509 -noout -text -in FILE` shows it"
        }
        File::ClientKey => "the file must hold the certificate's key as PEM, without a passphrase",
    }
    .to_owned()
}

fn reach_hint(problem: Reach) -> String {
    match problem {
        Reach::Refused | Reach::Reset | Reach::Other => {
            "check --prometheus-url; without it, the Prometheus in the cluster is looked for"
        }
        Reach::UnknownHost => {
            "names ending in .svc exist only inside the cluster: leave --prometheus-url out, or \
             use `kubectl port-forward`"
        }
        Reach::NotHttp => "pass --prometheus-url with https:// in place of http://",
        Reach::TimedOut | Reach::NoRoute => "check the VPN or the firewall",
    }
    .to_owned()
}

fn tls_hint(problem: TlsProblem) -> String {
    match problem {
        TlsProblem::UnknownAuthority => "pass its authority with --prometheus-ca-file FILE",
        TlsProblem::Expired | TlsProblem::NotYetValid => {
            "renew its certificate, or check this machine's clock"
        }
        TlsProblem::WrongName => "pass --prometheus-url with a name that is in the certificate",
        TlsProblem::BadCertificate => {
            "replace its certificate; --prometheus-insecure accepts any for the time being"
        }
        TlsProblem::ClientCertificate => {
            "pass --prometheus-client-certificate FILE and --prometheus-client-key FILE"
        }
        TlsProblem::NotTls => "pass --prometheus-url with http:// in place of https://",
        TlsProblem::Other => "check --prometheus-url and the proxy before it",
    }
    .to_owned()
}

const DAMAGED: &str =
    "copy it again, or write it anew with `kubectl stepscale gather --history -o FILE`";

/// Nobody edits such a file: a line that is broken in it came to harm on the way. Compressed data
/// are checked at their end only, so that a line may be met before the damage is known.
fn is_packed(snapshot: &str) -> bool {
    [".gz", ".zst"].iter().any(|it| snapshot.ends_with(it))
}

pub(super) fn snapshot_hint(err: &snapshot::Error) -> Option<String> {
    use snapshot::Error;
    let text = match err {
        Error::Open { .. } => "check the path given with --from; `-` is standard input",
        Error::Read { .. } => "check the disk, or the program before the pipe",
        Error::Empty { .. } | Error::CutOff { .. } | Error::Damaged { .. } => DAMAGED,
        Error::Line {
            problem: Problem::Version { .. },
            ..
        } => "install a version of this program that reads it, or write it anew with this one",
        Error::Line { line: 1, .. } => {
            "pass a file that `kubectl stepscale gather --history -o FILE` has written"
        }
        Error::Line { snapshot, .. } if is_packed(snapshot) => DAMAGED,
        Error::Line { .. } => "correct the line, or write the snapshot anew with `gather`",
        Error::NoSnapshot { .. } => {
            "pass a bundle that `kubectl stepscale gather -o FILE.tar.gz` has written"
        }
        Error::Write { .. } => "check the free space and the permissions of the folder",
    };
    Some(text.to_owned())
}

pub(super) fn snapshot_exit(err: &snapshot::Error) -> Exit {
    use snapshot::Error;
    match err {
        Error::Open { .. }
        | Error::Read { .. }
        | Error::NoSnapshot { .. }
        | Error::Empty { .. }
        | Error::CutOff { .. }
        | Error::Damaged { .. }
        | Error::Line { .. }
        | Error::Write { .. } => Exit::Usage,
    }
}

pub(super) fn local_hint(err: &local::Error) -> Option<String> {
    use local::Error;
    let text = match err {
        Error::CreateFolder { .. } => "set XDG_STATE_HOME to a folder that you may write to",
        Error::Lock { .. } | Error::Read { .. } | Error::Write { .. } => {
            "check its permissions and the free space"
        }
        Error::NotOurs { .. } | Error::OtherCluster { .. } | Error::Line { .. } => {
            "move the file away; a new one is begun, and needs a week of regular runs"
        }
    };
    Some(text.to_owned())
}

pub(super) fn local_exit(err: &local::Error) -> Exit {
    use local::Error;
    match err {
        Error::CreateFolder { .. }
        | Error::Lock { .. }
        | Error::Read { .. }
        | Error::Write { .. }
        | Error::NotOurs { .. }
        | Error::OtherCluster { .. }
        | Error::Line { .. } => Exit::Unreachable,
    }
}
