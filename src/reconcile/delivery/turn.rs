//! A semaphore turned into turns: as many clusters are asked about and applied at the same time, and who waits for somebody else is not
//! counted.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// Who takes longer than this waits for somebody else (a webhook, an aggregated API), and holds nobody up meanwhile. How many
/// wait so is bounded by the requests of the client.
const PATIENCE: Duration = Duration::from_secs(2);

/// The turn of one cluster. While it is kept no other may be asked for: all who have one would wait for each other.
pub struct Turn {
    all: Arc<Semaphore>,
    mine: Option<OwnedSemaphorePermit>,
}

impl Turn {
    /// One that has not come yet.
    pub fn new(all: &Arc<Semaphore>) -> Self {
        Turn { all: all.clone(), mine: None }
    }

    /// Waits until it comes, in the order of arrival.
    pub async fn take(&mut self) {
        if self.mine.is_none() {
            // the semaphore is never closed
            self.mine = self.all.clone().acquire_owned().await.ok();
        }
    }

    /// Does something when it has come, and keeps it; unless that takes long.
    pub async fn over<T>(&mut self, work: impl Future<Output = T>) -> T {
        self.take().await;
        let mut work = pin!(work);
        match timeout(PATIENCE, &mut work).await {
            Ok(done) => done,
            Err(_) => {
                self.end();
                work.await
            }
        }
    }

    /// The next may have it.
    pub fn end(&mut self) {
        self.mine = None;
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use super::*;

    #[tokio::test]
    async fn it_is_kept_from_one_piece_of_work_to_the_next_and_lost_over_a_long_one() {
        let all = Arc::new(Semaphore::new(1));
        let mut first = Turn::new(&all);
        assert_eq!((first.over(ready(1)).await, all.available_permits()), (1, 0));
        let mut second = Turn::new(&all);
        let soon = Duration::from_millis(10);
        assert!(timeout(soon, second.take()).await.is_err(), "the first has it between two pieces");
        assert!(timeout(PATIENCE + soon, first.over(pending::<()>())).await.is_err());
        assert!(timeout(soon, second.take()).await.is_ok(), "the first waits for somebody else");
        drop(second);
        assert_eq!((first.over(ready(2)).await, all.available_permits()), (2, 0), "it is taken again");
        first.end();
        assert_eq!(all.available_permits(), 1);
    }
}
