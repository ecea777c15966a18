//! Secrets in texts, told by their form or by the name before them.

use std::borrow::Cow;
use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use regex_lite::{Captures, Regex};

use super::{REDACTED, Tally};

/// A form of secrets.
struct Form {
    name: &'static str,
    /// Without any of these, in lower case, there is none: looking for them costs a fraction.
    hints: &'static [&'static str],
    pattern: Regex,
    by: &'static str,
}

impl Form {
    fn new(
        name: &'static str,
        hints: &'static [&'static str],
        pattern: &str,
        by: &'static str,
    ) -> Self {
        let pattern = Regex::new(pattern).expect("a valid pattern");
        Self {
            name,
            hints,
            pattern,
            by,
        }
    }

    fn may_be_in(&self, lower: &str) -> bool {
        self.hints.iter().any(|it| lower.contains(it))
    }

    fn without<'t>(&self, text: &'t str, tally: &mut Tally) -> Cow<'t, str> {
        self.pattern.replace_all(text, |found: &Captures<'_>| {
            let mut shown = String::new();
            found.expand(self.by, &mut shown);
            if shown != found[0] {
                tally.count(self.name);
            }
            shown
        })
    }
}

/// What a value may look like after a name: within quotes, which may be escaped, or up to a blank or a
/// separator.
const VALUE: &str = r#"(?:\\+"[^"\\]*|"(?:[^"\\]|\\.)*"|'[^']*'|[^\s"',;&]+)"#;

/// In the order in which they are looked for: those that are told by their form first.
static FORMS: LazyLock<Vec<Form>> = LazyLock::new(|| {
    let value = |before: &str| format!("(?i)({before}){VALUE}");
    vec![
        Form::new(
            "pem",
            &["private key-----"],
            r"(?s)-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----.*?(-----END [A-Z0-9 ]*PRIVATE KEY-----|$)",
            REDACTED,
        ),
        // Base64 of `-----BEGIN `, as kubeconfigs and Secrets have it.
        Form::new(
            "pem-base64",
            &["ls0tls1crudjti"],
            r"LS0tLS1CRUdJTi[A-Za-z0-9+/=_-]*",
            REDACTED,
        ),
        Form::new(
            "webhook-url",
            &[
                "hook",
                "telegram.org/",
                "logic.azure.com/",
                "chat.googleapis.com/",
            ],
            r#"(?i)(https?://(?:hooks\.slack\.com|hooks\.zapier\.com|api\.telegram\.org|chat\.googleapis\.com|[\w.-]+\.logic\.azure\.com(?::\d+)?|[^\s/'"<>]+(?:/[^\s/'"<>]+)*/(?:web)?hooks?[\w-]*)/)[^\s'"<>]+"#,
            "${1}REDACTED",
        ),
        Form::new(
            "url-userinfo",
            &["://"],
            r"://[^\s\x22'<>]*@",
            "://REDACTED@",
        ),
        Form::new(
            "dsn",
            &["@tcp(", "@unix("],
            r#"[^\s:/@'"]+:[^\s'"]+@(tcp|unix)\("#,
            "REDACTED@${1}(",
        ),
        Form::new(
            "userinfo",
            &["@"],
            r#"\b[\w.%+-]+:[^\s@/:'"]+@([\w.-]+:\d{2,5})\b"#,
            "REDACTED@${1}",
        ),
        Form::new(
            "authorization",
            &["authorization"],
            r"(?i)\b((?:proxy-)?authorization(?:\\*[\x22'])?\s*[:=]\s*(?:\\*[\x22'])?)[^\\\x22'\r\n]+",
            "${1}REDACTED",
        ),
        Form::new(
            "bearer",
            &["bearer"],
            r"(?i)\bbearer[\s:=]+[^\s\x22',;]+",
            "Bearer REDACTED",
        ),
        Form::new("jwt", &["eyj"], r"\beyJ[\w-]+\.[\w-]+(\.[\w-]*)*", REDACTED),
        Form::new(
            "cloud-key",
            &["akia", "asia", "aroa", "aida", "aiza"],
            r"\b(?:(?:AKIA|ASIA|AROA|AIDA)[A-Z0-9]{12,}|AIza[\w-]{30,})",
            REDACTED,
        ),
        Form::new(
            "service-token",
            &[
                "ghp_",
                "gho_",
                "ghu_",
                "ghs_",
                "ghr_",
                "github_pat_",
                "glpat-",
                "xox",
                "sk_live_",
                "hvs.",
                "npm_",
            ],
            r"\b(?:gh[pousr]_\w{16,}|github_pat_\w{16,}|glpat-[\w-]{16,}|xox[a-z]-[\w-]{10,}|sk_live_\w{10,}|hvs\.[\w-]{16,}|npm_\w{20,})",
            REDACTED,
        ),
        // What follows is longer than a part of a name in a cluster, or begins as none does.
        Form::new(
            "model-key",
            &["sk-", "gsk_", "xai-", "hf_"],
            r"\b(?:sk-(?:proj|svcacct|admin|ant|or)-[\w-]{16,}|sk-\w{32,}|gsk_\w{20,}|xai-\w{32,}|hf_\w{20,})",
            REDACTED,
        ),
        Form::new(
            "cookie",
            &["cookie"],
            r"(?i)\b((?:set-)?cookie(?:\\*[\x22'])?\s*:\s*(?:\\*[\x22'])?)[^\\\x22'\r\n]+",
            "${1}REDACTED",
        ),
        // The login of a registry: `"auth":"bWU6eA=="`.
        Form::new(
            "registry-login",
            &["auth"],
            r#"(\\*"auth\\*"\s*:\s*\\*")[^"\\]+"#,
            "${1}REDACTED",
        ),
        // `password: x`, `"client-secret":"x"`, but not `secret: not found`.
        Form::new(
            "named-value",
            &["token", "pass", "api", "key", "secret"],
            &value(
                r"(?:token|pass(?:wd|word|phrase|code)|[-_.]pass\b|(?:api|access|private|client|encryption|signing|ssh)[-_]?key|client[-_]?secret)[\w.-]*(?:\\*[\x22'])?\s*:\s*",
            ),
            "${1}REDACTED",
        ),
        // `"secret":"x"`: in JSON it is a field and no sentence.
        Form::new(
            "named-value",
            &["secret", "credential", "pwd", "connectionstring"],
            r#"(?i)(\\*"[\w.-]*(?:secret|credential|pwd|connectionstring)[\w.-]*\\*"\s*:\s*\\*")[^"\\]+"#,
            "${1}REDACTED",
        ),
        // `?sig-key=x&…`, `DB_SECRET=x`, `--token=x`, `AccountKey=x;`.
        Form::new(
            "assignment",
            &[
                "token",
                "pass",
                "pwd",
                "secret",
                "key",
                "auth",
                "credential",
                "sig",
            ],
            &value(
                r"(?:token|pass(?:wd|word|phrase|code)|[-_.]pass\b|\bpass\b|\bpwd|secret|key|auth|credential|\bsig|signature)[\w.-]*(?:\\*[\x22'])?\s*=\s*",
            ),
            "${1}REDACTED",
        ),
        // `curl -u me:x`.
        Form::new(
            "flag",
            &["-u ", "--user"],
            r"((?:^|\s)(?:-u|--user)[\s=]+)[^\s:]+:\S+",
            "${1}REDACTED",
        ),
        // `--token x`.
        Form::new(
            "flag",
            &[
                "token",
                "pass",
                "secret",
                "key",
                "auth",
                "header",
                "credential",
                "bearer",
            ],
            r"(?i)((?:^|[^\w-])--?[\w-]*(?:token|pass(?:wd|word|phrase|code)?|secret|key|auth|header|credential|bearer)[\w-]*\s+)(\x22[^\x22]*\x22|'[^']*'|[^\s\x22']+)",
            "${1}REDACTED",
        ),
    ]
});

/// `Basic` and what may be credentials or the next word.
static BASIC: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?i)\bbasic\s+([A-Za-z0-9+/]+=*)").expect("a valid pattern"));

/// A text with its secrets left out: credentials in URLs, `Authorization` headers, bearer tokens,
/// JSON web tokens, private keys, connection strings, addresses of webhooks, and values that are
/// assigned to a name such as `password`.
pub fn text(text: &str) -> Cow<'_, str> {
    counted(text, &mut Tally::default())
}

/// The same, and counts what it leaves out.
pub fn counted<'t>(text: &'t str, tally: &mut Tally) -> Cow<'t, str> {
    let lower = text.to_ascii_lowercase();
    let mut shown = Cow::Borrowed(text);
    if lower.contains("basic") {
        shown = BASIC.replace_all(text, |found: &Captures<'_>| {
            basic(&found[0], &found[1], tally)
        });
    }
    for form in FORMS.iter().filter(|it| it.may_be_in(&lower)) {
        if let Cow::Owned(without) = form.without(&shown, tally) {
            shown = Cow::Owned(without);
        }
    }
    shown
}

/// A log with its secrets left out: keys over several lines, and line by line the rest.
pub fn lines(log: &str, tally: &mut Tally) -> String {
    let [keys, ..] = FORMS.as_slice() else {
        return log.to_owned();
    };
    let log = after_cut_key(log);
    let whole = match keys.may_be_in(&log.to_ascii_lowercase()) {
        true => keys.without(log, tally),
        false => Cow::Borrowed(log),
    };
    let mut shown = String::with_capacity(whole.len());
    for line in whole.split_inclusive('\n') {
        shown.push_str(&counted(line, tally));
    }
    shown
}

/// A log that was cut within a private key, from behind that key.
fn after_cut_key(log: &str) -> &str {
    let begins = log.find("-----BEGIN ");
    let ends = log.find("PRIVATE KEY-----").filter(|end| {
        let line = log[..*end].rfind('\n').map_or(0, |it| it + 1);
        log[line..*end].contains("-----END ")
    });
    match ends {
        Some(end) if begins.is_none_or(|begin| begin > end) => {
            &log[end + "PRIVATE KEY-----".len()..]
        }
        Some(_) | None => log,
    }
}

/// Without the credentials, if they are any: `basic authentication` stays.
fn basic(whole: &str, encoded: &str, tally: &mut Tally) -> String {
    let decoded = STANDARD.decode(encoded).unwrap_or_default();
    if decoded.contains(&b':') {
        tally.count("basic");
        format!("Basic {REDACTED}")
    } else {
        whole.to_owned()
    }
}
