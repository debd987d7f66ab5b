//! Work on the network turned into its result, for callers that do not know of it.

use std::thread;

use tokio::time::timeout;

use super::error::{Fault, RemoteError};
use super::settings::Remote;

/// Runs to the end on a thread of its own, so that the caller may itself be inside of a runtime. The work is made there: it may
/// hold what must not change threads.
pub fn run<T: Send>(
    remote: &Remote,
    work: impl AsyncFnOnce() -> Result<T, Fault> + Send,
) -> Result<T, RemoteError> {
    let run = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime =
            runtime.map_err(|error| Fault::Settings(format!("there is no runtime for it: {error}")))?;
        let limit = remote.total_timeout;
        let result = runtime.block_on(async { timeout(limit, work()).await });
        let result = result.unwrap_or(Err(Fault::TooLong(limit)));
        // a look-up of a name that nobody answers has no end of its own
        runtime.shutdown_background();
        result
    };
    let result = thread::scope(|scope| {
        let thread = thread::Builder::new().name("remote".into()).spawn_scoped(scope, run);
        let failed = |error| Fault::Settings(format!("there is no thread for it: {error}"));
        thread.map_err(failed)?.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    });
    result.map_err(|fault| RemoteError { remote: remote.address.to_string(), fault: Box::new(fault) })
}
