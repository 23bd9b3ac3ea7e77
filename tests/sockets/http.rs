//! FET-2, FET-3: what a policy host answers.

use crate::setup::Sender;
use crate::world::{ENFORCE, Https, Step, TEXT_PLAIN};

const REDIRECT: &str = "sts-policy-fetch-error (http-redirect)";
const STATUS: &str = "sts-policy-fetch-error (http-status)";
const CODING: &str = "sts-policy-fetch-error (http-content-encoding)";
const MEDIA_TYPE: &str = "sts-policy-fetch-error (http-media-type)";
const PROTOCOL: &str = "sts-policy-fetch-error (http-protocol)";

#[tokio::test]
async fn fet_2_no_redirect_is_followed() {
    let sender = Sender::new().await;
    // It leads to a policy of which there is nothing to say against.
    let target = sender.healthy();
    let location = format!("https://{}/.well-known/mta-sts.txt", target.policy_host());
    for status in [300, 301, 302, 303, 304, 305, 306, 307, 308] {
        sender.https_fails(Https::redirect(status, &location), REDIRECT).await;
    }
    assert_eq!(sender.world.https().asked(&target.policy_host()).handshakes, 0);
}

#[tokio::test]
async fn fet_2_only_status_200_counts() {
    let sender = Sender::new().await;
    for status in [201, 203, 204, 206, 400, 401, 403, 404, 410, 429, 500, 503] {
        sender.https_fails(Https::response(status, &[TEXT_PLAIN], ENFORCE), STATUS).await;
    }
}

#[tokio::test]
async fn fet_2_interim_responses_are_passed_over() {
    let sender = Sender::new().await;
    sender.https_fetches(Https::interim(ENFORCE)).await;
}

#[tokio::test]
async fn fet_2_no_content_coding_is_undone() {
    // ENFORCE is not in it: what says gzip is refused before it is looked at.
    let gzip = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3];
    let sender = Sender::new().await;
    for coding in ["gzip", "GZIP", "deflate", "br", "identity, gzip"] {
        let fields = [TEXT_PLAIN, ("Content-Encoding", coding)];
        sender.https_fails(Https::response(200, &fields, gzip), CODING).await;
    }
    let fields = [TEXT_PLAIN, ("Content-Encoding", "identity")];
    sender.https_fetches(Https::response(200, &fields, ENFORCE)).await;
}

#[tokio::test]
async fn fet_2_there_is_no_cache_and_no_cookie() {
    let sender = Sender::new().await;
    let domain = sender.healthy();
    let fields = [
        TEXT_PLAIN,
        ("Cache-Control", "public, max-age=86400, immutable"),
        ("ETag", "\"1\""),
        ("Last-Modified", "Thu, 31 Dec 2026 00:00:00 GMT"),
        ("Set-Cookie", "session=1; Secure; Path=/"),
        ("Alt-Svc", "h3=\":443\"; ma=86400"),
    ];
    domain.https(Https::response(200, &fields, ENFORCE));
    sender.answer(&domain).await;
    domain.txt(&["v=STSv1; id=2;"]);
    let answer = sender.answer(&domain).await;
    assert_eq!(answer.cached().unwrap().id().as_str(), "2");
    let asked = sender.world.https().asked(&domain.policy_host());
    assert_eq!((asked.handshakes, asked.requests), (2, 2), "one GET a connection");
    let request = asked.last_request.to_ascii_lowercase();
    for absent in ["\r\ncookie:", "\r\nif-", "\r\nreferer:", "\r\nauthorization:"] {
        assert!(!request.contains(absent), "{request}");
    }
}

#[tokio::test]
async fn fet_3_media_type_is_text_plain() {
    let sender = Sender::new().await;
    for media_type in ["text/plain", "text/plain; charset=utf-8", "TEXT/Plain;format=flowed"] {
        let https = Https::media_type(ENFORCE, Some(media_type));
        sender.https_fetches(https).await;
    }
    for media_type in [
        Some("text/html"),
        Some("text/plainer"),
        Some("text"),
        Some("application/octet-stream"),
        Some("multipart/mixed; boundary=text/plain"),
        Some(""),
        None,
    ] {
        let https = Https::media_type(ENFORCE, media_type);
        sender.https_fails(https, MEDIA_TYPE).await;
    }
}

#[tokio::test]
async fn fet_6_what_is_not_http_is_told_apart() {
    let sender = Sender::new().await;
    for bytes in [
        "220 mail.example ESMTP\r\n",
        "SSH-2.0-OpenSSH_9.2\r\n",
        "HTTP/1.1 two hundred\r\n\r\n",
        "version: STSv1\r\nmode: none\r\nmax_age: 1\r\n",
        "HTTP/1.1 200 OK\r\nContent-Type text/plain\r\n\r\n",
    ] {
        let https = Https::script([Step::Send(bytes.into())]);
        sender.https_fails(https, PROTOCOL).await;
    }
}

#[tokio::test]
async fn fet_6_what_is_no_policy_is_told_apart() {
    let sender = Sender::new().await;
    for (body, reason) in [
        ("", "policy-missing-field"),
        ("version: STSv2\r\nmode: none\r\nmax_age: 1\r\n", "policy-version"),
        ("version: STSv1\r\nmode: enforced\r\nmx: a\r\nmax_age: 1\r\n", "policy-mode"),
        ("version: STSv1\r\nmode: enforce\r\nmx: a\r\nmax_age: -1\r\n", "policy-max-age"),
        ("version: STSv1\r\nmode: enforce\r\nmx: a.\r\nmax_age: 1\r\n", "policy-mx"),
        ("version: STSv1\r\nmode: enforce\r\nmax_age: 1\r\n", "policy-missing-field"),
        ("<!doctype html>\r\n", "policy-syntax"),
    ] {
        let failure = format!("sts-policy-invalid ({reason})");
        sender.https_fails(Https::policy(body), &failure).await;
    }
    let latin_1 = [ENFORCE.as_bytes(), b"note: caf\xe9\r\n"].concat();
    let failure = "sts-policy-invalid (policy-not-text)";
    sender.https_fails(Https::policy(&latin_1), failure).await;
    // White space is forgiven.
    let untidy = format!("\u{feff}\r\n{}\r\n", ENFORCE.replace("mode", " mode"));
    sender.https_fetches(Https::policy(&untidy)).await;
}
