//! The world that other tests run in is what it says: its servers are talked to here by
//! the bare libraries, not by this crate.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test may panic"
)]

#[path = "world/mod.rs"]
mod world;

use core::net::{IpAddr, SocketAddr};
use core::time::Duration;
use std::collections::BTreeSet;
use std::io;
use std::sync::Arc;

use hickory_proto::op::{DnsResponse, ResponseCode};
use hickory_proto::rr::{RData, RecordType};
use hickory_resolver::config::{
    ConnectionConfig, NameServerConfig, ResolveHosts, ResolverConfig, ResolverOpts,
};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::{Resolver, TokioResolver};
use mta_sts::client::Connect as _;
use rustls::crypto::ring;
use rustls::pki_types::ServerName;
use rustls::{CertificateError, ClientConfig, Error, RootCertStore};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use world::{Answer, Certificate, ENFORCE, Https, Route, Smtp, Step, World};

const A: &str = "a.example";
const POLICY_HOST: &str = "mta-sts.a.example";
const MX: &str = "mx.a.example";

// DNS.

fn resolver(world: &World) -> TokioResolver {
    let address = world.dns_address();
    let mut connections = vec![ConnectionConfig::udp(), ConnectionConfig::tcp()];
    for connection in &mut connections {
        connection.port = address.port();
    }
    let server = NameServerConfig::new(address.ip(), true, connections);
    let config = ResolverConfig::from_parts(None, vec![], vec![server]);
    let mut options = ResolverOpts::default();
    options.timeout = Duration::from_millis(300);
    options.attempts = 1;
    options.cache_size = 0;
    options.use_hosts_file = ResolveHosts::Never;
    let builder = Resolver::builder_with_config(config, TokioRuntimeProvider::default());
    builder.with_options(options).build().unwrap()
}

async fn txt(world: &World, name: &str) -> Result<Vec<Vec<Vec<u8>>>, NetError> {
    let found = resolver(world).lookup(format!("{name}."), RecordType::TXT).await?;
    let strings = |rdata: &RData| match rdata {
        RData::TXT(txt) => Some(txt.txt_data.iter().map(|string| string.to_vec()).collect()),
        _ => None,
    };
    Ok(found.answers().iter().filter_map(|record| strings(&record.data)).collect())
}

fn code(error: NetError) -> ResponseCode {
    match error {
        NetError::Dns(DnsError::NoRecordsFound(none)) => none.response_code,
        NetError::Dns(DnsError::ResponseCode(code)) => code,
        _ => panic!("{error}"),
    }
}

#[tokio::test]
async fn txt_records_are_any_bytes_in_several_strings() {
    let world = World::start().await;
    let records: [&[&[u8]]; 2] = [&[b"v=STSv1;", b" id=1;"], &[b"\xff\0"]];
    world.dns().set_txt("_mta-sts.a.example", &records);
    let found = txt(&world, "_mta-sts.A.example").await.unwrap();
    assert_eq!(found, [vec![b"v=STSv1;".to_vec(), b" id=1;".to_vec()], vec![vec![0xff, 0]]]);
    assert_eq!(world.dns().queries("_mta-sts.a.example", RecordType::TXT), 1);
    assert_eq!(world.dns().queries("_mta-sts.a.example", RecordType::A), 0);
}

#[tokio::test]
async fn a_hundred_records_come_over_tcp() {
    let world = World::start().await;
    let records: Vec<String> = (0..100).map(|n| format!("record {n} {}", "x".repeat(60))).collect();
    let records: Vec<&str> = records.iter().map(String::as_str).collect();
    world.domain(A).txt(&records);
    assert_eq!(txt(&world, "_mta-sts.a.example").await.unwrap().len(), 100);
    assert_eq!(world.dns().queries("_mta-sts.a.example", RecordType::TXT), 2, "UDP, then TCP");
}

#[tokio::test]
async fn what_is_not_there_is_told_apart() {
    let world = World::start().await;
    let domain = world.domain(A);
    domain.txt(&["v=STSv1; id=1;"]);
    assert_eq!(code(txt(&world, A).await.unwrap_err()), ResponseCode::NoError, "a name below");
    assert_eq!(code(txt(&world, "b.example").await.unwrap_err()), ResponseCode::NXDomain);
    domain.txt(&[]);
    let nodata = txt(&world, "_mta-sts.a.example").await.unwrap_err();
    assert_eq!(code(nodata), ResponseCode::NoError);
    domain.strip_txt();
    let nxdomain = txt(&world, "_mta-sts.a.example").await.unwrap_err();
    assert_eq!(code(nxdomain), ResponseCode::NXDomain);
}

#[tokio::test]
async fn dns_fails_as_it_is_told() {
    let world = World::start().await;
    let domain = world.domain(A);
    domain.txt(&["v=STSv1; id=1;"]);
    for (answer, expected) in
        [(Answer::ServFail, ResponseCode::ServFail), (Answer::Refused, ResponseCode::Refused)]
    {
        domain.txt_answer(answer);
        let error = txt(&world, "_mta-sts.a.example").await.unwrap_err();
        assert_eq!(code(error), expected);
    }
    domain.txt_answer(Answer::Silence);
    let error = txt(&world, "_mta-sts.a.example").await.unwrap_err();
    assert!(matches!(error, NetError::Timeout), "{error}");
    domain.txt_answer(Answer::OnlyOverTcp);
    assert_eq!(txt(&world, "_mta-sts.a.example").await.unwrap().len(), 1);
}

async fn message(world: &World, name: &str) -> DnsResponse {
    let found = resolver(world).lookup(format!("{name}."), RecordType::TXT).await.unwrap();
    DnsResponse::from_message(found.message().clone()).unwrap()
}

#[tokio::test]
async fn aliases_are_followed_and_loops_end() {
    let world = World::start().await;
    let dns = world.dns();
    dns.set_cname("one.example", "two.example");
    dns.set_cname("two.example", "three.example");
    dns.set_txt("three.example", &[&["here"]]);
    dns.set_ttl("three.example", 17);
    let answer = message(&world, "one.example").await;
    let types: Vec<_> = answer.answers.iter().map(|record| record.record_type()).collect();
    assert_eq!(types, [RecordType::CNAME, RecordType::CNAME, RecordType::TXT]);
    assert_eq!(answer.answers[2].ttl, 17);

    dns.set_cname("loop.example", "pool.example");
    dns.set_cname("pool.example", "loop.example");
    assert!(txt(&world, "loop.example").await.is_err());
}

#[tokio::test]
async fn answers_are_authentic_if_all_of_it_is() {
    let world = World::start().await;
    let dns = world.dns();
    dns.set_cname("one.example", "two.example");
    dns.set_txt("two.example", &[&["here"]]);
    dns.authenticate("one.example");
    assert!(!message(&world, "one.example").await.metadata.authentic_data);
    dns.authenticate("two.example");
    assert!(message(&world, "one.example").await.metadata.authentic_data);
}

// HTTPS.

async fn tls(world: &World, tcp: TcpStream, host: &str) -> io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.extend(world.roots());
    let provider = Arc::new(ring::default_provider());
    let config = ClientConfig::builder_with_details(provider, world.clock().clone())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from(host.to_owned()).unwrap();
    TlsConnector::from(Arc::new(config)).connect(name, tcp).await
}

async fn connect(world: &World, host: &str, port: u16) -> io::Result<TcpStream> {
    let address = world.dns().addresses(host)[0];
    world.network().connect(host, (address, port).into()).await
}

/// The whole response of the policy host.
async fn get(world: &World) -> io::Result<String> {
    let tcp = connect(world, POLICY_HOST, 443).await?;
    let mut tls = tls(world, tcp, POLICY_HOST).await?;
    tls.write_all(format!("GET / HTTP/1.1\r\nHost: {POLICY_HOST}\r\n\r\n").as_bytes()).await?;
    let mut response = String::new();
    tls.read_to_string(&mut response).await?;
    Ok(response)
}

#[tokio::test]
async fn a_policy_host_serves_what_it_is_told() {
    let world = World::start().await;
    let domain = world.domain(A);
    domain.https(Https::policy(ENFORCE));
    let response = get(&world).await.unwrap();
    assert!(response.starts_with("HTTP/1.1 200 "), "{response}");
    assert!(response.contains("\r\nContent-Type: text/plain\r\n"), "{response}");
    assert!(response.ends_with(&format!("\r\n\r\n{ENFORCE}")), "{response}");
    let asked = world.https().asked(POLICY_HOST);
    assert_eq!((asked.handshakes, asked.requests), (1, 1));
    assert!(asked.last_request.contains("Host: mta-sts.a.example\r\n"));

    domain.https(Https::chunked(ENFORCE, 7));
    assert!(get(&world).await.unwrap().ends_with("\r\n0\r\n\r\n"));
    domain.https(Https::redirect(302, "https://b.example/"));
    assert!(get(&world).await.unwrap().starts_with("HTTP/1.1 302 "));
}

#[tokio::test]
async fn certificates_are_as_bad_as_they_are_told() {
    let world = World::start().await;
    for (certificate, expected) in [
        (Certificate::Expired, "certificate expired"),
        (Certificate::NotYetValid, "certificate not valid yet"),
        (Certificate::For(A.to_owned()), "certificate not valid for name"),
        (Certificate::SelfSigned, "UnknownIssuer"),
        (Certificate::UnknownIssuer, "UnknownIssuer"),
        (Certificate::ExpiredAndUnknownIssuer, "certificate expired"),
    ] {
        let error = refused(&world, &certificate).await;
        let shown = Error::InvalidCertificate(error).to_string();
        assert!(shown.contains(expected), "{certificate:?}: {shown}");
    }
    for certificate in [Certificate::Wildcard, Certificate::ExpiresSoon] {
        world.domain(A).https(Https::policy(ENFORCE).with_certificate(certificate));
        assert!(get(&world).await.is_ok());
    }
    world.clock().advance(Duration::from_secs(20 * 86_400));
    assert!(get(&world).await.is_err(), "it has expired by now");
}

async fn refused(world: &World, certificate: &Certificate) -> CertificateError {
    let https = Https::policy(ENFORCE).with_certificate(certificate.clone());
    world.domain(A).https(https);
    let error = get(world).await.unwrap_err().into_inner().unwrap();
    match *error.downcast().unwrap() {
        Error::InvalidCertificate(error) => error,
        error => panic!("{certificate:?}: {error}"),
    }
}

#[tokio::test]
async fn connections_break_as_they_are_told() {
    let world = World::start().await;
    let domain = world.domain(A);
    let reset = Https::instead_of_handshake([Step::Reset]);
    let half = Https::half(ENFORCE, Step::Reset);
    let cut = Https::half(ENFORCE, Step::Cut);
    for (https, kind) in [
        (reset, io::ErrorKind::ConnectionReset),
        (Https::script([Step::Reset]), io::ErrorKind::ConnectionReset),
        (half, io::ErrorKind::ConnectionReset),
        (cut, io::ErrorKind::UnexpectedEof),
    ] {
        domain.https(https);
        assert_eq!(get(&world).await.unwrap_err().kind(), kind);
    }
    for https in [Https::tls_1_1(), Https::unrecognized_name()] {
        domain.https(https);
        let error = get(&world).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData, "{error}");
    }
    domain.route_https(Route::To(world.https().resetting()));
    assert!(get(&world).await.is_err());
    domain.block_https();
    assert_eq!(get(&world).await.unwrap_err().kind(), io::ErrorKind::ConnectionRefused);
}

#[tokio::test]
async fn what_has_no_route_is_refused_and_counted() {
    let world = World::start().await;
    let address = SocketAddr::from(([127, 0, 0, 1], world.dns_address().port()));
    let error = world.network().connect(A, address).await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
    assert_eq!(world.network().attempts_to(address.ip()), 1);
    assert_eq!(world.network().attempts_for(A), [address]);
}

/// Longer than tasks take to end on any machine.
const AT_MOST: Duration = Duration::from_secs(60);

#[tokio::test]
async fn nothing_is_left_of_a_world_that_is_dropped() {
    let world = World::start().await;
    let servers = [world.dns_address(), world.https().address(), world.https().resetting()];
    drop(world);
    let gone = async {
        for server in servers {
            while TcpStream::connect(server).await.is_ok() {
                tokio::task::yield_now().await;
            }
        }
    };
    tokio::time::timeout(AT_MOST, gone).await.expect("nobody listens");
}

// SMTP.

async fn says(stream: &mut (impl tokio::io::AsyncRead + Unpin)) -> String {
    let mut read = vec![];
    loop {
        read.push(stream.read_u8().await.unwrap());
        let text = String::from_utf8_lossy(&read);
        let last = text.lines().last().unwrap_or_default();
        if text.ends_with("\r\n") && last.get(3..4) == Some(" ") {
            return text.into_owned();
        }
    }
}

#[tokio::test]
async fn an_mx_host_has_starttls() {
    let world = World::start().await;
    world.domain(A).mx(MX, Smtp::valid());
    assert!(matches!(world.dns().addresses(MX)[..], [IpAddr::V6(_), IpAddr::V4(_)]));
    let mut tcp = connect(&world, MX, 25).await.unwrap();
    assert!(says(&mut tcp).await.starts_with("220 "));
    tcp.write_all(b"EHLO client.example\r\n").await.unwrap();
    assert!(says(&mut tcp).await.contains("\r\n250-STARTTLS\r\n"));
    tcp.write_all(b"STARTTLS\r\n").await.unwrap();
    assert_eq!(says(&mut tcp).await, "220 go ahead\r\n");
    let mut tls = tls(&world, tcp, MX).await.unwrap();
    tls.write_all(b"EHLO client.example\r\nQUIT\r\n").await.unwrap();
    says(&mut tls).await;
    assert_eq!(says(&mut tls).await, "221 bye\r\n");
    let spoken = world.spoken(MX);
    assert_eq!(spoken.handshakes, [Some(MX.to_owned())]);
    assert_eq!(spoken.commands, ["EHLO client.example", "STARTTLS", "EHLO client.example", "QUIT"]);
}

#[tokio::test]
async fn an_mx_host_can_refuse() {
    let world = World::start().await;
    let domain = world.domain(A);
    domain.mx(MX, Smtp::without_starttls());
    let mut tcp = connect(&world, MX, 25).await.unwrap();
    says(&mut tcp).await;
    tcp.write_all(b"EHLO client.example\r\n").await.unwrap();
    assert!(!says(&mut tcp).await.contains("STARTTLS"));
    tcp.write_all(b"STARTTLS\r\n").await.unwrap();
    assert!(says(&mut tcp).await.starts_with("502 "));

    domain.mx(MX, Smtp::valid().refusing("454 4.7.0 not now"));
    let mut tcp = connect(&world, MX, 25).await.unwrap();
    tcp.write_all(b"STARTTLS\r\n").await.unwrap();
    says(&mut tcp).await;
    assert_eq!(says(&mut tcp).await, "454 4.7.0 not now\r\n");
    assert_eq!(world.spoken(MX).connections, 2);
}

// The demonstration.

#[tokio::test]
async fn the_demonstration_has_domains_of_all_kinds() {
    let world = World::start().await;
    let domains = world.demo_domains();
    let names: BTreeSet<_> = domains.iter().map(|domain| domain.name).collect();
    let faults: BTreeSet<_> = domains.iter().map(|domain| domain.fault).collect();
    assert!(names.len() >= 16, "{names:?}");
    assert_eq!(names.len(), domains.len());
    assert!(faults.len() >= names.len() - 1, "each fault once: {faults:?}");
    let delegated = txt(&world, "_mta-sts.delegated.example").await.unwrap();
    assert_eq!(delegated, [[b"v=STSv1; id=20270101;".to_vec()]]);
}
