//! Threads of their own for all that sounds: telephones, ears and mouths. What a test computes meanwhile does not make them late.

use std::future::Future;
use std::sync::OnceLock;

use tokio::runtime::{Builder, Handle, Runtime};

/// Where telephones, ears and mouths live.
pub fn sound() -> &'static Handle {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    let make = || Builder::new_multi_thread().worker_threads(2).thread_name("sound").enable_all().build();
    RUNTIME.get_or_init(|| make().expect("threads")).handle()
}

/// Does something there.
pub async fn there<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> T {
    sound().spawn(work).await.expect("it does not panic")
}
