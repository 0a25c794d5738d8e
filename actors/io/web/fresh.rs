//! A text that is made at most once a second.

use std::future::Future;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::Mutex;
use tokio::time::Instant;

/// How long a text is fresh.
const FRESH: Duration = Duration::from_secs(1);

/// The text that was made last. Who asks while one is being made waits for that one.
#[derive(Default)]
pub struct Fresh(Mutex<Option<(Instant, Bytes)>>);

impl Fresh {
    /// The last text, when it is younger than a second, or else what `make` makes. What it cannot
    /// make is not kept.
    pub async fn get<F>(&self, make: impl FnOnce() -> F) -> Option<Bytes>
    where
        F: Future<Output = Option<String>>,
    {
        let mut last = self.0.lock().await;
        if let Some((made, text)) = &*last
            && made.elapsed() < FRESH
        {
            return Some(text.clone());
        }
        let text = Bytes::from(make().await?);
        *last = Some((Instant::now(), text.clone()));
        Some(text)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use futures_util::future::join_all;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn once_a_second_however_many_ask() {
        let (fresh, made) = (Fresh::default(), Cell::new(0));
        let make = || async {
            tokio::time::sleep(Duration::from_millis(10)).await;
            made.set(made.get() + 1);
            Some(made.get().to_string())
        };
        let texts = join_all((0..100).map(|_| fresh.get(make))).await;
        assert!(texts.iter().all(|text| text.as_deref() == Some(b"1")));
        tokio::time::advance(FRESH).await;
        assert_eq!(fresh.get(make).await.as_deref(), Some(&b"2"[..]));
        tokio::time::advance(FRESH).await;
        assert_eq!(fresh.get(|| async { None }).await, None);
        assert_eq!(fresh.get(make).await.as_deref(), Some(&b"3"[..]), "a failure is not kept");
    }
}
