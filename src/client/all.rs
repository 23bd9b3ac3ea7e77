//! Waiting for several futures at a time, in the task of the caller: when that goes away,
//! so do they.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::future::poll_fn;
use core::task::Poll;

use super::BoxFuture;

/// A future as one of several of other types.
pub(super) fn boxed<'a, T>(future: impl Future<Output = T> + Send + 'a) -> BoxFuture<'a, T> {
    Box::pin(future)
}

/// What all of them come to, in their order. Each is polled whenever one wakes, so they
/// should be few.
pub(super) async fn all<T>(mut futures: Vec<BoxFuture<'_, T>>) -> Vec<T> {
    let mut ready: Vec<Option<T>> = futures.iter().map(|_| None).collect();
    poll_fn(|context| {
        for (future, ready) in futures.iter_mut().zip(&mut ready) {
            if ready.is_none()
                && let Poll::Ready(value) = future.as_mut().poll(context)
            {
                *ready = Some(value);
            }
        }
        match ready.iter().all(Option::is_some) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }
    })
    .await;
    ready.into_iter().flatten().collect()
}
