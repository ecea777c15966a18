//! What may be typed after `license`, and which license `apply` and `watch` go by.

use std::num::NonZeroU32;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use jiff::{SignedDuration, Timestamp};

use super::words;
use crate::config::license::{self, FORMS, Form, KeySource, PLANS, SecretName};
use crate::config::values;
use crate::license::payload::Plan;

const LICENSE: &str = "License";
const KEYS: &str = "Keys";
const OUTPUT: &str = "Output";

/// Make, check and show licenses
///
/// A license is a small JSON file with an ed25519 signature over it. Everything happens on this
/// machine: nothing is asked of a server, and whoever has a key pair can issue licenses for the
/// programs that are given its public key.
#[derive(Subcommand, Debug)]
#[command(disable_help_subcommand = true, arg_required_else_help = true)]
pub(crate) enum LicenseCommand {
    Keygen(KeygenArgs),
    Issue(Box<IssueArgs>),
    Verify(VerifyArgs),
    Show(ShowArgs),
    SignArtifact(SignArtifactArgs),
    VerifyArtifact(VerifyArtifactArgs),
}

/// The license that a run goes by.
#[derive(Args, Debug)]
#[command(next_help_heading = LICENSE)]
pub(crate) struct LicenseArgs {
    /// License file
    #[arg(long, value_name = "FILE", env = "STEPSCALE_LICENSE", value_parser = license::path)]
    pub(crate) license: Option<PathBuf>,
    /// Its signature [default: the license file with .sig after its name]
    #[arg(long, value_name = "FILE", env = "STEPSCALE_LICENSE_SIGNATURE", value_parser = license::path)]
    pub(crate) license_signature: Option<PathBuf>,
    /// Secret with the keys `license` and `signature`, in place of files
    #[arg(long, value_name = "NAMESPACE/NAME", env = "STEPSCALE_LICENSE_SECRET",
        value_parser = license::secret_name)]
    pub(crate) license_secret: Option<SecretName>,
    /// Public key that must have signed it: a file, or the key itself
    #[arg(long, value_name = "KEY", env = "STEPSCALE_LICENSE_PUBLIC_KEY",
        value_parser = license::key_source, allow_hyphen_values = true)]
    pub(crate) license_public_key: Option<KeySource>,
    /// Days for which an expired license is still accepted, 0 to 366 [default: 14]
    #[arg(long = "license-grace-days", id = "license_grace", value_name = "DAYS",
        env = "STEPSCALE_LICENSE_GRACE_DAYS", value_parser = license::grace)]
    pub(crate) license_grace: Option<SignedDuration>,
}

/// Make a key pair
///
/// The private key signs licenses and artifacts; whoever has it is the authority. Its file can be
/// read by nobody else. The public key checks what it signed and may be given to anybody. Neither
/// file is ever overwritten.
#[derive(Args, Debug)]
#[command(next_help_heading = KEYS)]
pub(crate) struct KeygenArgs {
    /// Folder for stepscale-license.key and stepscale-license.pub
    #[arg(long, value_name = "FOLDER", value_parser = license::path,
        required_unless_present = "private_key", conflicts_with_all = ["private_key", "public_key"])]
    pub(crate) out_dir: Option<PathBuf>,
    /// File for the private key
    #[arg(long, value_name = "FILE", value_parser = license::path, requires = "public_key")]
    pub(crate) private_key: Option<PathBuf>,
    /// File for the public key
    #[arg(long, value_name = "FILE", value_parser = license::path, requires = "private_key")]
    pub(crate) public_key: Option<PathBuf>,
}

/// Sign a new license
///
/// Writes two files, the license and its signature, and overwrites none. The signature is over the
/// exact bytes of the license: a license that is changed in any way counts no more.
#[derive(Args, Debug)]
#[command(next_help_heading = LICENSE)]
pub(crate) struct IssueArgs {
    /// Private key to sign with, from `license keygen`
    #[arg(long, value_name = "FILE", value_parser = license::path, required = true, help_heading = KEYS)]
    pub(crate) private_key: PathBuf,
    /// Whom it is for
    #[arg(long, value_name = "NAME", value_parser = license::line, required = true)]
    pub(crate) customer: String,
    /// What was agreed on
    #[arg(long, value_name = "PLAN", value_parser = words(&PLANS), required = true)]
    pub(crate) plan: Plan,
    /// Its last day in UTC, or the time at which it ends: 2027-01-31, 2027-01-31T12:00:00Z
    #[arg(long, value_name = "DAY", value_parser = license::expiry, required_unless_present = "days",
        conflicts_with = "days")]
    pub(crate) expires: Option<Timestamp>,
    /// Days from now for which it is valid
    #[arg(long, value_name = "DAYS", value_parser = license::validity)]
    pub(crate) days: Option<SignedDuration>,
    /// Number of clusters that it is for [default: any]
    #[arg(long, value_name = "CLUSTERS", value_parser = license::clusters)]
    pub(crate) max_clusters: Option<NonZeroU32>,
    /// Feature that it includes; may be repeated
    #[arg(long = "feature", id = "feature", value_name = "NAME", value_parser = license::line)]
    pub(crate) features: Vec<String>,
    /// License file to write
    #[arg(long, value_name = "FILE", value_parser = license::path, required = true, help_heading = OUTPUT)]
    pub(crate) out: PathBuf,
    /// Signature file to write [default: the license file with .sig after its name]
    #[arg(long, value_name = "FILE", value_parser = license::path, help_heading = OUTPUT)]
    pub(crate) signature: Option<PathBuf>,
}

/// Check a license
///
/// Exits with 0 for a license that counts, which includes one in grace, with a warning; with 5 for
/// one that does not, and says why.
#[derive(Args, Debug)]
pub(crate) struct VerifyArgs {
    #[command(flatten)]
    pub(crate) license: LicenseArgs,
    /// Time to check for [default: now]
    #[arg(long, value_name = "RFC3339", value_parser = values::time, help_heading = LICENSE)]
    pub(crate) now: Option<Timestamp>,
}

/// Show the license that counts here, and what it allows
///
/// Looks for the license where `apply` and `watch` do: flags, environment, configuration file.
/// Exits with 0 whether there is one or not; `license verify` is for scripts.
#[derive(Args, Debug)]
pub(crate) struct ShowArgs {
    #[command(flatten)]
    pub(crate) license: LicenseArgs,
    /// Time to check for [default: now]
    #[arg(long, value_name = "RFC3339", value_parser = values::time, help_heading = LICENSE)]
    pub(crate) now: Option<Timestamp>,
    /// Form of the answer [default: table]
    #[arg(short = 'o', long = "output", value_name = "FORM", value_parser = words(&FORMS), help_heading = OUTPUT)]
    pub(crate) form: Option<Form>,
}

/// Sign a file, such as a release archive
///
/// The whole file is held in memory, up to 1 GiB, since ed25519 reads a message twice. For larger
/// ones sign a list of checksums.
#[derive(Args, Debug)]
pub(crate) struct SignArtifactArgs {
    /// File to sign
    #[arg(value_name = "FILE", value_parser = license::path)]
    pub(crate) artifact: PathBuf,
    /// Private key to sign with, from `license keygen`
    #[arg(long, value_name = "FILE", value_parser = license::path, required = true, help_heading = KEYS)]
    pub(crate) private_key: PathBuf,
    /// Signature file to write, never over another one [default: the file with .sig after its name]
    #[arg(long, value_name = "FILE", value_parser = license::path, help_heading = OUTPUT)]
    pub(crate) signature: Option<PathBuf>,
}

/// Check the signature of a file, such as a release archive
///
/// Exits with 5 where it is not that of the key. Files of up to 1 GiB, which are held in memory.
#[derive(Args, Debug)]
#[command(next_help_heading = KEYS)]
pub(crate) struct VerifyArtifactArgs {
    /// File that was signed
    #[arg(value_name = "FILE", value_parser = license::path, help_heading = None::<&str>)]
    pub(crate) artifact: PathBuf,
    /// Its signature [default: the file with .sig after its name]
    #[arg(long, value_name = "FILE", value_parser = license::path)]
    pub(crate) signature: Option<PathBuf>,
    /// Public key that must have signed it: a file, or the key itself
    #[arg(long, value_name = "KEY", value_parser = license::key_source, required = true,
        allow_hyphen_values = true)]
    pub(crate) public_key: KeySource,
}
