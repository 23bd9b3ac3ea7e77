//! The downgrade attacks of RFC 8461 §10.2: whoever can change DNS, or is on the way to
//! the policy host, can hide a policy from those who have never seen it, and from nobody
//! else (DIS-2).

use core::time::Duration;

use mta_sts::client::{Advice, Answer as Found};

use crate::setup::{Sender, report};
use crate::world::{Answer, Certificate, Domain, ENFORCE, Https, Route, Step};

/// How TXT is attacked.
fn strip(domain: &Domain<'_>, how: usize) {
    match how {
        0 => domain.strip_txt(),
        1 => domain.txt(&[]),
        2 => domain.txt_answer(Answer::ServFail),
        3 => domain.txt_answer(Answer::Refused),
        4 => domain.txt(&["v=STSv1; id=1;", "v=STSv1; id=evil;"]),
        5 => domain.txt(&["v=STSv1; id=evil!;"]),
        // A new `id`, to make us fetch what the attacker has blocked.
        _ => domain.txt(&["v=STSv1; id=evil;"]),
    };
}

/// How HTTPS is attacked.
fn block(domain: &Domain<'_>, how: usize) {
    let world = domain.world();
    match how {
        0 => domain.block_https(),
        1 => domain.route_https(Route::To(world.https().resetting())),
        2 => domain.https(Https::instead_of_handshake([Step::Reset])),
        3 => domain.https(forged().with_certificate(Certificate::SelfSigned)),
        4 => domain.https(forged().with_certificate(Certificate::UnknownIssuer)),
        5 => domain.https(forged().with_certificate(Certificate::For("evil.example".to_owned()))),
        6 => domain.addresses_to_nowhere(&[]),
        _ => domain.addresses_to_nowhere(&[[127, 0, 0, 1].into()]),
    };
}

const STRIPS: usize = 7;
const BLOCKS: usize = 8;

/// The policy that an attacker would have us believe.
fn forged() -> Https {
    Https::policy("version: STSv1\r\nmode: none\r\nmax_age: 31557600\r\n")
}

/// Mail goes nowhere but to the hosts of the policy.
#[track_caller]
fn is_protected(found: &Found, attack: &str) {
    assert_eq!(found.advice(), Advice::Enforce, "{attack}");
    let policy = found.policy().unwrap();
    assert_eq!(policy.as_str(), ENFORCE, "{attack}");
    assert!(policy.matching_mx("mx.evil.example").is_none(), "{attack}");
}

#[track_caller]
fn is_unprotected(found: &Found, attack: &str) {
    assert!(found.policy().is_none(), "{attack}");
    assert!(matches!(found.advice(), Advice::NoPolicy | Advice::Unknown), "{attack}");
}

#[tokio::test]
async fn dis_2_stripped_txt_hides_the_policy_before_first_contact_alone() {
    let sender = Sender::new().await;
    for how in 0..STRIPS - 1 {
        let attack = format!("TXT {how}");
        let domain = sender.healthy();
        strip(&domain, how);
        let found = sender.answer(&domain).await;
        is_unprotected(&found, &attack);
        assert_eq!(report(&found), None, "{attack}");

        let domain = sender.known().await;
        strip(&domain, how);
        let found = sender.answer(&domain).await;
        is_protected(&found, &attack);
        assert!(report(&found).is_some(), "{attack}");
    }
}

#[tokio::test]
async fn dis_2_blocked_https_hides_the_policy_before_first_contact_alone() {
    let sender = Sender::new().await;
    for how in 0..BLOCKS {
        let attack = format!("HTTPS {how}");
        let domain = sender.healthy();
        block(&domain, how);
        let found = sender.answer(&domain).await;
        is_unprotected(&found, &attack);
        assert!(report(&found).is_some(), "{attack}: the owner is told");

        // The record has not changed, so that nothing is asked of the policy host.
        let domain = sender.known().await;
        block(&domain, how);
        let found = sender.answer(&domain).await;
        is_protected(&found, &attack);
        assert_eq!(report(&found), None, "{attack}");
    }
}

#[tokio::test]
async fn dis_2_both_hide_the_policy_before_first_contact_alone() {
    let sender = Sender::new().await;
    for (strip_how, block_how) in (0..BLOCKS).map(|how| (how % STRIPS, how)).chain(
        // Where there is a new `id`, all that can be done to HTTPS.
        (0..BLOCKS).map(|how| (STRIPS - 1, how)),
    ) {
        let attack = format!("TXT {strip_how} and HTTPS {block_how}");
        let domain = sender.healthy();
        strip(&domain, strip_how);
        block(&domain, block_how);
        is_unprotected(&sender.answer(&domain).await, &attack);

        let domain = sender.known().await;
        strip(&domain, strip_how);
        block(&domain, block_how);
        let found = sender.answer(&domain).await;
        is_protected(&found, &attack);
        assert!(report(&found).is_some(), "{attack}");
    }
}

/// Until the policy expires; and when the attack is over, all is as before.
#[tokio::test]
async fn dis_2_protection_lasts_as_long_as_the_policy() {
    let sender = Sender::new().await;
    let domain = sender.known().await;
    strip(&domain, 0);
    block(&domain, 0);
    for _day in 0..7 {
        is_protected(&sender.answer(&domain).await, "both");
        assert!(sender.client.refresh(&crate::setup::policy_domain(&domain)).await.is_ok());
        sender.world.clock().advance(Duration::from_secs(86_400));
    }
    is_protected(&sender.answer(&domain).await, "the last second of the week");
    sender.world.clock().advance(Duration::from_secs(1));
    is_unprotected(&sender.answer(&domain).await, "the week is over");

    sender.world.clock().advance(Duration::from_secs(86_400));
    domain.sts("1", ENFORCE).route_https(Route::To(sender.world.https().address()));
    is_protected(&sender.answer(&domain).await, "the attack is over");
}

/// An attacker who holds DNS alone cannot forge a policy: it needs a certificate.
#[tokio::test]
async fn dis_2_no_forged_policy_takes_the_place_of_the_true_one() {
    let sender = Sender::new().await;
    for certificate in [
        Certificate::SelfSigned,
        Certificate::UnknownIssuer,
        Certificate::Expired,
        Certificate::For("mta-sts.evil.example".to_owned()),
    ] {
        let domain = sender.known().await;
        domain.txt(&["v=STSv1; id=evil;"]);
        domain.https(forged().with_certificate(certificate.clone()));
        is_protected(&sender.answer(&domain).await, &format!("{certificate:?}"));
        // Nor does it when we come back after the back-off.
        sender.world.clock().advance(Duration::from_secs(3_600));
        is_protected(&sender.answer(&domain).await, &format!("{certificate:?} again"));
    }
}
