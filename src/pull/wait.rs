//! Work on the network turned into its result, for callers that do not know of it.

use std::future::Future;
use std::io;
use std::thread;

/// Runs to the end on a thread of its own, so that the caller may itself be inside of a runtime.
pub fn wait<T: Send>(work: impl Future<Output = T> + Send) -> io::Result<T> {
    thread::scope(|scope| {
        let run = || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            let result = runtime.block_on(work);
            // A look-up of a name that nobody answers has no end of its own.
            runtime.shutdown_background();
            Ok(result)
        };
        let thread = thread::Builder::new().name("pull".into()).spawn_scoped(scope, run)?;
        thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}
