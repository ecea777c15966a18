//! Names whose values are secrets.

/// Parts of flags' names whose values are secrets.
const SECRET_FLAGS: [&str; 10] = [
    "token",
    "password",
    "passwd",
    "passphrase",
    "secret",
    "key",
    "auth",
    "header",
    "credential",
    "bearer",
];

/// Parts of fields' names whose values are secrets, without hyphens and the like. `key` alone is
/// none: objects of Kubernetes name plain things so.
const SECRET_FIELDS: [&str; 16] = [
    "token",
    "password",
    "passwd",
    "passphrase",
    "secret",
    "apikey",
    "accesskey",
    "accountkey",
    "privatekey",
    "clientkey",
    "encryptionkey",
    "signingkey",
    "credential",
    "connectionstring",
    "dockerconfigjson",
    "webhookurl",
];

/// Whole names of fields whose values are secrets, written in the same way.
const SECRET_NAMES: [&str; 4] = ["auth", "authorization", "cookie", "pwd"];

/// Ends of the names of our own settings whose values are secrets, written in the same way: a header is
/// often somebody's key to a tenant, and who knows the URL of a webhook may write there.
const SECRET_SETTINGS: [&str; 2] = ["headers", "webhookurl"];

/// Parts of such names that tell of a secret, be it by naming the file that holds it.
const TELLING_SETTINGS: [&str; 9] = [
    "token",
    "password",
    "secret",
    "key",
    "auth",
    "header",
    "credential",
    "webhookurl",
    "signature",
];

/// Ends of fields' names that say where a secret is and not what it is.
const REFERENCES: [&str; 4] = ["name", "namespace", "ref", "path"];

pub(super) fn is_secret_flag(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    SECRET_FLAGS.iter().any(|it| name.contains(it)) || name.ends_with("pass")
}

/// Whether the value of a setting of ours is itself a secret: nobody is shown it.
pub fn is_secret_setting(name: &str) -> bool {
    let plain = plain(name);
    SECRET_SETTINGS.iter().any(|it| plain.ends_with(it))
}

/// Whether the value of a setting of ours tells of a secret or where it is: it stays on this machine.
pub fn is_telling_setting(name: &str) -> bool {
    let plain = plain(name);
    TELLING_SETTINGS.iter().any(|it| plain.contains(it))
}

/// A name in whatever case and with whatever between its words.
fn plain(name: &str) -> String {
    let plain = name.chars().filter(char::is_ascii_alphanumeric);
    plain.collect::<String>().to_ascii_lowercase()
}

/// Whether a field of this name holds a secret. Any part of a JSON pointer is a name too.
pub fn is_secret_field(name: &str) -> bool {
    let plain = plain(name);
    SECRET_NAMES.contains(&plain.as_str())
        // `dbPass`; one `bypass` too much does no harm.
        || plain.ends_with("pass")
        || SECRET_FIELDS.iter().any(|it| plain.contains(it))
            && !REFERENCES.iter().any(|it| plain.ends_with(it))
}
