//! Secrets in command lines.

use super::names::is_secret_flag;
use super::{REDACTED, Tally, counted};

/// The rule of values of flags.
const RULE: &str = "flag";

/// A command line with its secrets left out: values of flags whose names contain `token`,
/// `password`, `secret`, `key` and the like, and all that [`text`](super::text) knows. Arguments with
/// blanks or quotes are quoted as a shell would.
pub fn command(arguments: &[String]) -> String {
    let shown = self::arguments(arguments, &mut Tally::default());
    let shown: Vec<String> = shown.iter().map(|it| quoted(it)).collect();
    shown.join(" ")
}

/// The same, argument by argument, and counts what it leaves out.
pub(super) fn arguments(arguments: &[String], tally: &mut Tally) -> Vec<String> {
    let mut shown = Vec::with_capacity(arguments.len());
    let (mut is_value_of_secret, mut announces_login) = (false, false);
    for argument in arguments {
        let is_login = announces_login && argument.contains(':');
        shown.push(if is_value_of_secret || is_login {
            tally.count(RULE);
            REDACTED.to_owned()
        } else {
            self::argument(argument, tally)
        });
        // A value may be the flag of the next secret where the first flag takes no value.
        is_value_of_secret = announces_secret(argument);
        announces_login = matches!(argument.as_str(), "-u" | "--user");
    }
    shown
}

/// Whether the next argument is a secret.
fn announces_secret(argument: &str) -> bool {
    argument.starts_with('-') && !argument.contains('=') && is_secret_flag(argument)
}

fn argument(argument: &str, tally: &mut Tally) -> String {
    if let Some((name, _)) = argument.split_once(['=', ':'])
        && is_secret_flag(name)
    {
        tally.count(RULE);
        return format!("{name}={REDACTED}");
    }
    // The whole argument is the URL, whatever is in its password.
    if let (Some(scheme), Some(host)) = (argument.find("://"), argument.rfind('@'))
        && scheme < host
    {
        let (before, after) = (&argument[..scheme], &argument[host..]);
        tally.count("url-userinfo");
        return counted(&format!("{before}://{REDACTED}{after}"), tally).into_owned();
    }
    counted(argument, tally).into_owned()
}

fn quoted(argument: &str) -> String {
    let is_plain = |it: char| it.is_alphanumeric() || "-_=./:,@%+{}[]".contains(it);
    if !argument.is_empty() && argument.chars().all(is_plain) {
        return argument.to_owned();
    }
    format!("'{}'", argument.replace('\'', r"'\''"))
}
