//! Places at which a process may die or be held up, so that tests can make it.

use std::path::Path;
use std::time::Duration;

/// Names what has been done so far. In a build with debug assertions the process ends here, without
/// any cleaning up, where `STEPSCALE_CRASH_AT` has the name; where `STEPSCALE_PAUSE_AT` has it, with
/// a file after a colon, it makes the file and waits until somebody has removed it.
pub(super) fn crash_point(name: &str) {
    if !cfg!(debug_assertions) {
        return;
    }
    if std::env::var("STEPSCALE_CRASH_AT").is_ok_and(|it| it == name) {
        std::process::abort();
    }
    let pause = std::env::var("STEPSCALE_PAUSE_AT").unwrap_or_default();
    let Some((_, file)) = pause.split_once(':').filter(|it| it.0 == name) else {
        return;
    };
    let file = Path::new(file);
    // Once only.
    let marker = file.with_extension("passed");
    let is_first = std::fs::File::create_new(marker).is_ok();
    if is_first && std::fs::write(file, "").is_ok() {
        while file.exists() {
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}
