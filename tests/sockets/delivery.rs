//! SND-1, SND-4 to SND-6, MX-4: what the policy of a domain means for its MX hosts, as the
//! STARTTLS probe meets them.

use mta_sts::client::{MxLookup as _, MxProbe as _, Prober};
use mta_sts::sts::apply::{Context, Delivery, Verdict};

use crate::setup::{PATIENT, Sender, dialer, resolver, verification};
use crate::world::{Certificate, Domain, ENFORCE, Https, Smtp, Step};

/// A host that [`ENFORCE`] lists.
const MX: &str = "mx.a.example";

/// A sender that looks at MX hosts, and delivers nothing.
struct Deliverer {
    sender: Sender,
    prober: Prober,
}

impl Deliverer {
    async fn new() -> Self {
        let sender = Sender::new().await;
        let world = &sender.world;
        let dialer = dialer(world, resolver(world, PATIENT));
        let name = "sender.example".parse().unwrap();
        let prober = Prober::new(dialer, verification(world), name);
        Self { sender, prober }
    }

    /// What is concluded for one MX host, by the policy that the client finds.
    async fn verdict(&self, domain: &Domain<'_>, mx: &str) -> Verdict {
        let answer = self.sender.answer(domain).await;
        let demand = Context::new(mx).with_policy(answer.policy()).demand();
        match demand.refusal() {
            Some(refusal) => refusal,
            None => demand.judge(&self.prober.probe(mx).await.outcome()),
        }
    }

    /// The same for all MX hosts in their order, up to the first that mail is delivered to.
    async fn attempt(&self, domain: &Domain<'_>) -> Vec<(String, Delivery)> {
        let resolver = resolver(&self.sender.world, PATIENT);
        let name = format!("{}.", domain.name());
        let mut hosts = resolver.mx(&name).await.unwrap().into_records();
        hosts.sort();
        let mut attempts = Vec::new();
        for host in hosts {
            let delivery = self.verdict(domain, &host.exchange).await.delivery();
            attempts.push((host.exchange, delivery));
            if delivery != Delivery::Skip {
                break;
            }
        }
        attempts
    }
}

/// Hosts to which no mail is to go, and why.
fn unsatisfying() -> [(Smtp, &'static str); 11] {
    let mismatch = "certificate-host-mismatch (certificate-host-mismatch)";
    let expired = "certificate-expired (certificate-expired)";
    [
        (Smtp::without_starttls(), "starttls-not-supported (starttls-not-offered)"),
        (Smtp::valid().refusing("554 5.7.0 no"), "starttls-not-supported (starttls-refused)"),
        (showing(Certificate::Expired), expired),
        (showing(Certificate::ExpiredAndUnknownIssuer), expired),
        (showing(Certificate::For("mail.example.net".to_owned())), mismatch),
        // Neither the recipient's domain nor the pattern is the identity (SND-4).
        (showing(Certificate::For("a.example".to_owned())), mismatch),
        (showing(Certificate::SelfSigned), "certificate-not-trusted (certificate-self-signed)"),
        (
            showing(Certificate::UnknownIssuer),
            "certificate-not-trusted (certificate-unknown-issuer)",
        ),
        (showing(Certificate::NotYetValid), "certificate-not-trusted (certificate-not-yet-valid)"),
        (Smtp::tls_1_1(), "validation-failure (tls-version)"),
        (Smtp::instead_of_handshake([Step::Reset]), "validation-failure (connection-failed)"),
    ]
}

fn showing(certificate: Certificate) -> Smtp {
    Smtp::with_certificate(certificate)
}

#[tokio::test]
async fn snd_1_enforce_skips_a_host_that_does_not_satisfy_the_policy() {
    let deliverer = Deliverer::new().await;
    let domain = deliverer.sender.healthy();
    for (smtp, failure) in unsatisfying() {
        domain.mx(MX, smtp);
        let verdict = deliverer.verdict(&domain, MX).await;
        assert_eq!(verdict.to_string(), format!("skip: {failure}, by MTA-STS"));
    }
    for valid in [Certificate::Valid, Certificate::Wildcard, Certificate::ExpiresSoon] {
        domain.mx(MX, showing(valid));
        assert_eq!(deliverer.verdict(&domain, MX).await.delivery(), Delivery::Deliver);
    }
}

#[tokio::test]
async fn snd_1_testing_delivers_and_reports() {
    let deliverer = Deliverer::new().await;
    let domain = deliverer.sender.healthy();
    domain.https(Https::policy(ENFORCE.replace("enforce", "testing")));
    for (smtp, failure) in unsatisfying() {
        domain.mx(MX, smtp);
        let verdict = deliverer.verdict(&domain, MX).await;
        assert_eq!(verdict.delivery(), Delivery::DeliverAndReport, "{failure}");
        let failures: Vec<_> = verdict.results().filter_map(|result| result.failure()).collect();
        assert_eq!(failures.len(), 1, "{failure}");
        assert_eq!(failures[0].to_string(), failure);
    }
}

/// SND-6.
#[tokio::test]
async fn snd_6_a_host_that_cannot_be_used_now_is_no_failure_of_the_policy() {
    let deliverer = Deliverer::new().await;
    let domain = deliverer.sender.healthy();
    for smtp in [
        Smtp::valid().greeting("421 4.3.2 not now"),
        Smtp::valid().greeting("554 5.7.1 go away"),
        Smtp::valid().ehlo("421 4.3.2 not now"),
        Smtp::valid().refusing("454 4.7.0 not now"),
        Smtp::instead_of_greeting([Step::Reset]),
    ] {
        domain.mx(MX, smtp.clone());
        let verdict = deliverer.verdict(&domain, MX).await;
        assert_eq!(verdict.delivery(), Delivery::Skip, "{smtp:?}");
        let failures = verdict.results().filter_map(|result| result.failure());
        assert_eq!(failures.count(), 0, "{smtp:?}");
    }
}

#[tokio::test]
async fn snd_5_injected_plaintext_is_no_tls() {
    let deliverer = Deliverer::new().await;
    let domain = deliverer.sender.healthy();
    domain.mx(MX, Smtp::injecting());
    assert_eq!(deliverer.verdict(&domain, MX).await.delivery(), Delivery::Skip);
    assert!(deliverer.sender.world.spoken(MX).handshakes.is_empty());
}

#[tokio::test]
async fn snd_5_a_host_that_is_not_listed_is_not_connected_to() {
    let deliverer = Deliverer::new().await;
    let domain = deliverer.sender.healthy();
    for mx in ["mx.evil.example", "a.example", "deep.mx.a.example"] {
        domain.mx(mx, Smtp::valid());
        let verdict = deliverer.verdict(&domain, mx).await;
        let skipped = "skip: validation-failure (mx-not-listed), by MTA-STS";
        assert_eq!(verdict.to_string(), skipped);
        assert_eq!(deliverer.sender.world.spoken(mx).connections, 0);
    }
}

#[tokio::test]
async fn snd_1_hosts_are_gone_through_in_their_order() {
    let deliverer = Deliverer::new().await;
    let (world, domain) = (&deliverer.sender.world, deliverer.sender.healthy());
    world.mx_host("evil.example", Smtp::valid());
    world.mx_host("old.a.example", Smtp::without_starttls());
    world.mx_host("new.a.example", Smtp::valid());
    world.mx_host("last.a.example", Smtp::valid());
    domain.mx_records(&[
        (5, "evil.example"),
        (10, "old.a.example"),
        (20, "new.a.example"),
        (30, "last.a.example"),
    ]);
    let attempts = [
        ("evil.example".to_owned(), Delivery::Skip),
        ("old.a.example".to_owned(), Delivery::Skip),
        ("new.a.example".to_owned(), Delivery::Deliver),
    ];
    assert_eq!(deliverer.attempt(&domain).await, attempts);
    assert_eq!(world.spoken("new.a.example").handshakes, [Some("new.a.example".to_owned())]);
}

/// RFC 8461 §10.2: who forges MX records and strips the TXT record gets no mail of those
/// who know the policy.
#[tokio::test]
async fn dis_2_forged_mx_records_are_of_no_use() {
    let deliverer = Deliverer::new().await;
    let domain = deliverer.sender.known().await;
    domain.strip_txt().block_https().mx("mx.evil.example", Smtp::valid());
    let attempts = [("mx.evil.example".to_owned(), Delivery::Skip)];
    assert_eq!(deliverer.attempt(&domain).await, attempts);

    let unknown = deliverer.sender.healthy();
    unknown.strip_txt().block_https().mx("mx.evil.example", Smtp::valid());
    let attempts = [("mx.evil.example".to_owned(), Delivery::Deliver)];
    assert_eq!(deliverer.attempt(&unknown).await, attempts);
}
