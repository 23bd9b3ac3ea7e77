//! The STARTTLS probe against scripted SMTP servers on loopback: every way in which a host
//! can answer, stall, lie or break off (SND-1, SND-4, SND-5, RPT-6, FET-7).

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test may panic"
)]

#[path = "support/pki.rs"]
mod pki;

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use core::time::Duration;
use std::io;
use std::sync::Arc;

use mta_sts::client::{
    AddressLookup, BoxFuture, Connect, DialFailure, Dialer, Lookup, MAX_REPLY_LINE_LEN,
    MAX_REPLY_LINES, MxProbe as _, ProbeLimits, ProbeTrouble, Probed, Prober, ReplyError,
    TlsProtocol,
};
use mta_sts::sts::Policy;
use mta_sts::sts::apply::{Checked, Context, Delivery, Session, TlsOutcome, TlsVersion};
use mta_sts::txt::DnsFailure;
use mta_sts::verifier::Verification;
use pki::{Fault, MX, Pki};
use rustls::ServerConfig;
use rustls::version::{TLS12, TLS13};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

// The servers.

enum Step {
    /// Sends this.
    Say(Vec<u8>),
    /// Reads a line.
    Hear,
    /// Reads a TLS record, whatever is in it.
    HearRecord,
    /// Does the handshake; what follows is inside.
    Tls(Arc<ServerConfig>),
    /// Sends one octet every few milliseconds until the client has enough.
    Drip(u8),
    /// Sends this again and again until the client has enough.
    Repeat(&'static [u8]),
    /// Tells that the script has come to here.
    Tell(oneshot::Sender<()>),
    /// Waits until the client closes.
    Hold,
}

use Step::{Hear, Hold};

fn say(text: impl AsRef<[u8]>) -> Step {
    Step::Say(text.as_ref().to_vec())
}

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// Plays the script for one connection and tells which lines it has heard.
async fn play(stream: TcpStream, script: Vec<Step>) -> (Vec<String>, io::Result<()>) {
    let mut heard = Vec::new();
    let ended = steps(Box::new(stream), script, &mut heard).await;
    (heard, ended)
}

async fn steps(
    mut stream: Box<dyn Stream>,
    script: Vec<Step>,
    heard: &mut Vec<String>,
) -> io::Result<()> {
    for step in script {
        match step {
            Step::Say(octets) => {
                stream.write_all(&octets).await?;
                stream.flush().await?;
            }
            Hear => heard.push(line(&mut stream).await?),
            Step::HearRecord => {
                let mut head = [0; 5];
                stream.read_exact(&mut head).await?;
                let len = usize::from(head[3]) * 256 + usize::from(head[4]);
                stream.read_exact(&mut vec![0; len]).await?;
            }
            Step::Tls(config) => stream = Box::new(TlsAcceptor::from(config).accept(stream).await?),
            Step::Drip(octet) => loop {
                stream.write_all(&[octet]).await?;
                stream.flush().await?;
                tokio::time::sleep(Duration::from_millis(5)).await;
            },
            Step::Repeat(octets) => loop {
                stream.write_all(octets).await?;
            },
            Step::Tell(tell) => tell.send(()).unwrap(),
            Hold => {
                let _ = stream.read_to_end(&mut Vec::new()).await;
            }
        }
    }
    Ok(())
}

async fn line(stream: &mut Box<dyn Stream>) -> io::Result<String> {
    let mut line = Vec::new();
    while !line.ends_with(b"\r\n") {
        line.push(stream.read_u8().await?);
    }
    line.truncate(line.len() - 2);
    Ok(String::from_utf8(line).unwrap())
}

/// A server on this loopback address that plays the script once.
async fn serve(
    on: IpAddr,
    script: Vec<Step>,
) -> (SocketAddr, JoinHandle<(Vec<String>, io::Result<()>)>) {
    let listener = TcpListener::bind((on, 0)).await.unwrap();
    let at = listener.local_addr().unwrap();
    let server = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        play(stream, script).await
    });
    (at, server)
}

// The way there: a host with public addresses, which are mapped to the server.

const V4: IpAddr = IpAddr::V4(Ipv4Addr::new(198, 41, 0, 4));
const V6: IpAddr = IpAddr::V6(Ipv6Addr::new(0x2001, 0x503, 0xba3e, 0, 0, 0, 2, 0x30));
const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

struct Addresses(Vec<IpAddr>);

impl AddressLookup for Addresses {
    fn addresses<'a>(&'a self, host: &'a str) -> BoxFuture<'a, Result<Lookup<IpAddr>, DnsFailure>> {
        assert!(host.ends_with('.'));
        Box::pin(async { Ok(Lookup::found(self.0.clone())) })
    }
}

/// To the server if it is the one address, and nowhere else.
struct Mapped {
    from: SocketAddr,
    to: SocketAddr,
}

impl Connect for Mapped {
    fn connect<'a>(
        &'a self,
        _host: &'a str,
        address: SocketAddr,
    ) -> BoxFuture<'a, io::Result<TcpStream>> {
        Box::pin(async move {
            if address != self.from {
                return Err(io::ErrorKind::ConnectionRefused.into());
            }
            TcpStream::connect(self.to).await
        })
    }
}

fn prober(pki: &Pki, addresses: &[IpAddr], to: SocketAddr) -> Prober {
    let public = addresses.last().copied().unwrap_or(V4);
    let mapped = Mapped { from: SocketAddr::new(public, 25), to };
    let dialer =
        Dialer::new(Arc::new(Addresses(addresses.to_vec()))).with_connector(Arc::new(mapped));
    let verification = Verification::new(pki::provider(), pki.roots()).with_clock(pki::clock());
    Prober::new(dialer, verification, "probe.example.net".parse().unwrap())
}

/// What is told of a host that plays the script, and what that has heard.
async fn probed(script: Vec<Step>) -> (Probed, Vec<String>) {
    let (to, server) = serve(LOOPBACK, script).await;
    let probed = prober(&Pki::new(), &[V4], to).probe(MX).await;
    (probed, server.await.unwrap().0)
}

/// The same with limits that are soon over.
async fn probed_in_haste(script: Vec<Step>) -> Probed {
    let (to, server) = serve(LOOPBACK, script).await;
    let limits = ProbeLimits::default()
        .with_each(Duration::from_millis(300))
        .with_quit(Duration::from_millis(300));
    let probed = prober(&Pki::new(), &[V4], to).with_limits(limits).probe(MX).await;
    // The client has closed, else this would not end.
    let _ = server.await.unwrap();
    probed
}

fn shown(probed: &Probed) -> String {
    match probed.outcome() {
        TlsOutcome::HandshakeFailed(failure) => failure.to_string(),
        other => format!("{other:?}"),
    }
}

/// A script up to and with the EHLO that is answered with these lines.
fn ehlo(lines: &[&str]) -> Vec<Step> {
    vec![say("220 mx.example.com ESMTP\r\n"), Hear, say(lines.join("\r\n") + "\r\n")]
}

const OFFERED: &[&str] = &["250-mx.example.com", "250-SIZE 10240000", "250 STARTTLS"];

/// A script up to and with STARTTLS that is answered with this.
fn starttls(answer: &str) -> Vec<Step> {
    let mut script = ehlo(OFFERED);
    script.extend([Hear, say(answer)]);
    script
}

fn and(mut script: Vec<Step>, more: impl IntoIterator<Item = Step>) -> Vec<Step> {
    script.extend(more);
    script
}

const GO: &str = "220 2.0.0 go\r\n";

#[tokio::test]
async fn snd_4_a_healthy_host_by_ipv4_and_ipv6() {
    let pki = Pki::new();
    for (public, loopback) in [(V4, LOOPBACK), (V6, Ipv6Addr::LOCALHOST.into())] {
        for (version, named) in [(&TLS12, TlsProtocol::Tls12), (&TLS13, TlsProtocol::Tls13)] {
            let config = pki.server(Fault::None, &[version]);
            let script =
                and(starttls(GO), [Step::Tls(config), Hear, say("221 2.0.0 bye\r\n"), Hold]);
            let (to, server) = serve(loopback, script).await;
            let probed = prober(&pki, &[public], to).probe(MX).await;

            let session = Session::new(TlsVersion::Tls12OrLater).with_webpki(Checked::Valid);
            assert_eq!(probed.outcome(), TlsOutcome::Established(session));
            assert_eq!(probed.evidence().address(), Some(SocketAddr::new(public, 25)));
            assert_eq!(probed.evidence().version(), Some(named));
            assert_eq!(probed.evidence().chain().len(), 1);
            assert_eq!(probed.evidence().certificate_failure(), None);
            assert_eq!(probed.greeting(), Some("mx.example.com ESMTP"));
            assert_eq!(probed.ehlo(), ["mx.example.com", "SIZE 10240000", "STARTTLS"]);
            assert_eq!(probed.extensions(), ["SIZE 10240000", "STARTTLS"]);
            assert_eq!((probed.refusal(), probed.trouble()), (None, None));
            let (heard, ended) = server.await.unwrap();
            assert_eq!(heard, ["EHLO probe.example.net", "STARTTLS", "QUIT"]);
            ended.unwrap();
        }
    }
}

#[tokio::test]
async fn snd_5_a_refusal_at_each_stage_has_its_outcome() {
    let refused = |script, text: &'static str| and(script, [say(text), Hear, say("221 bye\r\n")]);
    let to_ehlo = || vec![say("220 mx\r\n"), Hear];
    let to_starttls = || and(ehlo(OFFERED), [Hear]);
    for (script, text, outcome) in [
        (vec![], "421 4.3.2 later\r\n", TlsOutcome::Deferred),
        (vec![], "450-a\r\n450 b\r\n", TlsOutcome::Deferred),
        (vec![], "554 5.7.1 no\r\n", TlsOutcome::Unreachable),
        (to_ehlo(), "421 4.3.2 later\r\n", TlsOutcome::Deferred),
        (to_ehlo(), "502 5.5.1 what?\r\n", TlsOutcome::NotOffered),
        (to_ehlo(), "550 5.7.1 no\r\n", TlsOutcome::NotOffered),
        (to_starttls(), "454 4.7.0 no key\r\n", TlsOutcome::StartTlsDeferred),
        (to_starttls(), "421 4.3.2 later\r\n", TlsOutcome::StartTlsDeferred),
        (to_starttls(), "501 5.5.4 no\r\n", TlsOutcome::Refused),
        (to_starttls(), "502 5.5.1 what?\r\n", TlsOutcome::Refused),
        (to_starttls(), "503 5.5.1 not now\r\n", TlsOutcome::Refused),
        (to_starttls(), "554 5.7.0 no\r\n", TlsOutcome::Refused),
    ] {
        let (probed, heard) = probed(refused(script, text)).await;
        assert_eq!(probed.outcome(), outcome, "{text}");
        let expected = text.replace("\r\n450 ", "\n").replace("450-", "450 ");
        assert_eq!(probed.refusal(), Some(expected.trim_end()));
        assert_eq!(probed.trouble(), None);
        assert_eq!(heard.last().unwrap(), "QUIT");
    }
}

#[tokio::test]
async fn snd_5_starttls_is_an_extension_of_its_own_line() {
    for (lines, offered) in [
        (&["250-mx", "250 STARTTLS"][..], true),
        (&["250-mx", "250-starttls", "250 8BITMIME"], true),
        (&["250-mx", "250 STARTTLS required=no"], true),
        (&["250 mx"], false),
        (&["250-mx", "250 SIZE"], false),
        (&["250-STARTTLS", "250 SIZE"], false),
        (&["250-mx", "250 SIZE STARTTLS"], false),
        (&["250-mx", "250 STARTTLSX"], false),
    ] {
        let (probed, heard) =
            probed(and(ehlo(lines), [Hear, say("502 no\r\n"), Hear, say("221 bye\r\n")])).await;
        let outcome = if offered { TlsOutcome::Refused } else { TlsOutcome::NotOffered };
        assert_eq!(probed.outcome(), outcome, "{lines:?}");
        assert_eq!(heard[1], if offered { "STARTTLS" } else { "QUIT" });
        assert_eq!(probed.extensions().len(), lines.len() - 1);
    }
}

#[tokio::test]
async fn snd_5_a_greeting_may_have_lines_and_come_in_pieces() {
    let script = vec![
        say("220-mx.exam"),
        say("ple.com\r"),
        say("\n220-caf\u{e9} \x1b[31m\r\n220"),
        say(" no spam\r\n"),
        Hear,
        say("250 mx\r\n"),
        Hear,
        say("221 bye\r\n"),
    ];
    let (probed, _) = probed(script).await;
    assert_eq!(probed.outcome(), TlsOutcome::NotOffered);
    assert_eq!(probed.greeting(), Some("mx.example.com\ncafé \x1b[31m\nno spam"));
}

/// Before STARTTLS was sent that is a host that cannot be reached, afterwards TLS that was
/// offered and did not come.
#[tokio::test]
async fn rpt_6_what_is_no_reply_ends_the_probe() {
    let syntax = ProbeTrouble::Reply(ReplyError::Syntax);
    let long = "250 ".to_owned() + &"x".repeat(MAX_REPLY_LINE_LEN) + "\r\n";
    for (octets, trouble) in [
        (&b"220 bare LF\n"[..], syntax),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", syntax),
        (b"\x00\xff\xfe\x80\n\n\n", syntax),
        (b"220-a\r\n250 b\r\n", ProbeTrouble::Reply(ReplyError::Codes)),
        (long.as_bytes(), ProbeTrouble::Reply(ReplyError::LineTooLong)),
        (b"354 go on\r\n", ProbeTrouble::Code(354)),
        (b"251 ok\r\n", ProbeTrouble::Code(251)),
    ] {
        for (script, outcome) in [
            (vec![], "Unreachable"),
            (vec![say("220 mx\r\n"), Hear], "Unreachable"),
            (and(ehlo(OFFERED), [Hear]), "validation-failure (smtp-protocol)"),
        ] {
            let (probed, _) = probed(and(script, [say(octets), Hold])).await;
            assert_eq!(shown(&probed), outcome, "{octets:?}");
            assert_eq!(probed.trouble(), Some(trouble));
        }
    }
}

#[tokio::test]
async fn rpt_6_an_endless_reply_is_cut_off() {
    for (octets, error) in [
        (&b"220-mx\r\n"[..], ReplyError::TooManyLines),
        (b"220 mx ", ReplyError::LineTooLong),
        (b"\0", ReplyError::LineTooLong),
    ] {
        for (script, outcome) in [
            (vec![], "Unreachable"),
            (and(ehlo(OFFERED), [Hear]), "validation-failure (smtp-protocol)"),
        ] {
            let (probed, _) = probed(and(script, [Step::Repeat(octets)])).await;
            assert_eq!(shown(&probed), outcome);
            assert_eq!(probed.trouble(), Some(ProbeTrouble::Reply(error)));
        }
    }
    assert_eq!(MAX_REPLY_LINES, 128);
}

#[tokio::test]
async fn rpt_6_a_host_that_closes_is_told_by_its_stage() {
    const BROKEN: &str = "validation-failure (connection-failed)";
    for (script, outcome) in [
        (vec![], "Unreachable"),
        (vec![say("220 half")], "Unreachable"),
        (vec![say("220 mx\r\n"), Hear], "Unreachable"),
        (vec![say("220 mx\r\n"), Hear, say("250-mx\r\n")], "Unreachable"),
        (and(ehlo(OFFERED), [Hear]), BROKEN),
        (and(ehlo(OFFERED), [Hear, say("220")]), BROKEN),
        (and(starttls(GO), [Step::HearRecord]), BROKEN),
    ] {
        let (probed, _) = probed(script).await;
        assert_eq!(shown(&probed), outcome);
    }
}

#[tokio::test]
async fn rpt_6_a_host_that_stalls_is_left_in_time() {
    const LATE: &str = "validation-failure (timeout)";
    let timeout = Some(ProbeTrouble::Timeout);
    for (script, outcome, trouble) in [
        (vec![Hold], "Unreachable", timeout),
        (vec![Step::Drip(b'2')], "Unreachable", timeout),
        (vec![say("220-mx\r\n"), Hold], "Unreachable", timeout),
        (vec![say("220 mx\r\n"), Hold], "Unreachable", timeout),
        (vec![say("220 mx\r\n"), Hear, say("250-mx"), Step::Drip(b'x')], "Unreachable", timeout),
        (and(ehlo(OFFERED), [Hold]), LATE, timeout),
        (and(starttls(GO), [Hold]), LATE, None),
        // A record of a handshake that is to come.
        (
            and(starttls(GO), [Step::HearRecord, say(b"\x16\x03\x03\x3f\xff"), Step::Drip(2)]),
            LATE,
            None,
        ),
        // The outcome is known, and the goodbye does not matter.
        (and(ehlo(&["250 mx"]), [Hold]), "NotOffered", None),
        (and(ehlo(&["250 mx"]), [Hear, Step::Drip(b'2')]), "NotOffered", None),
    ] {
        let probed = probed_in_haste(script).await;
        assert_eq!((shown(&probed).as_str(), probed.trouble()), (outcome, trouble));
    }
}

#[tokio::test]
async fn rpt_6_no_limit_can_be_switched_off() {
    let longest = ProbeLimits::default()
        .with_each(Duration::MAX)
        .with_quit(Duration::MAX)
        .with_total(Duration::MAX);
    assert_eq!(longest.each(), ProbeLimits::MAX_TIME);
    let (to, server) = serve(LOOPBACK, and(ehlo(&["250 mx"]), [Hear, say("221 bye\r\n")])).await;
    let probed = prober(&Pki::new(), &[V4], to).with_limits(longest).probe(MX).await;
    assert_eq!((probed.outcome(), probed.trouble()), (TlsOutcome::NotOffered, None));
    let _ = server.await.unwrap();
}

#[tokio::test]
async fn snd_5_plain_text_behind_the_answer_to_starttls_is_an_attack() {
    let pki = Pki::new();
    for injected in ["250 mx\r\n", "x", "\r\n", "250-mx\r\n250 AUTH PLAIN\r\n", "\x16\x03\x03"] {
        let config = pki.server(Fault::None, &[&TLS13]);
        let script = and(starttls(&format!("{GO}{injected}")), [Step::Tls(config), Hold]);
        let (probed, heard) = probed(script).await;
        assert_eq!(shown(&probed), "validation-failure (starttls-injection)");
        assert_eq!(probed.trouble(), Some(ProbeTrouble::Injection));
        // No handshake was begun, and nothing that was put in is taken for what it says.
        assert!(probed.evidence().chain().is_empty());
        assert_eq!(probed.extensions(), ["SIZE 10240000", "STARTTLS"]);
        assert_eq!(heard, ["EHLO probe.example.net", "STARTTLS"]);
    }
}

#[tokio::test]
async fn snd_5_plain_text_that_comes_later_fails_in_the_handshake() {
    let script = and(starttls(GO), [Step::HearRecord, say("250-mx\r\n250 AUTH\r\n"), Hold]);
    let (probed, _) = probed(script).await;
    assert_eq!(shown(&probed), "validation-failure (tls-handshake)");
    assert_eq!(probed.extensions(), ["SIZE 10240000", "STARTTLS"]);
}

#[tokio::test]
async fn snd_5_an_answer_that_comes_unasked_is_none() {
    for script in [
        vec![say("220 mx\r\n250-mx\r\n250 STARTTLS\r\n"), Hold],
        vec![say("220 mx\r\n"), Hear, say("250-mx\r\n250 STARTTLS\r\n220 go\r\n"), Hold],
    ] {
        let (probed, _) = probed(script).await;
        assert_eq!(probed.outcome(), TlsOutcome::Unreachable);
        assert_eq!(probed.trouble(), Some(ProbeTrouble::Reply(ReplyError::Unasked)));
    }
}

#[tokio::test]
async fn snd_4_what_is_wrong_with_the_certificate_is_recorded() {
    let pki = Pki::new();
    let body = format!("version: STSv1\nmode: enforce\nmx: {MX}\nmax_age: 604800\n");
    let policy: Policy = body.parse().unwrap();
    let demand = Context::new(MX).with_policy(&policy).demand();
    for (fault, reason) in [
        (Fault::Expired, "certificate-expired (certificate-expired)"),
        (Fault::NotYetValid, "certificate-not-trusted (certificate-not-yet-valid)"),
        (Fault::WrongName, "certificate-host-mismatch (certificate-host-mismatch)"),
        (Fault::SelfSigned, "certificate-not-trusted (certificate-self-signed)"),
        (Fault::UnknownIssuer, "certificate-not-trusted (certificate-unknown-issuer)"),
        (Fault::ExpiredAndUnknownIssuer, "certificate-expired (certificate-expired)"),
        (Fault::ForClients, "certificate-not-trusted (certificate-purpose)"),
        (Fault::TooManyCertificates, "certificate-not-trusted (certificate-malformed)"),
    ] {
        let config = pki.server(fault, &[&TLS12, &TLS13]);
        let script = and(starttls(GO), [Step::Tls(config), Hear, say("221 bye\r\n")]);
        let (to, server) = serve(LOOPBACK, script).await;
        let probed = prober(&pki, &[V4], to).probe(MX).await;
        assert_eq!(server.await.unwrap().0.last().unwrap(), "QUIT");
        assert!(matches!(probed.outcome(), TlsOutcome::Established(_)), "{fault:?}");
        let failure = probed.evidence().certificate_failure().unwrap();
        assert_eq!(failure.failure().to_string(), reason);
        assert!(!probed.evidence().chain().is_empty());
        let verdict = demand.judge(&probed.outcome());
        assert_eq!(verdict.delivery(), Delivery::Skip);
        assert_eq!(verdict.to_string(), format!("skip: {reason}, by MTA-STS"));
    }
}

#[tokio::test]
async fn snd_4_a_host_without_the_key_has_no_session() {
    let pki = Pki::new();
    let config = pki.server(Fault::WithoutItsKey, &[&TLS12, &TLS13]);
    let (to, _) = serve(LOOPBACK, and(starttls(GO), [Step::Tls(config)])).await;
    let probed = prober(&pki, &[V4], to).probe(MX).await;
    assert_eq!(shown(&probed), "validation-failure (tls-handshake)");
    assert_eq!((probed.evidence().version(), probed.evidence().chain().len()), (None, 1));
}

#[tokio::test]
async fn snd_4_older_versions_of_tls_are_told() {
    // ServerHello of TLS 1.1: version, random, no session id, a suite, no compression.
    let mut hello = b"\x16\x03\x02\x00\x2a\x02\x00\x00\x26\x03\x02".to_vec();
    hello.extend([7; 32]);
    hello.extend(b"\x00\xc0\x13\x00");
    let alert = b"\x15\x03\x02\x00\x02\x02\x46";
    for answer in [&hello[..], alert] {
        let script = and(starttls(GO), [Step::HearRecord, say(answer), Hold]);
        let (probed, _) = probed(script).await;
        assert_eq!(shown(&probed), "validation-failure (tls-version)");
    }
}

#[tokio::test]
async fn rpt_6_alerts_of_the_host_are_told() {
    for (alert, reason) in
        [(40, "tls-no-common-parameters"), (112, "tls-unrecognized-name"), (80, "tls-alert")]
    {
        let octets = [0x15, 3, 3, 0, 2, 2, alert];
        let (probed, _) = probed(and(starttls(GO), [Step::HearRecord, say(octets), Hold])).await;
        assert_eq!(shown(&probed), format!("validation-failure ({reason})"));
    }
}

#[tokio::test]
async fn fet_7_no_address_is_connected_to_that_remote_data_may_not_name() {
    let (to, _server) = serve(LOOPBACK, vec![]).await;
    let pki = Pki::new();
    for address in ["127.0.0.1", "10.0.0.1", "::1", "::ffff:10.0.0.1"] {
        let probed = prober(&pki, &[address.parse().unwrap()], to).probe(MX).await;
        assert_eq!(probed.outcome(), TlsOutcome::Unreachable);
        assert_eq!(probed.trouble(), Some(ProbeTrouble::Dial(DialFailure::NotPermitted)));
        assert_eq!(probed.evidence().address(), None);
    }
    let probed = prober(&pki, &[], to).probe(MX).await;
    assert_eq!(probed.trouble(), Some(ProbeTrouble::Dial(DialFailure::NoAddress)));
    for host in ["", "192.0.2.1", "a b", "mx.example.com\r\n"] {
        let probed = prober(&pki, &[V4], to).probe(host).await;
        assert_eq!(probed.trouble(), Some(ProbeTrouble::NoDnsName), "{host}");
        assert_eq!(probed.outcome(), TlsOutcome::Unreachable);
    }
}

#[tokio::test]
async fn snd_5_the_first_address_that_connects_is_probed() {
    let (to, _server) = serve(LOOPBACK, ehlo(&["250 mx"])).await;
    // Nobody is at the first.
    let probed = prober(&Pki::new(), &[V6, V4], to).probe(MX).await;
    assert_eq!(probed.evidence().address(), Some(SocketAddr::new(V4, 25)));
    assert_eq!(probed.outcome(), TlsOutcome::NotOffered);
}

#[tokio::test]
async fn snd_5_a_probe_that_is_dropped_closes_its_connection() {
    let (tell, told) = oneshot::channel();
    let (to, server) = serve(LOOPBACK, vec![say("220 mx\r\n"), Hear, Step::Tell(tell), Hold]).await;
    let prober = prober(&Pki::new(), &[V4], to);
    tokio::select! {
        _ = prober.probe(MX) => panic!("the host has not answered"),
        told = told => told.unwrap(),
    }
    // Holds until the connection is closed.
    let (heard, ended) = server.await.unwrap();
    assert_eq!(heard, ["EHLO probe.example.net"]);
    ended.unwrap();
}
