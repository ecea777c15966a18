//! The `kubectl-stepscale` binary: everything is in the library.

use std::process::ExitCode;

#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // Without a provider of our own choice the TLS of reqwest panics. It can only be set twice
    // by this line, so there is nothing to do about a refusal.
    let _ = rustls::crypto::ring::default_provider().install_default();
    stepscale::cli::main()
}
