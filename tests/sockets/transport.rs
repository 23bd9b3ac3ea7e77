//! FET-4, FET-6: responses that are too long, too slow or broken off.

use core::time::Duration;

use crate::setup::Sender;
use crate::world::{Domain, ENFORCE, Https, Route, SLOW, Step};

const CONNECTION: &str = "sts-policy-fetch-error (connection-failed)";
const TIMEOUT: &str = "sts-policy-fetch-error (timeout)";
const TOO_LARGE: &str = "sts-policy-fetch-error (policy-too-large)";
const HEADER: &str = "sts-policy-fetch-error (http-header-too-large)";
const INCOMPLETE: &str = "sts-policy-fetch-error (http-body-incomplete)";

/// A policy of so many octets.
fn of_length(octets: usize) -> String {
    let filler = octets - ENFORCE.len() - "note: \r\n".len();
    format!("{ENFORCE}note: {}\r\n", "x".repeat(filler))
}

#[tokio::test]
async fn fet_4_64_kib_of_body_pass_and_no_octet_more() {
    let sender = Sender::new().await;
    let (most, over) = (of_length(65_536), of_length(65_537));
    assert_eq!((most.len(), over.len()), (65_536, 65_537));
    sender.https_fetches(Https::policy(&most)).await;
    sender.https_fetches(Https::chunked(&most, 1_000)).await;
    sender.https_fetches(Https::without_length(&most)).await;
    sender.https_fails(Https::policy(&over), TOO_LARGE).await;
    sender.https_fails(Https::chunked(&over, 1_000), TOO_LARGE).await;
    sender.https_fails(Https::without_length(&over), TOO_LARGE).await;
}

#[tokio::test]
async fn fet_4_endless_body_and_header_end() {
    let sender = Sender::new().await;
    sender.https_fails(Https::endless(), TOO_LARGE).await;
    sender.https_fails(Https::endless_header(), HEADER).await;
}

#[tokio::test]
async fn fet_4_a_body_is_as_long_as_it_says() {
    let sender = Sender::new().await;
    let length = ENFORCE.len();
    sender.https_fetches(Https::without_length(ENFORCE)).await;
    for octets in [1, 7, length] {
        sender.https_fetches(Https::chunked(ENFORCE, octets)).await;
    }
    // More is announced than comes.
    for announced in [length + 1, 65_536] {
        let https = Https::with_length(ENFORCE, announced);
        sender.https_fails(https, INCOMPLETE).await;
    }
    // Less is announced than comes: what is announced counts, and that is no policy.
    let https = Https::with_length(ENFORCE, length - "max_age: 604800\r\n".len());
    let failure = "sts-policy-invalid (policy-missing-field)";
    sender.https_fails(https, failure).await;
}

#[tokio::test]
async fn fet_4_the_time_is_bounded_whatever_comes_slowly() {
    let sender = Sender::impatient().await;
    let slow_body = Https::slow_body(&of_length(60_000), SLOW);
    let silent = [
        Https::instead_of_handshake([Step::Stall]),
        Https::script([Step::Stall]),
        Https::script([Step::Send(b"HTTP/1.1 200 OK\r\nContent-".to_vec()), Step::Stall]),
        Https::half(ENFORCE, Step::Stall),
    ];
    for https in [Https::slow_header(), slow_body].into_iter().chain(silent) {
        let domain = sender.healthy();
        domain.https(https);
        let answer = sender.answer(&domain).await;
        assert_eq!(crate::setup::report(&answer).as_deref(), Some(TIMEOUT));
    }
}

#[tokio::test]
async fn fet_4_after_the_time_a_cached_policy_is_applied() {
    let sender = Sender::impatient().await;
    let slow_body = Https::slow_body(&of_length(60_000), SLOW);
    sender.https_fails(slow_body, TIMEOUT).await;
    sender
        .fails(
            |domain| {
                domain.route_https(Route::BlackHole);
            },
            TIMEOUT,
        )
        .await;
}

#[tokio::test]
async fn fet_4_slow_is_not_too_slow() {
    let sender = Sender::new().await;
    let each = Duration::from_millis(2);
    sender.https_fetches(Https::slow_body(ENFORCE, each)).await;
}

#[tokio::test]
async fn fet_6_a_connection_may_break_at_each_stage() {
    let sender = Sender::new().await;
    let resetting = Route::To(sender.world.https().resetting());
    let reset_at_accept = |domain: &Domain<'_>| {
        domain.route_https(resetting);
    };
    sender.fails(reset_at_accept, CONNECTION).await;
    for end in [Step::Reset, Step::Cut] {
        let half_a_header = Step::Send(b"HTTP/1.1 200 OK\r\nContent-Type: te".to_vec());
        for (https, failure) in [
            (Https::instead_of_handshake([end.clone()]), CONNECTION),
            (Https::script([end.clone()]), CONNECTION),
            (Https::script([half_a_header, end.clone()]), CONNECTION),
            // However a body ends too early, that is what counts.
            (Https::half(ENFORCE, end.clone()), INCOMPLETE),
        ] {
            sender.https_fails(https, failure).await;
        }
    }
}

#[tokio::test]
async fn fet_6_nothing_may_listen() {
    let sender = Sender::new().await;
    sender
        .fails(
            |domain| {
                domain.block_https();
            },
            CONNECTION,
        )
        .await;
}
