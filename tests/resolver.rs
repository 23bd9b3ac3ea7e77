//! The resolver against a real name server on loopback, over UDP and TCP.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test may panic"
)]

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hickory_proto::op::{Metadata, ResponseCode};
use hickory_proto::rr::rdata::{A, AAAA, CNAME, MX, SOA, TXT};
use hickory_proto::rr::{Name, RData, Record, RecordType};
use hickory_server::Server;
use hickory_server::net::runtime::Time;
use hickory_server::server::{Request, RequestHandler, ResponseHandler, ResponseInfo};
use hickory_server::zone_handler::MessageResponseBuilder;
use mta_sts::client::resolver::{Resolver, ResolverBuilder};
use mta_sts::client::{
    AddressLookup as _, Dnssec, Existence, Lookup, Mx, MxLookup as _, TxtLookup as _, TxtRecord,
};
use mta_sts::hickory::MAX_CNAMES;
use mta_sts::txt::DnsFailure;
use tokio::net::{TcpListener, UdpSocket};

/// What the server answers.
#[derive(Default)]
struct Answer {
    answers: Vec<Record>,
    soa: Option<Record>,
    code: ResponseCode,
    authentic: bool,
    /// Over UDP there is nothing but the truncation bit.
    truncated: bool,
    silence: bool,
}

type Zone = fn(&str, RecordType) -> Answer;

struct Handler {
    zone: Zone,
    asked: Arc<Mutex<Vec<String>>>,
}

#[async_trait::async_trait]
impl RequestHandler for Handler {
    async fn handle_request<R: ResponseHandler, T: Time>(
        &self,
        request: &Request,
        mut response_handle: R,
    ) -> ResponseInfo {
        let info = request.request_info().unwrap();
        let (name, record_type) = (info.query.name().to_string(), info.query.query_type());
        let protocol = info.protocol.to_string();
        assert!(request.metadata.authentic_data, "asked whether it is authentic");
        self.asked.lock().unwrap().push(format!("{protocol} {record_type} {name}"));
        let answer = (self.zone)(&name, record_type);
        if answer.silence {
            std::future::pending::<()>().await;
        }
        let mut metadata = Metadata::response_from_request(&request.metadata);
        metadata.response_code = answer.code;
        metadata.authentic_data = answer.authentic;
        metadata.truncation = answer.truncated && protocol.eq_ignore_ascii_case("udp");
        let answers = if metadata.truncation { Vec::new() } else { answer.answers };
        let builder = MessageResponseBuilder::from_message_request(request);
        let response = builder.build(metadata, &answers, &[], answer.soa.as_ref(), &[]);
        response_handle.send_response(response).await.unwrap()
    }
}

/// A running server, and what it was asked.
struct World {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
    _server: Server<Handler>,
}

impl World {
    async fn start(zone: Zone) -> Self {
        let (udp, tcp) = sockets().await;
        let address = udp.local_addr().unwrap();
        let asked = Arc::<Mutex<Vec<String>>>::default();
        let mut server = Server::new(Handler { zone, asked: asked.clone() });
        server.register_socket(udp);
        server.register_listener(tcp, Duration::from_secs(10), 64);
        Self { address, asked, _server: server }
    }

    fn builder(&self) -> ResolverBuilder {
        Resolver::builder().with_server(self.address).with_attempts(1)
    }

    fn resolver(&self) -> Resolver {
        self.builder().build().unwrap()
    }

    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }
}

/// Of one port, which for TCP may be taken by another test.
async fn sockets() -> (UdpSocket, TcpListener) {
    loop {
        let udp = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        if let Ok(tcp) = TcpListener::bind(udp.local_addr().unwrap()).await {
            return (udp, tcp);
        }
    }
}

fn name(text: &str) -> Name {
    Name::from_ascii(text).unwrap()
}

fn txt(owner: &str, ttl: u32, text: &str) -> Record {
    Record::from_rdata(name(owner), ttl, RData::TXT(TXT::new(vec![text.to_owned()])))
}

fn cname(owner: &str, ttl: u32, target: &str) -> Record {
    Record::from_rdata(name(owner), ttl, RData::CNAME(CNAME(name(target))))
}

fn soa(ttl: u32, minimum: u32) -> Record {
    let soa = SOA::new(name("ns.example."), name("hostmaster.example."), 1, 2, 3, 4, minimum);
    Record::from_rdata(name("example."), ttl, RData::SOA(soa))
}

fn found(answers: Vec<Record>) -> Answer {
    Answer { answers, ..Answer::default() }
}

fn code(code: ResponseCode) -> Answer {
    Answer { code, ..Answer::default() }
}

async fn ask(zone: Zone, name: &str) -> Result<Lookup<TxtRecord>, DnsFailure> {
    World::start(zone).await.resolver().txt(name).await
}

fn texts(lookup: &Lookup<TxtRecord>) -> Vec<String> {
    let text = |record: &TxtRecord| String::from_utf8(record.concat()).unwrap();
    lookup.records().iter().map(text).collect()
}

#[tokio::test]
async fn txt_4_records_come_with_their_strings_and_ttl() {
    let zone: Zone = |owner, record_type| {
        assert_eq!((owner, record_type), ("_mta-sts.example.com.", RecordType::TXT));
        let strings = TXT::from_bytes(vec![b"v=STSv1; ", b"\xff\x00id", b""]);
        let several = Record::from_rdata(name(owner), 300, RData::TXT(strings));
        found(vec![several, txt(owner, 60, "v=spf1 -all"), txt("other.example.", 1, "other")])
    };
    for asked in ["_mta-sts.example.com.", "_MTA-STS.Example.com", "_mta-sts.example.com"] {
        let lookup = ask(zone, asked).await.unwrap();
        let strings: TxtRecord = vec![b"v=STSv1; ".to_vec(), b"\xff\x00id".to_vec(), vec![]];
        assert_eq!(lookup.records(), [strings, vec![b"v=spf1 -all".to_vec()]]);
        assert_eq!(lookup.ttl(), Some(Duration::from_secs(60)));
        assert_eq!(lookup.aliases(), [""; 0]);
        assert_eq!(lookup.dnssec(), Dnssec::Unknown);
    }
}

#[tokio::test]
async fn absence_and_failure_are_told_apart() {
    let nodata = ask(|_, _| Answer { soa: Some(soa(900, 300)), ..Answer::default() }, "a.").await;
    let nodata = nodata.unwrap();
    assert_eq!((nodata.existence(), nodata.records().len()), (Existence::Exists, 0));
    assert_eq!(nodata.ttl(), Some(Duration::from_secs(300)));
    let nxdomain = ask(
        |_, _| Answer { soa: Some(soa(60, 300)), ..code(ResponseCode::NXDomain) },
        "a.example.",
    );
    let nxdomain = nxdomain.await.unwrap();
    assert_eq!((nxdomain.existence(), nxdomain.records().len()), (Existence::NxDomain, 0));
    assert_eq!(nxdomain.ttl(), Some(Duration::from_secs(60)));
    let bare = ask(|_, _| code(ResponseCode::NXDomain), "a.example.").await.unwrap();
    assert_eq!((bare.existence(), bare.ttl()), (Existence::NxDomain, None));
    let bare = ask(|_, _| Answer::default(), "a.example.").await.unwrap();
    assert_eq!((bare.existence(), bare.ttl()), (Existence::Exists, None));

    let failure = ask(|_, _| code(ResponseCode::ServFail), "a.example.").await;
    assert_eq!(failure, Err(DnsFailure::ServFail));
    let failure = ask(|_, _| code(ResponseCode::Refused), "a.example.").await;
    assert_eq!(failure, Err(DnsFailure::Refused));
    for other in [ResponseCode::FormErr, ResponseCode::NotImp, ResponseCode::Unknown(4000)] {
        let world = World::start(match other {
            ResponseCode::FormErr => |_, _| code(ResponseCode::FormErr),
            ResponseCode::NotImp => |_, _| code(ResponseCode::NotImp),
            _ => |owner, _| Answer {
                code: ResponseCode::YXDomain,
                ..found(vec![txt(owner, 1, "x")])
            },
        });
        let failure = world.await.resolver().txt("a.example.").await;
        assert_eq!(failure, Err(DnsFailure::Other), "{other}");
    }
    let unrelated = ask(|_, _| found(vec![txt("other.example.", 1, "x")]), "a.example.").await;
    assert_eq!(unrelated, Err(DnsFailure::Other));
}

#[tokio::test]
async fn no_answer_is_a_time_out() {
    let world = World::start(|_, _| Answer { silence: true, ..Answer::default() }).await;
    let short = world.builder().with_timeout(Duration::from_millis(50)).build().unwrap();
    assert_eq!(short.txt("a.example.").await, Err(DnsFailure::Timeout));
    let short = world.builder().with_time(Duration::from_millis(50)).build().unwrap();
    assert_eq!(short.txt("a.example.").await, Err(DnsFailure::Timeout));
    world.asked();
    let thrice = world.builder().with_timeout(Duration::from_millis(50)).with_attempts(3);
    assert_eq!(thrice.build().unwrap().mx("a.example.").await, Err(DnsFailure::Timeout));
    assert!(world.asked().len() >= 3);

    // Nobody there: told by ICMP at once, or not at all.
    let closed = UdpSocket::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let dead = Resolver::builder().with_server(closed).with_timeout(Duration::from_millis(200));
    let failure = dead.build().unwrap().txt("a.example.").await.unwrap_err();
    assert!(matches!(failure, DnsFailure::Timeout | DnsFailure::Other), "{failure:?}");
}

#[tokio::test]
async fn truncated_answers_are_asked_for_over_tcp() {
    let world =
        World::start(|owner, _| Answer { truncated: true, ..found(vec![txt(owner, 60, "whole")]) });
    let world = world.await;
    let lookup = world.resolver().txt("a.example.").await.unwrap();
    assert_eq!(texts(&lookup), ["whole"]);
    let asked: Vec<_> = world.asked().iter().map(|asked| asked.to_lowercase()).collect();
    assert_eq!(asked, ["udp txt a.example.", "tcp txt a.example."]);
}

#[tokio::test]
async fn a_hundred_records_are_all_there() {
    let many: Zone = |owner, _| {
        let records = (0..100).map(|n| txt(owner, 60, &format!("{n:03} {}", "x".repeat(200))));
        found(records.collect())
    };
    let lookup = ask(many, "a.example.").await.unwrap();
    let mut texts = texts(&lookup);
    texts.sort();
    assert_eq!(texts.len(), 100);
    assert!(texts[0].starts_with("000 ") && texts[99].starts_with("099 "));
}

#[tokio::test]
async fn txt_7_chains_are_followed_by_the_server_or_by_us() {
    // All at once, as a recursive resolver answers, and not in the order of the chain.
    let at_once: Zone = |_, _| {
        found(vec![
            cname("b.example.", 30, "C.example."),
            txt("c.example.", 60, "end"),
            cname("a.example.", 90, "b.example."),
        ])
    };
    let step_by_step: Zone = |owner, _| match owner {
        "a.example." => found(vec![cname("a.example.", 90, "b.example.")]),
        "b.example." => found(vec![cname("b.example.", 30, "C.example.")]),
        _ => found(vec![txt(owner, 60, "end")]),
    };
    for zone in [at_once, step_by_step] {
        let lookup = ask(zone, "a.example.").await.unwrap();
        assert_eq!(texts(&lookup), ["end"]);
        assert_eq!(lookup.aliases(), ["b.example", "C.example"]);
        assert_eq!(lookup.ttl(), Some(Duration::from_secs(30)));
    }
    // The parts of a chain may be cached.
    let world = World::start(step_by_step).await;
    let resolver = world.resolver();
    resolver.txt("b.example.").await.unwrap();
    assert_eq!(world.asked().len(), 2);
    let lookup = resolver.txt("a.example.").await.unwrap();
    assert_eq!((texts(&lookup).len(), lookup.aliases().len()), (1, 2));
    assert_eq!(world.asked().len(), 1);
}

#[tokio::test]
async fn txt_7_chains_may_end_without_records() {
    let nxdomain: Zone = |owner, _| match owner {
        "a.example." => found(vec![cname("a.example.", 90, "b.example.")]),
        _ => Answer { soa: Some(soa(60, 60)), ..code(ResponseCode::NXDomain) },
    };
    let at_once: Zone = |_, _| Answer {
        soa: Some(soa(60, 60)),
        code: ResponseCode::NXDomain,
        ..found(vec![cname("a.example.", 90, "b.example.")])
    };
    let nodata: Zone = |_, _| Answer {
        soa: Some(soa(60, 60)),
        ..found(vec![cname("a.example.", 90, "b.example.")])
    };
    for (zone, existence) in [
        (nxdomain, Existence::NxDomain),
        (at_once, Existence::NxDomain),
        (nodata, Existence::Exists),
    ] {
        let lookup = ask(zone, "a.example.").await.unwrap();
        assert_eq!((lookup.existence(), lookup.records().len()), (existence, 0));
        assert_eq!(lookup.aliases(), ["b.example"]);
        assert_eq!(lookup.ttl(), Some(Duration::from_secs(60)));
    }
    let failing: Zone = |owner, _| match owner {
        "a.example." => found(vec![cname("a.example.", 90, "b.example.")]),
        _ => code(ResponseCode::ServFail),
    };
    assert_eq!(ask(failing, "a.example.").await, Err(DnsFailure::ServFail));
}

#[tokio::test]
async fn txt_7_chains_are_bounded() {
    fn hop(owner: &str, last: usize) -> Answer {
        let n: usize = owner.trim_start_matches('h').split('.').next().unwrap().parse().unwrap();
        if n == last {
            return found(vec![txt(owner, 60, "end")]);
        }
        found(vec![cname(owner, 60, &format!("h{}.example.", n + 1))])
    }
    let lookup = ask(|owner, _| hop(owner, MAX_CNAMES), "h0.example.").await.unwrap();
    assert_eq!(lookup.aliases().len(), MAX_CNAMES);
    let failure = ask(|owner, _| hop(owner, MAX_CNAMES + 1), "h0.example.").await;
    assert_eq!(failure, Err(DnsFailure::Other));

    let circle: Zone = |_, _| {
        found(vec![cname("a.example.", 60, "b.example."), cname("b.example.", 60, "A.example.")])
    };
    assert_eq!(ask(circle, "a.example.").await, Err(DnsFailure::Other));
    let oneself: Zone = |owner, _| found(vec![cname(owner, 60, owner)]);
    assert_eq!(ask(oneself, "a.example.").await, Err(DnsFailure::Other));
    let in_steps: Zone = |owner, _| match owner {
        "a.example." => found(vec![cname(owner, 60, "b.example.")]),
        _ => found(vec![cname(owner, 60, "a.example.")]),
    };
    assert_eq!(ask(in_steps, "a.example.").await, Err(DnsFailure::Other));
}

#[tokio::test]
async fn authentic_data_is_believed_only_from_a_trusted_server() {
    let signed: Zone = |owner, _| Answer { authentic: true, ..found(vec![txt(owner, 60, "x")]) };
    let world = World::start(signed).await;
    let dnssec = |lookup: Lookup<TxtRecord>| lookup.dnssec();
    assert_eq!(world.resolver().txt("a.example.").await.map(dnssec), Ok(Dnssec::Unknown));
    let trusting = world.builder().trusting_authentic_data().build().unwrap();
    assert_eq!(trusting.txt("a.example.").await.map(dnssec), Ok(Dnssec::Authentic));
    assert_eq!(trusting.txt("a.example.").await.map(dnssec), Ok(Dnssec::Authentic), "cached");

    // All of the chain has to be signed.
    let partly: Zone = |owner, _| match owner {
        "a.example." => found(vec![cname(owner, 60, "b.example.")]),
        _ => Answer { authentic: true, ..found(vec![txt(owner, 60, "x")]) },
    };
    let world = World::start(partly).await;
    let trusting = world.builder().trusting_authentic_data().build().unwrap();
    assert_eq!(trusting.txt("a.example.").await.map(dnssec), Ok(Dnssec::NotAuthentic));
}

#[tokio::test]
async fn answers_are_cached_unless_that_is_off() {
    let world = World::start(|owner, _| match owner {
        "absent.example." => Answer { soa: Some(soa(60, 60)), ..code(ResponseCode::NXDomain) },
        "failing.example." => code(ResponseCode::ServFail),
        "to-nothing.example." => Answer {
            soa: Some(soa(60, 60)),
            ..found(vec![cname(owner, 86_400, "absent.example.")])
        },
        _ => found(vec![txt(owner, 60, "x")]),
    });
    let world = world.await;
    let cached = world.resolver();
    for (asked, queries) in [
        ("a.example.", 1),
        ("absent.example.", 1),
        ("failing.example.", 2),
        ("to-nothing.example.", 2),
    ] {
        let first = cached.txt(asked).await;
        assert_eq!(cached.clone().txt(asked).await, first);
        assert_eq!(world.asked().len(), queries, "{asked}");
    }
    let uncached = world.builder().with_cache_size(0).build().unwrap();
    uncached.txt("a.example.").await.unwrap();
    uncached.txt("a.example.").await.unwrap();
    assert_eq!(world.asked().len(), 2);
}

/// Thousands of records would take megabytes for each of the answers.
#[tokio::test]
async fn large_answers_are_not_cached() {
    let world = World::start(|owner, _| {
        let len = if owner == "large.example." { 1_220 } else { 1_100 };
        let strings = [250, 250, 250, 250, len - 1_000].map(|len| "x".repeat(len)).to_vec();
        found(vec![Record::from_rdata(name(owner), 60, RData::TXT(TXT::new(strings)))])
    });
    let world = world.await;
    let resolver = world.resolver();
    for (asked, is_kept) in [("small.example.", true), ("large.example.", false)] {
        let first = resolver.txt(asked).await;
        assert!(first.is_ok());
        world.asked();
        assert_eq!(resolver.txt(asked).await, first);
        assert_eq!(world.asked().is_empty(), is_kept, "{asked}");
    }
}

fn address(owner: &str, record_type: RecordType) -> Record {
    let data = match record_type {
        RecordType::A => RData::A(A::new(192, 0, 2, 1)),
        _ => RData::AAAA(AAAA::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1)),
    };
    Record::from_rdata(name(owner), 60, data)
}

#[tokio::test]
async fn one_family_of_addresses_is_enough() {
    let world = World::start(|owner, record_type| {
        let v4 = record_type == RecordType::A;
        match owner {
            "both.example." => found(vec![address(owner, record_type)]),
            "v4.example." if v4 => found(vec![address(owner, record_type)]),
            "v4.example." => code(ResponseCode::ServFail),
            "v6.example." if !v4 => found(vec![address(owner, record_type)]),
            "v6.example." => code(ResponseCode::Refused),
            "alias.example." if v4 => {
                found(vec![cname(owner, 30, "v4.example."), address("v4.example.", record_type)])
            }
            "half.example." if v4 => code(ResponseCode::ServFail),
            "absent.example." => code(ResponseCode::NXDomain),
            "localhost." => code(ResponseCode::NXDomain),
            _ => Answer::default(),
        }
    });
    let world = world.await;
    let resolver = world.resolver();
    let shown = |lookup: Lookup<_>| {
        lookup.into_records().iter().map(ToString::to_string).collect::<Vec<String>>()
    };
    let ask = |host: &'static str| resolver.addresses(host);
    assert_eq!(ask("both.example.").await.map(shown).unwrap(), ["2001:db8::1", "192.0.2.1"]);
    assert_eq!(ask("v4.example.").await.map(shown).unwrap(), ["192.0.2.1"]);
    assert_eq!(ask("v6.example.").await.map(shown).unwrap(), ["2001:db8::1"]);
    let alias = ask("alias.example.").await.unwrap();
    assert_eq!(
        (alias.aliases(), alias.ttl()),
        (&["v4.example".to_owned()][..], Some(Duration::from_secs(30)))
    );
    assert_eq!(ask("half.example.").await, Err(DnsFailure::ServFail), "the other has none");
    let absent = ask("absent.example.").await.unwrap();
    assert_eq!((absent.existence(), absent.records().len()), (Existence::NxDomain, 0));
    let none = ask("none.example.").await.unwrap();
    assert_eq!((none.existence(), none.records().len()), (Existence::Exists, 0));
    assert!(ask("localhost.").await.unwrap().records().is_empty(), "only DNS is asked");
}

#[tokio::test]
async fn look_ups_at_once_are_bounded() {
    let world = World::start(|owner, _| match owner {
        "silent.example." => Answer { silence: true, ..Answer::default() },
        _ => found(vec![txt(owner, 60, "x")]),
    })
    .await;
    let builder = world.builder().with_timeout(Duration::from_secs(20));
    let resolver = builder.with_at_once(1).build().unwrap();
    let silent = tokio::spawn({
        let resolver = resolver.clone();
        async move { resolver.txt("silent.example.").await }
    });
    while world.asked().is_empty() {
        tokio::task::yield_now().await;
    }
    let other = tokio::time::timeout(Duration::from_millis(50), resolver.txt("a.example."));
    assert!(other.await.is_err());
    assert_eq!(world.asked(), [""; 0], "nothing was asked");
    silent.abort();
    assert_eq!(resolver.txt("a.example.").await.unwrap().records().len(), 1);
}

#[tokio::test]
async fn a_family_without_answer_does_not_take_the_time_of_the_other() {
    let zones: [Zone; 2] = [
        |owner, record_type| match record_type {
            RecordType::A => found(vec![address(owner, record_type)]),
            _ => Answer { silence: true, ..Answer::default() },
        },
        |owner, record_type| match record_type {
            RecordType::AAAA => found(vec![address(owner, record_type)]),
            _ => Answer { silence: true, ..Answer::default() },
        },
    ];
    for zone in zones {
        let world = World::start(zone).await;
        let resolver = world.builder().with_timeout(Duration::from_millis(50)).build().unwrap();
        assert_eq!(resolver.addresses("a.example.").await.unwrap().records().len(), 1);
    }
}

#[tokio::test]
async fn mx_records_come_with_their_hosts() {
    let world = World::start(|owner, _| {
        let mx = |preference, host: Name| {
            Record::from_rdata(name(owner), 60, RData::MX(MX::new(preference, host)))
        };
        match owner {
            "null.example." => found(vec![mx(0, Name::root())]),
            _ => found(vec![
                mx(20, name("MX2.example.com.")),
                mx(10, name("xn--bcher-kva.example.")),
                mx(30, Name::from_labels([&b"a.b"[..], b"example"]).unwrap()),
            ]),
        }
    });
    let world = world.await;
    let resolver = world.resolver();
    let mut records = resolver.mx("example.com.").await.unwrap().into_records();
    records.sort();
    let mx = |preference, exchange: &str| Mx { preference, exchange: exchange.to_owned() };
    let expected =
        [mx(10, "xn--bcher-kva.example"), mx(20, "MX2.example.com"), mx(30, "a\\.b.example")];
    assert_eq!(records, expected);
    assert_eq!(resolver.mx("null.example.").await.unwrap().records(), [mx(0, "")]);
}

#[tokio::test]
async fn what_dns_cannot_have_is_not_asked_for() {
    let world = World::start(|owner, _| found(vec![txt(owner, 60, "x")])).await;
    let resolver = world.resolver();
    let long_label = format!("{}.example.", "a".repeat(64));
    let long_name = "a.".repeat(128);
    for odd in [long_label.as_str(), long_name.as_str(), "a..example.", ".example."] {
        let lookup = resolver.txt(odd).await.unwrap();
        assert_eq!((lookup.existence(), lookup.records().len()), (Existence::NxDomain, 0), "{odd}");
    }
    assert_eq!(world.asked(), [""; 0]);
    for odd in
        ["", ".", "\u{0}", "\\", "\\999", "b\u{fc}cher.example.", "a b.", "*.example.", "\\000.x."]
    {
        let _answer_or_none = resolver.txt(odd).await;
    }
}
