//! A network that is told what to answer, and counts what it is asked.

use std::future;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, Once};
use std::time::Duration;

use mta_sts::client::{
    BoxFuture, Client, ClientBuilder, Event, FetchError, Fetched, Lookup, PolicyFetch, Response,
    TxtLookup, TxtRecord,
};
use mta_sts::sts::fetch::{PolicyRequest, TransportFailure};
use mta_sts::sts::{Mode, Policy, PolicyDomain};
use mta_sts::txt::DnsFailure;
use rustls_pki_types::UnixTime;

/// What DNS answers.
#[derive(Debug, Clone)]
pub(crate) enum Txt {
    Id(&'static str),
    None,
    Fails(DnsFailure),
    Hangs,
    Panics,
}

/// What the policy host answers.
#[derive(Debug, Clone)]
pub(crate) enum Http {
    Body(&'static str),
    Fails(TransportFailure),
    Busy,
    Hangs,
    Panics,
}

pub(crate) const ENFORCE: &str =
    "version: STSv1\nmode: enforce\nmx: *.example.com\nmax_age: 864000\n";
pub(crate) const TESTING: &str =
    "version: STSv1\nmode: testing\nmx: *.example.com\nmax_age: 864000\n";
pub(crate) const NONE: &str = "version: STSv1\nmode: none\nmax_age: 864000\n";

/// A day, in seconds.
pub(crate) const DAY: u64 = 86_400;

#[derive(Clone)]
pub(crate) struct World(Arc<State>);

struct State {
    txt: Mutex<Txt>,
    http: Mutex<Http>,
    delay: Mutex<Duration>,
    queries: AtomicUsize,
    fetches: AtomicUsize,
    running: AtomicUsize,
    most_running: AtomicUsize,
    now: AtomicU64,
    events: Mutex<Vec<Event>>,
}

impl World {
    pub(crate) fn new(txt: Txt, http: Http) -> Self {
        hush();
        Self(Arc::new(State {
            txt: Mutex::new(txt),
            http: Mutex::new(http),
            delay: Mutex::new(Duration::ZERO),
            queries: AtomicUsize::new(0),
            fetches: AtomicUsize::new(0),
            running: AtomicUsize::new(0),
            most_running: AtomicUsize::new(0),
            now: AtomicU64::new(20_000 * DAY),
            events: Mutex::new(Vec::new()),
        }))
    }

    /// A healthy domain.
    pub(crate) fn healthy() -> Self {
        Self::new(Txt::Id("1"), Http::Body(ENFORCE))
    }

    /// The client of this network, its clock and its operator.
    pub(crate) fn client(&self) -> Client {
        self.builder().build()
    }

    pub(crate) fn builder(&self) -> ClientBuilder {
        let (clock, operator) = (self.clone(), self.clone());
        Client::builder(self.clone(), self.clone())
            .with_clock(move || clock.now())
            .with_events(move |event| operator.0.events.lock().unwrap().push(event.clone()))
    }

    pub(crate) fn set(&self, txt: Txt, http: Http) {
        *self.0.txt.lock().unwrap() = txt;
        *self.0.http.lock().unwrap() = http;
    }

    /// Each answer takes so long.
    pub(crate) fn delay(&self, delay: Duration) {
        *self.0.delay.lock().unwrap() = delay;
    }

    pub(crate) fn queries(&self) -> usize {
        self.0.queries.load(Ordering::SeqCst)
    }

    pub(crate) fn fetches(&self) -> usize {
        self.0.fetches.load(Ordering::SeqCst)
    }

    /// How many questions were under way at once.
    pub(crate) fn most_running(&self) -> usize {
        self.0.most_running.load(Ordering::SeqCst)
    }

    pub(crate) fn now(&self) -> UnixTime {
        UnixTime::since_unix_epoch(Duration::from_secs(self.0.now.load(Ordering::SeqCst)))
    }

    pub(crate) fn pass(&self, secs: u64) {
        self.0.now.fetch_add(secs, Ordering::SeqCst);
    }

    /// What the operator was told since this was asked last.
    pub(crate) fn events(&self) -> Vec<String> {
        self.take_events().iter().map(ToString::to_string).collect()
    }

    pub(crate) fn take_events(&self) -> Vec<Event> {
        std::mem::take(&mut *self.0.events.lock().unwrap())
    }

    async fn take_time(&self) -> Running<'_> {
        let now = self.0.running.fetch_add(1, Ordering::SeqCst) + 1;
        self.0.most_running.fetch_max(now, Ordering::SeqCst);
        let running = Running(&self.0.running);
        let delay = *self.0.delay.lock().unwrap();
        // Another task gets its turn in any case.
        tokio::task::yield_now().await;
        if delay > Duration::ZERO {
            tokio::time::sleep(delay).await;
        }
        running
    }
}

/// Also ends when it is dropped.
struct Running<'a>(&'a AtomicUsize);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl TxtLookup for World {
    fn txt<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Lookup<TxtRecord>, DnsFailure>> {
        self.0.queries.fetch_add(1, Ordering::SeqCst);
        let txt = self.0.txt.lock().unwrap().clone();
        Box::pin(async move {
            let _running = self.take_time().await;
            match txt {
                Txt::Id(id) => Ok(Lookup::found([vec![format!("v=STSv1; id={id};").into_bytes()]])),
                Txt::None => Ok(Lookup::nxdomain()),
                Txt::Fails(failure) => Err(failure),
                Txt::Hangs => future::pending().await,
                Txt::Panics => panic!("the resolver panics on purpose"),
            }
        })
    }
}

impl PolicyFetch for World {
    fn fetch<'a>(&'a self, _: PolicyRequest<'a>) -> BoxFuture<'a, Fetched> {
        self.0.fetches.fetch_add(1, Ordering::SeqCst);
        let http = self.0.http.lock().unwrap().clone();
        Box::pin(async move {
            let _running = self.take_time().await;
            match http {
                Http::Body(body) => {
                    Ok(Response::new(200, body.into()).with_field("Content-Type", "text/plain"))
                        .into()
                }
                Http::Fails(failure) => Err(failure.into()).into(),
                Http::Busy => Err(FetchError::Busy).into(),
                Http::Hangs => future::pending().await,
                Http::Panics => panic!("the fetcher panics on purpose"),
            }
        })
    }
}

pub(crate) fn domain(name: &str) -> PolicyDomain {
    PolicyDomain::from_next_hop(name).unwrap()
}

/// The mode of the policy to apply.
pub(crate) fn mode(answer: &mta_sts::client::Answer) -> Option<Mode> {
    answer.policy().map(Policy::mode)
}

/// Panics on purpose are not shown.
pub(crate) fn hush() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let show = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            let text = info.payload().downcast_ref::<&str>();
            if !text.is_some_and(|text| text.ends_with("on purpose")) {
                show(info);
            }
        }));
    });
}
