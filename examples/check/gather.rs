//! Asking the client about domains: many at a time, and in order.

use std::collections::VecDeque;
use std::sync::Arc;

use mta_sts::client::Client;
use mta_sts::observations::Observations;
use mta_sts::sts::PolicyDomain;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

/// How many domains are looked at a time: enough that a slow one holds up few.
const AT_A_TIME: usize = 16;

/// How many domains are under way or wait for those before them: so many can pass a slow
/// one.
const AHEAD: usize = 256;

/// Domains under way. When it is dropped, nothing goes on.
pub(crate) struct Gatherer {
    client: Client,
    places: Arc<Semaphore>,
    under_way: VecDeque<Task>,
}

enum Task {
    Looks(JoinHandle<Observations>),
    /// It is no domain, in words.
    Fails(String),
}

impl Gatherer {
    pub(crate) fn new(client: Client) -> Self {
        let places = Arc::new(Semaphore::new(AT_A_TIME));
        Self { client, places, under_way: VecDeque::new() }
    }

    /// Looks at all of them, and says of each what was seen, in their order.
    ///
    /// # Errors
    ///
    /// Those of `say`, which end it.
    pub(crate) async fn run<E>(
        mut self,
        domains: impl Iterator<Item = Result<PolicyDomain, String>>,
        mut say: impl FnMut(Result<Observations, String>) -> Result<(), E>,
    ) -> Result<(), E> {
        for domain in domains {
            self.begin(domain);
            while self.is_full() || self.is_first_done() {
                self.end_first(&mut say).await?;
            }
        }
        while !self.under_way.is_empty() {
            self.end_first(&mut say).await?;
        }
        Ok(())
    }

    fn begin(&mut self, domain: Result<PolicyDomain, String>) {
        let (client, places) = (self.client.clone(), self.places.clone());
        let task = match domain {
            Err(why) => Task::Fails(why),
            Ok(domain) => Task::Looks(tokio::spawn(async move {
                let _place = places.acquire().await;
                client.observe(&domain).await
            })),
        };
        self.under_way.push_back(task);
    }

    fn is_full(&self) -> bool {
        self.under_way.len() >= AHEAD
    }

    fn is_first_done(&self) -> bool {
        self.under_way.front().is_some_and(|task| match task {
            Task::Looks(handle) => handle.is_finished(),
            Task::Fails(_) => true,
        })
    }

    async fn end_first<E>(
        &mut self,
        say: &mut impl FnMut(Result<Observations, String>) -> Result<(), E>,
    ) -> Result<(), E> {
        let seen = match self.under_way.pop_front() {
            None => return Ok(()),
            Some(Task::Fails(why)) => Err(why),
            Some(Task::Looks(handle)) => handle.await.map_err(|error| error.to_string()),
        };
        say(seen)
    }
}

impl Drop for Gatherer {
    fn drop(&mut self) {
        for task in &self.under_way {
            if let Task::Looks(handle) = task {
                handle.abort();
            }
        }
    }
}
