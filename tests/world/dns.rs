//! The DNS server of the world, over UDP and TCP, as a resolver would answer: it knows all
//! names and follows their CNAMEs. What it knows can be changed at any time.

use core::net::{IpAddr, SocketAddr};
use core::time::Duration;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard};

use hickory_proto::op::{Edns, Header, HeaderCounts, Metadata, ResponseCode};
use hickory_proto::rr::rdata::{CNAME, MX, SOA, TXT};
use hickory_proto::rr::{LowerName, Name, RData, Record, RecordType};
use hickory_server::net::runtime::Time;
use hickory_server::net::xfer::Protocol;
use hickory_server::server::{Request, RequestHandler, ResponseHandler, ResponseInfo, Server};
use hickory_server::zone_handler::MessageResponseBuilder;
use tokio::net::UdpSocket;

/// How long an answer holds where nothing else is said.
pub(crate) const TTL: u32 = 300;

/// The most octets that an answer over UDP has, whatever the client could take.
const MAX_UDP: u16 = 1_232;

/// What is answered for a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Answer {
    /// Its records.
    #[default]
    Records,
    /// Its records, but over UDP none, and that the answer is truncated.
    OnlyOverTcp,
    ServFail,
    Refused,
    /// Nothing at all.
    Silence,
}

#[derive(Debug)]
struct Node {
    records: Vec<RData>,
    ttl: u32,
    answer: Answer,
    authentic: bool,
}

impl Default for Node {
    fn default() -> Self {
        Self { records: Vec::new(), ttl: TTL, answer: Answer::Records, authentic: false }
    }
}

/// Names, in the order of DNS, where the names below another follow it.
#[derive(Debug, Default)]
struct Zone {
    nodes: BTreeMap<LowerName, Node>,
    queries: HashMap<(LowerName, RecordType), usize>,
}

pub(crate) struct Dns {
    zone: Arc<Mutex<Zone>>,
    address: SocketAddr,
    _server: Server<Handler>,
}

impl Dns {
    pub(crate) async fn start() -> Self {
        let (tcp, udp) = same_port().await;
        let address = udp.local_addr().unwrap();
        let zone = Arc::<Mutex<Zone>>::default();
        let mut server = Server::new(Handler(zone.clone()));
        server.register_socket(udp);
        server.register_listener(tcp, Duration::from_secs(60), 64);
        Self { zone, address, _server: server }
    }

    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Puts these TXT records, each of its character-strings, in the place of those of the
    /// name. None: the name has none.
    pub(crate) fn set_txt<S: AsRef<[u8]>>(&self, name: &str, records: &[&[S]]) {
        let rdata = |strings: &&[S]| {
            RData::TXT(TXT::from_bytes(strings.iter().map(AsRef::as_ref).collect()))
        };
        self.set(name, &[RecordType::TXT], records.iter().map(rdata));
    }

    /// The same for its addresses.
    pub(crate) fn set_addresses(&self, name: &str, addresses: &[IpAddr]) {
        let rdata = |address: &IpAddr| match *address {
            IpAddr::V4(address) => RData::A(address.into()),
            IpAddr::V6(address) => RData::AAAA(address.into()),
        };
        self.set(name, &[RecordType::A, RecordType::AAAA], addresses.iter().map(rdata));
    }

    /// The addresses that the name has.
    pub(crate) fn addresses(&self, name: &str) -> Vec<IpAddr> {
        let zone = self.zone();
        let records = zone.nodes.get(&absolute(name)).map(|node| node.records.as_slice());
        records.unwrap_or_default().iter().filter_map(RData::ip_addr).collect()
    }

    /// The same for its MX records. The host of a null MX is empty.
    pub(crate) fn set_mx(&self, name: &str, hosts: &[(u16, &str)]) {
        let rdata = |(preference, host): &(u16, &str)| {
            RData::MX(MX::new(*preference, absolute(host).into()))
        };
        self.set(name, &[RecordType::MX], hosts.iter().map(rdata));
    }

    /// Makes the name an alias, and nothing else.
    pub(crate) fn set_cname(&self, name: &str, target: &str) {
        let rdata = RData::CNAME(CNAME(absolute(target).into()));
        self.node(name, |node| node.records = vec![rdata]);
    }

    /// Takes the name away: NXDOMAIN, if there is none below it.
    pub(crate) fn remove(&self, name: &str) {
        self.zone().nodes.remove(&absolute(name));
    }

    /// How queries for the name are answered from now on, whatever their type.
    pub(crate) fn set_answer(&self, name: &str, answer: Answer) {
        self.node(name, |node| node.answer = answer);
    }

    pub(crate) fn set_ttl(&self, name: &str, ttl: u32) {
        self.node(name, |node| node.ttl = ttl);
    }

    /// Answers for the name have the AD bit from now on.
    pub(crate) fn authenticate(&self, name: &str) {
        self.node(name, |node| node.authentic = true);
    }

    /// How many queries there were for the name and type.
    pub(crate) fn queries(&self, name: &str, record_type: RecordType) -> usize {
        self.zone().queries.get(&(absolute(name), record_type)).copied().unwrap_or_default()
    }

    fn set(&self, name: &str, types: &[RecordType], records: impl Iterator<Item = RData>) {
        self.node(name, |node| {
            node.records.retain(|rdata| !types.contains(&rdata.record_type()));
            node.records.extend(records);
        });
    }

    fn node(&self, name: &str, change: impl FnOnce(&mut Node)) {
        change(self.zone().nodes.entry(absolute(name)).or_default());
    }

    fn zone(&self) -> MutexGuard<'_, Zone> {
        self.zone.lock().unwrap()
    }
}

fn absolute(name: &str) -> LowerName {
    let name = name.trim_end_matches('.');
    LowerName::new(&Name::from_ascii(format!("{name}.")).unwrap())
}

/// A TCP and a UDP socket of one port.
async fn same_port() -> (tokio::net::TcpListener, UdpSocket) {
    loop {
        let (tcp, address) = super::network::listener();
        if let Ok(udp) = UdpSocket::bind(address).await {
            return (tcp, udp);
        }
    }
}

/// What is sent back.
#[derive(Debug, Default)]
struct Reply {
    code: ResponseCode,
    answers: Vec<Record>,
    authorities: Vec<Record>,
    authentic: bool,
    truncated: bool,
    /// How the last name of the chain of CNAMEs is answered.
    answer: Answer,
}

impl Zone {
    fn reply(&mut self, name: &LowerName, record_type: RecordType) -> Reply {
        let queries = self.queries.entry((name.clone(), record_type)).or_default();
        *queries = queries.saturating_add(1);

        let mut reply = Reply { authentic: true, ..Reply::default() };
        let mut name = name.clone();
        while let Some(target) = self.append(&name, record_type, &mut reply) {
            let again = reply.answers.iter().any(|record| LowerName::new(&record.name) == target);
            name = target;
            if again {
                break; // A loop: the client is to find out.
            }
        }
        if !reply.answers.iter().any(|record| record.record_type() == record_type) {
            reply.authorities.push(soa(&name));
        }
        reply
    }

    /// Appends what is known of the name; the next name of a chain of CNAMEs.
    fn append(
        &self,
        name: &LowerName,
        record_type: RecordType,
        reply: &mut Reply,
    ) -> Option<LowerName> {
        let Some(node) = self.nodes.get(name) else {
            reply.authentic = false;
            let below = self.nodes.range(name.clone()..).next();
            if !below.is_some_and(|(below, _)| name.zone_of(below)) {
                reply.code = ResponseCode::NXDomain;
            }
            return None;
        };
        reply.answer = node.answer;
        reply.authentic &= node.authentic;
        let mut alias = None;
        for rdata in &node.records {
            if let RData::CNAME(target) = rdata {
                alias = Some(LowerName::new(target));
            } else if rdata.record_type() != record_type {
                continue;
            }
            reply.answers.push(Record::from_rdata(name.into(), node.ttl, rdata.clone()));
        }
        alias
    }
}

/// What says for how long there is nothing (RFC 2308).
fn soa(name: &LowerName) -> Record {
    let zone = Name::from(name.base_name());
    let soa = SOA::new(zone.clone(), zone.clone(), 1, 3_600, 600, 86_400, TTL);
    Record::from_rdata(zone, TTL, RData::SOA(soa))
}

struct Handler(Arc<Mutex<Zone>>);

#[async_trait::async_trait]
impl RequestHandler for Handler {
    async fn handle_request<R: ResponseHandler, T: Time>(
        &self,
        request: &Request,
        mut client: R,
    ) -> ResponseInfo {
        let mut metadata = Metadata::response_from_request(&request.metadata);
        let failed = Header { metadata, counts: HeaderCounts::default() };
        let Ok(info) = request.request_info() else { return failed.into() };
        let reply = self.0.lock().unwrap().reply(info.query.name(), info.query.query_type());
        if reply.answer == Answer::Silence {
            return core::future::pending().await;
        }
        let reply = reply.over(request.protocol());
        metadata.recursion_available = true;
        metadata.authentic_data = reply.authentic;
        metadata.response_code = reply.code;
        metadata.truncation = reply.truncated;

        let edns = request.edns.as_ref().map(edns);
        let mut builder = MessageResponseBuilder::from_message_request(request);
        if let Some(edns) = &edns {
            builder.edns(edns);
        }
        let response = builder.build(metadata, &reply.answers, &reply.authorities, [], []);
        client.send_response(response).await.unwrap_or_else(|_| failed.into())
    }
}

impl Reply {
    /// The reply as it is to be sent: what is in the place of the records, if anything is.
    fn over(self, protocol: Protocol) -> Self {
        let instead = |code| Self { code, ..Self::default() };
        match self.answer {
            Answer::ServFail => instead(ResponseCode::ServFail),
            Answer::Refused => instead(ResponseCode::Refused),
            Answer::OnlyOverTcp if protocol == Protocol::Udp => {
                Self { truncated: true, ..instead(self.code) }
            }
            Answer::OnlyOverTcp | Answer::Records | Answer::Silence => self,
        }
    }
}

fn edns(asked: &Edns) -> Edns {
    let mut edns = Edns::new();
    edns.set_max_payload(asked.max_payload().clamp(512, MAX_UDP));
    edns
}
