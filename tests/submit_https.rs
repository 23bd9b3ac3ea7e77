//! Delivery of reports: the driver on a clock of its own, and the POST over real sockets
//! (MAIL-4, MAIL-8).

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test may panic"
)]

#[path = "support/raw_tls.rs"]
#[allow(dead_code, unreachable_pub, reason = "other tests use the rest")]
mod raw_tls;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use mta_sts::client::BoxFuture;
use mta_sts::client::https::HttpsClient;
use mta_sts::client::submit::{MailReport, PostReport, Submitter};
use mta_sts::guard::Guard;
use mta_sts::sts::fetch::FetchLimits;
use mta_sts::tlsrpt::media::MediaType;
use mta_sts::tlsrpt::submit::{
    Action, CertificateErrors, Config, Outcome, Plan, Ports, PostRequest, Reach, SubmitFailure,
};
use mta_sts::tlsrpt::{MailAddress, TlsRptRecord};
use mta_sts::{DomainName, Reading};
use raw_tls::{Ca, Event, Identity, Server, Step, self_signed};
use rustls_pki_types::UnixTime;
use tokio::time::Instant;

const HOST: &str = "reports.example.com";
const MIDNIGHT: u64 = 1_707_004_800;
const HOUR: u64 = 3_600;

fn time(secs: u64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(secs))
}

/// Does this with the plan for these URIs.
macro_rules! with_plan {
    ($rua:expr, $config:expr, |$plan:ident| $body:expr) => {{
        let text = format!("v=TLSRPTv1; rua={}", $rua);
        let (record, _) = TlsRptRecord::parse(&text, Reading::Tolerant).unwrap();
        let $plan = Plan::new(&record, $config);
        $body
    }};
}

fn domain() -> DomainName {
    DomainName::parse("example.com").unwrap()
}

/// Posts to the server once.
async fn post(client: &HttpsClient, config: Config) -> Result<(), SubmitFailure> {
    with_plan!("https://reports.example.com/v1/tls?d=example.com", config, |plan| {
        let mut delivery = plan.delivery(&domain(), time(MIDNIGHT), 7);
        match delivery.poll_action(time(MIDNIGHT + 5 * HOUR)) {
            Action::Post(request) => client.post(request, b"the report").await,
            other => panic!("expected a POST, found {other:?}"),
        }
    })
}

/// What a server is that answers this.
async fn server(identity: Identity, answer: &str) -> Server {
    let steps = vec![Step::ReadHeader, Step::Read(10), Step::write(answer)];
    Server::tls(identity.config(rustls::ALL_VERSIONS), steps).await
}

#[tokio::test]
async fn mail_4_a_report_is_posted_with_its_media_type() {
    for (media_type, name) in
        [(MediaType::Gzip, "application/tlsrpt+gzip"), (MediaType::Json, "application/tlsrpt+json")]
    {
        let ca = Ca::new("CA");
        let answer = "HTTP/1.1 201 Created\r\nContent-Length: 9999\r\n\r\n";
        let mut server = server(ca.issue(HOST, 2999), answer).await;
        let config = Config::default().with_media_type(media_type);
        assert_eq!(post(&server.client([ca.anchor()]), config).await, Ok(()));
        let sni = Event::Handshake(Some(HOST.into()), None);
        assert_eq!(server.event().await, sni);
        let header = format!(
            "POST /v1/tls?d=example.com HTTP/1.1\r\n\
             host: reports.example.com\r\n\
             content-type: {name}\r\n\
             content-length: 10\r\n\
             user-agent: mta-sts/{}\r\n\
             connection: close\r\n\r\n",
            env!("CARGO_PKG_VERSION")
        );
        assert_eq!(server.event().await, Event::Read(header));
        assert_eq!(server.event().await, Event::Read("the report".into()));
        assert_eq!(server.event().await, Event::ClosedByClient);
    }
}

#[tokio::test]
async fn mail_4_only_2xx_is_success_and_no_redirect_is_followed() {
    for (status, expected) in [
        (200, Ok(())),
        (202, Ok(())),
        (204, Ok(())),
        (299, Ok(())),
        (301, Err(SubmitFailure::Redirect { status: 301 })),
        (307, Err(SubmitFailure::Redirect { status: 307 })),
        (400, Err(SubmitFailure::Status { status: 400 })),
        (413, Err(SubmitFailure::Status { status: 413 })),
        (503, Err(SubmitFailure::Status { status: 503 })),
    ] {
        let ca = Ca::new("CA");
        let answer = format!("HTTP/1.1 {status} X\r\nLocation: https://{HOST}/other\r\n\r\n");
        let server = server(ca.issue(HOST, 2999), &answer).await;
        assert_eq!(post(&server.client([ca.anchor()]), Config::default()).await, expected);
    }
}

#[tokio::test]
async fn mail_4_certificate_errors_may_be_ignored_by_name() {
    let ca = Ca::new("CA");
    let ignoring = Config::default().with_certificate_errors(CertificateErrors::Ignore);
    for identity in [
        || self_signed(HOST, 2020),
        || Ca::new("other CA").issue(HOST, 2999),
        || self_signed("www.example.com", 2999),
    ] {
        let server = server(identity(), "HTTP/1.1 200 OK\r\n\r\n").await;
        let client = server.client([ca.anchor()]);
        assert_eq!(post(&client, Config::default()).await, Err(SubmitFailure::Certificate));
        assert_eq!(post(&client, ignoring).await, Ok(()));
    }
}

#[tokio::test]
async fn mail_4_no_response_is_no_success() {
    let ca = Ca::new("CA");
    let limits = FetchLimits::default().with_time(Duration::from_secs(1)).unwrap();
    for steps in [vec![], vec![Step::Cut], vec![Step::write("220 hello\r\n")]] {
        let config = ca.issue(HOST, 2999).config(rustls::ALL_VERSIONS);
        let server = Server::tls(config, steps).await;
        let client = server.client([ca.anchor()]).with_post_limits(limits);
        assert_eq!(post(&client, Config::default()).await, Err(SubmitFailure::Transport));
    }
    let server = Server::tcp(vec![Step::Write(vec![21, 3, 3, 0, 2, 2, 40])]).await;
    let client = server.client([ca.anchor()]);
    assert_eq!(post(&client, Config::default()).await, Err(SubmitFailure::Transport));
}

#[tokio::test]
async fn mail_4_a_large_report_arrives_whole() {
    let ca = Ca::new("CA");
    let report = vec![b'r'; 3 << 20];
    let answer = Step::write("HTTP/1.1 200 OK\r\n\r\n");
    let steps = vec![Step::ReadHeader, Step::Read(report.len()), answer];
    let config = ca.issue(HOST, 2999).config(rustls::ALL_VERSIONS);
    let server = Server::tls(config, steps).await;
    let client = server.client([ca.anchor()]);
    with_plan!(HTTPS, Config::default(), |plan| {
        let mut delivery = plan.delivery(&domain(), time(MIDNIGHT), 7);
        let Action::Post(request) = delivery.poll_action(time(MIDNIGHT + 5 * HOUR)) else {
            panic!("expected a POST")
        };
        assert_eq!(client.post(request, &report).await, Ok(()));
    });
}

#[tokio::test]
async fn mail_4_the_guard_holds_for_reports_too() {
    let ca = Ca::new("CA");
    let server = server(ca.issue(HOST, 2999), "HTTP/1.1 200 OK\r\n\r\n").await;
    let client = server.client_with(Guard::default(), [ca.anchor()]);
    let ignoring = Config::default().with_certificate_errors(CertificateErrors::Ignore);
    assert_eq!(post(&client, ignoring).await, Err(SubmitFailure::AddressNotPermitted));
}

#[tokio::test]
async fn mail_4_other_ports_stand_in_host() {
    let ca = Ca::new("CA");
    let mut server = server(ca.issue(HOST, 2999), "HTTP/1.1 200 OK\r\n\r\n").await;
    let client = server.client([ca.anchor()]);
    let config = Config::default().with_ports(Ports::Any);
    with_plan!("https://reports.example.com:8443", config, |plan| {
        let mut delivery = plan.delivery(&domain(), time(MIDNIGHT), 7);
        let Action::Post(request) = delivery.poll_action(time(MIDNIGHT + 5 * HOUR)) else {
            panic!("expected a POST")
        };
        client.post(request, b"the report").await.unwrap();
    });
    assert!(matches!(server.event().await, Event::Handshake(..)));
    let Event::Read(header) = server.event().await else { panic!("expected a header") };
    assert!(header.starts_with("POST / HTTP/1.1\r\nhost: reports.example.com:8443\r\n"));
}

/// Who answers by a script, the last answer again and again, and notes when it was asked;
/// `None` never answers.
struct Scripted {
    begin: Instant,
    answers: Mutex<Vec<Option<Result<(), SubmitFailure>>>>,
    asked: Arc<Mutex<Vec<(u64, String)>>>,
}

impl Scripted {
    async fn answer(&self, what: String) -> Result<(), SubmitFailure> {
        self.asked.lock().unwrap().push((self.begin.elapsed().as_secs(), what));
        let answer = {
            let mut answers = self.answers.lock().unwrap();
            if answers.len() > 1 { answers.remove(0) } else { answers[0] }
        };
        match answer {
            Some(answer) => answer,
            None => std::future::pending().await,
        }
    }
}

impl PostReport for Scripted {
    fn post<'a>(
        &'a self,
        request: PostRequest<'a>,
        report: &'a [u8],
    ) -> BoxFuture<'a, Result<(), SubmitFailure>> {
        assert_eq!(report, b"the report");
        Box::pin(self.answer(request.host().to_string()))
    }
}

impl MailReport for Scripted {
    fn mail<'a>(
        &'a self,
        address: &'a MailAddress,
        report: &'a [u8],
    ) -> BoxFuture<'a, Result<(), SubmitFailure>> {
        assert_eq!(report, b"the report");
        Box::pin(self.answer(address.to_string()))
    }
}

type Asked = Arc<Mutex<Vec<(u64, String)>>>;

/// One that answers so, what it is asked, and the clock that tokio's time makes from
/// midnight on.
fn scripted(
    answers: &[Option<Result<(), SubmitFailure>>],
) -> (Arc<Scripted>, Asked, impl Fn() -> UnixTime + Send + Sync + 'static) {
    let (begin, asked) = (Instant::now(), Asked::default());
    let answers = Mutex::new(answers.to_vec());
    let scripted = Scripted { begin, answers, asked: asked.clone() };
    (Arc::new(scripted), asked, move || time(MIDNIGHT + begin.elapsed().as_secs()))
}

const BUSY: Option<Result<(), SubmitFailure>> = Some(Err(SubmitFailure::Status { status: 503 }));
const HTTPS: &str = "https://reports.example.com/";
const BOTH: &str = "mailto:tls@example.com,https://reports.example.com/";

#[tokio::test(start_paused = true)]
async fn mail_8_attempts_follow_the_schedule_until_one_is_accepted() {
    let (post, asked, clock) = scripted(&[BUSY, BUSY, BUSY, Some(Ok(()))]);
    let submitter = Submitter::default().with_post(post).with_clock(clock);
    with_plan!(HTTPS, Config::default(), |plan| {
        let mut delivery = plan.delivery(&domain(), time(MIDNIGHT), 7);
        assert_eq!(submitter.send(&mut delivery, b"the report").await, Outcome::Delivered);
        // What is over stays over.
        assert_eq!(submitter.send(&mut delivery, b"the report").await, Outcome::Delivered);
    });
    let times: Vec<_> = asked.lock().unwrap().iter().map(|(at, _)| *at).collect();
    assert!(times[0] <= 4 * HOUR);
    let waits: Vec<_> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert_eq!(waits, [300, 600, 1_200]);
}

#[tokio::test(start_paused = true)]
async fn mail_8_a_report_that_nobody_takes_is_given_up_after_a_day() {
    let (post, asked, clock) = scripted(&[BUSY]);
    let submitter = Submitter::default().with_post(post).with_clock(clock);
    with_plan!(HTTPS, Config::default(), |plan| {
        let mut delivery = plan.delivery(&domain(), time(MIDNIGHT), 7);
        assert_eq!(submitter.send(&mut delivery, b"the report").await, Outcome::GivenUp);
    });
    let asked = asked.lock().unwrap();
    assert_eq!(asked.len(), 9);
    assert!(asked.last().unwrap().0 - asked[0].0 <= 24 * HOUR);
}

#[tokio::test(start_paused = true)]
async fn mail_8_mail_and_post_stand_in_for_each_other() {
    let (post, posted, clock) = scripted(&[Some(Ok(()))]);
    let (mail, mailed, _) = scripted(&[Some(Ok(()))]);
    let all = Config::default().with_reach(Reach::All);
    let only_post = Submitter::default().with_post(post).with_clock(clock);
    let both = only_post.clone().with_mail(mail);
    // Without mail, the POST is enough.
    with_plan!(BOTH, Config::default(), |plan| {
        let mut delivery = plan.delivery(&domain(), time(MIDNIGHT), 7);
        assert_eq!(only_post.send(&mut delivery, b"the report").await, Outcome::Delivered);
    });
    assert_eq!(posted.lock().unwrap().len(), 1);
    with_plan!(BOTH, all, |plan| {
        let mut delivery = plan.delivery(&domain(), time(MIDNIGHT), 7);
        assert_eq!(both.send(&mut delivery, b"the report").await, Outcome::Delivered);
        assert!(delivery.failures().all(|(_, failure)| failure.is_none()));
    });
    assert_eq!(posted.lock().unwrap().len(), 2);
    assert_eq!(mailed.lock().unwrap()[0].1, "tls@example.com");
    with_plan!("mailto:tls@example.com", Config::default(), |plan| {
        let mut delivery = plan.delivery(&domain(), time(MIDNIGHT), 7);
        assert_eq!(only_post.send(&mut delivery, b"the report").await, Outcome::GivenUp);
    });
    with_plan!("ftp://example.com/", Config::default(), |plan| {
        let mut delivery = plan.delivery(&domain(), time(MIDNIGHT), 7);
        assert_eq!(both.send(&mut delivery, b"the report").await, Outcome::NoDestination);
    });
}

#[tokio::test(start_paused = true)]
async fn mail_8_who_drops_the_driver_keeps_the_state() {
    let (post, asked, clock) = scripted(&[BUSY, None, Some(Ok(()))]);
    let submitter = Submitter::default().with_post(post).with_clock(clock);
    with_plan!(HTTPS, Config::default(), |plan| {
        let mut delivery = plan.delivery(&domain(), time(MIDNIGHT), 7);
        let mut cancelled = 0;
        // Dropped while it waits, while it posts, and while it waits again.
        let outcome = loop {
            let sending = submitter.send(&mut delivery, b"the report");
            match tokio::time::timeout(Duration::from_secs(100), sending).await {
                Ok(outcome) => break outcome,
                Err(_) => cancelled += 1,
            }
        };
        assert_eq!(outcome, Outcome::Delivered);
        assert!(cancelled > 3);
    });
    let times: Vec<_> = asked.lock().unwrap().iter().map(|(at, _)| *at).collect();
    assert_eq!(times.len(), 3, "an attempt that was cut off is made again: {times:?}");
    assert_eq!(times[1] - times[0], 300);
    assert!(times[2] - times[1] <= 100);
}

#[tokio::test(start_paused = true)]
async fn mail_8_a_clock_that_is_set_is_noticed() {
    // Half an hour later, the clock leaps by a day.
    let begin = Instant::now();
    let clock = move || {
        let elapsed = begin.elapsed().as_secs();
        time(MIDNIGHT + elapsed + if elapsed < HOUR / 2 { 0 } else { 24 * HOUR })
    };
    let (post, asked, _) = scripted(&[Some(Ok(()))]);
    let submitter = Submitter::default().with_post(post).with_clock(clock);
    with_plan!(HTTPS, Config::default(), |plan| {
        let mut delivery = plan.delivery(&domain(), time(MIDNIGHT), 0);
        let Action::WaitUntil(first) = delivery.poll_action(time(MIDNIGHT)) else {
            panic!("expected to wait")
        };
        assert!(first.as_secs() > MIDNIGHT + HOUR, "a seed that waits for long");
        assert_eq!(submitter.send(&mut delivery, b"the report").await, Outcome::Delivered);
    });
    assert!(asked.lock().unwrap()[0].0 <= HOUR / 2 + 300);
}

#[tokio::test]
async fn mail_8_the_driver_over_a_real_socket() {
    let ca = Ca::new("CA");
    let server = server(ca.issue(HOST, 2999), "HTTP/1.1 200 OK\r\n\r\n").await;
    let submitter = Submitter::default()
        .with_post(Arc::new(server.client([ca.anchor()])))
        .with_clock(|| time(MIDNIGHT + 5 * HOUR));
    with_plan!(HTTPS, Config::default(), |plan| {
        let mut delivery = plan.delivery(&domain(), time(MIDNIGHT), 7);
        // As in a task of its own: the future can be sent.
        let sending: BoxFuture<'_, _> = Box::pin(submitter.send(&mut delivery, b"the report"));
        assert_eq!(sending.await, Outcome::Delivered);
    });
}
