//! A call whose sound is here: the desk is told of the end once, whichever way the socket's task ends.

use std::sync::Arc;

use crosspoint_rooms::{CallDesk, CallRef, Detached};
use tokio::runtime::Handle;

/// From `attach` to `detached`.
pub struct Attached {
    desk: Arc<dyn CallDesk>,
    call: Option<CallRef>,
}

impl Attached {
    pub fn new(desk: Arc<dyn CallDesk>, call: CallRef) -> Self {
        Self { desk, call: Some(call) }
    }

    /// Tells how it ended.
    pub async fn end(mut self, how: Detached) {
        if let Some(call) = self.call.take() {
            self.desk.detached(call, how).await;
        }
    }
}

impl Drop for Attached {
    fn drop(&mut self) {
        // Only when the task was torn down or panicked: it could not wait any more.
        if let (Some(call), Ok(runtime)) = (self.call.take(), Handle::try_current()) {
            let desk = Arc::clone(&self.desk);
            runtime.spawn(async move { desk.detached(call, Detached::Lost).await });
        }
    }
}
