//! Waits for a condition with a deadline; nothing here sleeps for a fixed time and hopes.

use std::future::Future;
use std::time::Duration;

use tokio::time::{Instant, sleep};

/// Longer than anything here takes on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(15);
/// How often it is looked.
const STEP: Duration = Duration::from_millis(5);

/// Looks until there is something, and fails with what was waited for when there is nothing in time.
pub async fn until<T, F>(what: &str, mut look: impl FnMut() -> F) -> T
where
    F: Future<Output = Option<T>>,
{
    within(PATIENCE, what, &mut look).await
}

/// The same with a deadline of its own.
pub async fn within<T, F>(limit: Duration, what: &str, mut look: impl FnMut() -> F) -> T
where
    F: Future<Output = Option<T>>,
{
    match at_most(limit, &mut look).await {
        Some(found) => found,
        None => panic!("in {limit:?} it did not come to this: {what}"),
    }
}

/// The same, where it is no failure when there is nothing in time.
pub async fn at_most<T, F>(limit: Duration, mut look: impl FnMut() -> F) -> Option<T>
where
    F: Future<Output = Option<T>>,
{
    let deadline = Instant::now() + limit;
    loop {
        if let Some(found) = look().await {
            return Some(found);
        }
        if Instant::now() >= deadline {
            return None;
        }
        sleep(STEP).await;
    }
}
