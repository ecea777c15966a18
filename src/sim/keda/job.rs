//! What KEDA's operator does with a ScaledJob.
//!
//! At each poll the triggers come to a [`queue`] length and a number of jobs for it, the
//! [`strategy`] sets running jobs off against that, and [`request`] creates the difference.
//! [`history`] tells which finished jobs go. [`replay`] runs it all over arrivals of work.

pub mod bounds;
pub mod history;
pub mod pending;
pub mod queue;
pub mod replay;
pub mod request;
pub mod strategy;
pub mod work;

pub use bounds::Bounds;

/// A double as a 64-bit integer: truncated, and the lowest one where it does not fit, as the
/// processor makes it.
fn to_integer(value: f64) -> i64 {
    // 2^63 is a double, the highest integer below it is not.
    const END: f64 = 9_223_372_036_854_775_808.0;
    let truncated = value.trunc();
    match (-END..END).contains(&truncated) {
        true => truncated as i64,
        false => i64::MIN,
    }
}
