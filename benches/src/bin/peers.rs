//! Compares this crate with its peers and with a byte loop, in one process.
//!
//! For each case both sides read the same text and drop what they have made of it.
//! They take turns in many short rounds, so that a machine that becomes slower or
//! faster does so for both, and the medians of the rounds count, of the ratio too.

use std::fmt::Write as _;
use std::hint::black_box;
use std::io::{self, Write as _};
use std::process::ExitCode;

use mta_sts::Reading;
use mta_sts::sts::{Policy, StsRecord};
use mta_sts::tlsrpt::json::{ReadLimits, WriteReportError};
use mta_sts::tlsrpt::{Report, TlsRptRecord};
use mta_sts_benches::counting::{Counting, allocations};
use mta_sts_benches::tally::World;
use mta_sts_benches::timing::{ROUNDS, calibrate, median, nanos};
use mta_sts_benches::{byte_loop, inputs, reports};

const HELP: &str = "\
Compares mta-sts with mailrs-mta-sts, mailrs-tls-rpt and a hand-written byte loop.

Usage: peers [--tsv]

  --tsv       tab-separated values with a header line; the targets go to stderr
  -h, --help  this text

Both sides take turns. Times are nanoseconds for one operation, medians of the
rounds; ratio is the peer's time divided by ours, median of the rounds' ratios,
which need not be the ratio of the medians. A target is judged by the worst of its
cases; missing it does not change the exit status.
";

const COLUMNS: [&str; 6] =
    ["case", "ours ns", "peer ns", "ratio", "ours allocations", "peer allocations"];

fn main() -> ExitCode {
    let written = match format() {
        Ok(Some(format)) => print(format, &works()),
        Ok(None) => io::stdout().write_all(HELP.as_bytes()),
        Err(error) => {
            eprintln!("peers: {error}; see --help");
            return ExitCode::from(2);
        }
    };
    match written {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("peers: {error}");
            ExitCode::FAILURE
        }
    }
}

#[derive(Clone, Copy)]
enum Format {
    Table,
    Tsv,
}

/// The format that the arguments ask for; `None` if they ask for help.
fn format() -> Result<Option<Format>, lexopt::Error> {
    use lexopt::prelude::*;

    let mut format = Format::Table;
    let mut arguments = lexopt::Parser::from_env();
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("tsv") => format = Format::Tsv,
            Short('h') | Long("help") => return Ok(None),
            _ => return Err(argument.unexpected()),
        }
    }
    Ok(Some(format))
}

fn print(format: Format, works: &[Work]) -> io::Result<()> {
    let rows = works.iter().flat_map(|work| &work.rows).map(Row::cells);
    let lines = [COLUMNS.map(str::to_owned)].into_iter().chain(rows);
    let mut table = String::new();
    for cells in lines {
        match format {
            Format::Tsv => table.push_str(&cells.join("\t")),
            Format::Table => {
                let [case, numbers @ ..] = &cells;
                let _ = write!(table, "{case:<54}");
                for (number, column) in numbers.iter().zip(&COLUMNS[1..]) {
                    let _ = write!(table, "  {number:>0$}", column.len());
                }
            }
        }
        table.push('\n');
    }
    let targets: String = works.iter().filter_map(Work::target).collect();
    match format {
        Format::Tsv => io::stderr().write_all(targets.as_bytes())?,
        Format::Table => table = format!("{table}\n{targets}"),
    }
    io::stdout().write_all(table.as_bytes())
}

/// Cases with a target in common.
struct Work {
    name: &'static str,
    reach: Option<Reach>,
    rows: Vec<Row>,
}

/// What is to be reached in every case.
struct Reach {
    /// The least ratio.
    ratio: f64,
    /// The most allocations, if they matter.
    allocations: Option<u64>,
}

impl Work {
    /// A line that says whether the target is reached, if there is one.
    fn target(&self) -> Option<String> {
        let Reach { ratio, allocations } = self.reach.as_ref()?;
        let least = self.rows.iter().map(|row| row.ratio).fold(f64::INFINITY, f64::min);
        let most = self.rows.iter().map(|row| row.ours.allocations).max().unwrap_or_default();
        let reached = least >= *ratio && allocations.is_none_or(|allowed| most <= allowed);
        let verdict = if reached { "reached" } else { "missed" };
        let mut line = format!("{verdict:<7}  {}: ratio >= {ratio:.2} (is {least:.2})", self.name);
        if let Some(allowed) = allocations {
            let _ = write!(line, ", allocations <= {allowed} (is {most})");
        }
        line.push('\n');
        Some(line)
    }
}

/// A case: one operation on one input, by both sides.
struct Row {
    case: &'static str,
    ours: Cost,
    peer: Cost,
    /// The peer's time divided by ours, within a round.
    ratio: f64,
}

/// What one operation costs.
struct Cost {
    nanos: f64,
    allocations: u64,
}

impl Row {
    fn cells(&self) -> [String; COLUMNS.len()] {
        let Self { case, ours, peer, ratio } = self;
        [
            (*case).to_owned(),
            format!("{:.1}", ours.nanos),
            format!("{:.1}", peer.nanos),
            format!("{ratio:.2}"),
            ours.allocations.to_string(),
            peer.allocations.to_string(),
        ]
    }
}

fn works() -> Vec<Work> {
    vec![
        sts_record_loop(),
        sts_record(),
        policy(),
        matching(),
        tlsrpt_record(),
        tlsrpt_uris(),
        read_report(),
        read_report_bare(),
        write_report(),
        tally(),
        tally_domains(),
    ]
}

fn sts_record_loop() -> Work {
    let row = |case, text: &'static str| {
        let ours = || StsRecord::parse(black_box(text));
        let peer = || byte_loop::parse(black_box(text).as_bytes());
        let (record, id) = (ours().expect("a good record"), peer().expect("a good record"));
        assert_eq!(record.id().as_str().as_bytes(), id.as_bytes());
        compare(case, ours, peer)
    };
    Work {
        name: "StsRecord::parse / byte loop",
        // At most twice the time of the loop.
        reach: Some(Reach { ratio: 0.5, allocations: Some(0) }),
        rows: vec![
            row("StsRecord::parse, small / byte loop", inputs::STS_RECORD),
            row("StsRecord::parse, extensions / byte loop", inputs::STS_RECORD_EXTENSIONS),
        ],
    }
}

fn sts_record() -> Work {
    let row = |case, text: &'static str| {
        let ours = || StsRecord::parse(black_box(text));
        let peer = || mailrs_mta_sts::StsRecord::parse(black_box(text));
        let (record, peers) = (ours().expect("a good record"), peer().expect("a good record"));
        assert_eq!(record.id().as_str(), peers.id);
        compare(case, ours, peer)
    };
    Work {
        name: "StsRecord::parse / mailrs-mta-sts",
        reach: Some(Reach { ratio: 4.0, allocations: Some(0) }),
        rows: vec![
            row("StsRecord::parse, small / mailrs-mta-sts", inputs::STS_RECORD),
            row("StsRecord::parse, extensions / mailrs-mta-sts", inputs::STS_RECORD_EXTENSIONS),
        ],
    }
}

fn policy() -> Work {
    let row = |case, text: &'static str| {
        let ours = || Policy::parse(black_box(text), Reading::Tolerant);
        let peer = || mailrs_mta_sts::Policy::parse(black_box(text));
        let (policy, _) = ours().expect("a good policy");
        assert!(policy.mx().map(|mx| mx.as_str()).eq(peer().expect("a good policy").mx));
        compare(case, ours, peer)
    };
    Work {
        name: "Policy::parse / mailrs-mta-sts",
        reach: Some(Reach { ratio: 3.0, allocations: Some(2) }),
        rows: vec![
            row("Policy::parse, three mx / mailrs-mta-sts", inputs::POLICY),
            row("Policy::parse, nine mx, CRLF / mailrs-mta-sts", inputs::POLICY_NINE_MX),
        ],
    }
}

/// Both sides ask a parsed policy of three patterns about one host.
fn matching() -> Work {
    let our_policy: Policy = inputs::POLICY.parse().expect("a good policy");
    let peers_policy = mailrs_mta_sts::Policy::parse(inputs::POLICY).expect("a good policy");
    let row = |case, host: &'static str| {
        let ours = || black_box(&our_policy).matching_mx(black_box(host));
        let peer = || mailrs_mta_sts::enforce(black_box(&peers_policy), black_box(host));
        assert_eq!(ours().is_some(), peer() == mailrs_mta_sts::Decision::Allow);
        compare(case, ours, peer)
    };
    Work {
        name: "Policy::matching_mx / mailrs-mta-sts",
        reach: Some(Reach { ratio: 10.0, allocations: Some(0) }),
        rows: vec![
            row("Policy::matching_mx, first, exact / mailrs-mta-sts", inputs::HOST_FIRST),
            row("Policy::matching_mx, last, wildcard / mailrs-mta-sts", inputs::HOST_LAST),
            row("Policy::matching_mx, miss / mailrs-mta-sts", inputs::HOST_MISS),
        ],
    }
}

fn tlsrpt_record() -> Work {
    let row = |case, text: &'static str| {
        let ours = || TlsRptRecord::parse(black_box(text), Reading::Tolerant);
        let peer = || mailrs_tls_rpt::TlsRptRecord::parse(black_box(text));
        let (record, _) = ours().expect("a good record");
        assert_eq!(record.rua().count(), peer().expect("a good record").rua.len());
        compare(case, ours, peer)
    };
    Work {
        name: "TlsRptRecord::parse / mailrs-tls-rpt",
        reach: Some(Reach { ratio: 4.0, allocations: Some(0) }),
        rows: vec![
            row("TlsRptRecord::parse, mailto / mailrs-tls-rpt", inputs::TLSRPT_RECORD),
            row("TlsRptRecord::parse, two URIs / mailrs-tls-rpt", inputs::TLSRPT_RECORD_TWO_URIS),
        ],
    }
}

/// Parsing, and then looking at each URI: our record finds them in its text again,
/// the peer's has a list of them.
fn tlsrpt_uris() -> Work {
    let text = inputs::TLSRPT_RECORD_TWO_URIS;
    let ours = || {
        let (record, _) = TlsRptRecord::parse(black_box(text), Reading::Tolerant)?;
        record.rua().for_each(|uri| _ = black_box((uri.scheme(), uri.as_str())));
        Ok::<_, mta_sts::txt::ParseRecordError>(record)
    };
    let peer = || {
        let record = mailrs_tls_rpt::TlsRptRecord::parse(black_box(text))?;
        record.rua.iter().for_each(|uri| _ = black_box(uri));
        Ok::<_, mailrs_tls_rpt::TlsRptError>(record)
    };
    Work {
        name: "TlsRptRecord::parse and rua / mailrs-tls-rpt",
        reach: None,
        rows: vec![compare("TlsRptRecord::parse + rua, two URIs / mailrs-tls-rpt", ours, peer)],
    }
}

/// The JSON of a report, by the peer's struct, which owns all its texts.
fn read_report() -> Work {
    let row = |case, text: &str| {
        let ours = || Report::from_json(black_box(text.as_bytes()), &ReadLimits::default());
        let peer = || serde_json::from_slice::<mailrs_tls_rpt::Report>(black_box(text.as_bytes()));
        let (report, deviations) = ours().expect("a good report");
        assert!(deviations.is_empty());
        assert_eq!(report.report_id.as_deref(), Some(&*peer().expect("a good report").report_id));
        compare(case, ours, peer)
    };
    Work {
        name: "Report::from_json / mailrs-tls-rpt",
        reach: Some(Reach { ratio: 2.0, allocations: None }),
        rows: vec![
            row("Report::from_json, 2 kB / mailrs-tls-rpt", &reports::json(reports::SMALL)),
            row("Report::from_json, 10 MB / mailrs-tls-rpt", &reports::json(reports::LARGE)),
        ],
    }
}

/// The same into structs that only borrow, and tolerate nothing.
fn read_report_bare() -> Work {
    let row = |case, text: &str| {
        let ours = || Report::from_json(black_box(text.as_bytes()), &ReadLimits::default());
        let bare = || serde_json::from_str::<reports::Bare<'_>>(black_box(text));
        assert!(bare().is_ok());
        compare(case, ours, bare)
    };
    Work {
        name: "Report::from_json / serde_json, bare struct",
        // At most 1.3 times its time.
        reach: Some(Reach { ratio: 1.0 / 1.3, allocations: None }),
        rows: vec![
            row("Report::from_json, 2 kB / bare struct", &reports::json(reports::SMALL)),
            row("Report::from_json, 10 MB / bare struct", &reports::json(reports::LARGE)),
        ],
    }
}

/// Ours by both names: the peer checks nothing.
fn write_report() -> Work {
    type Write = fn(&Report<'_>) -> Result<String, WriteReportError>;

    let row = |case, write: Write, text: &str| {
        let (report, _) = Report::from_json(text.as_bytes(), &ReadLimits::default()).expect("good");
        let peers: mailrs_tls_rpt::Report = serde_json::from_str(text).expect("good");
        assert_eq!(write(&report).as_deref(), Ok(text));
        let ours = || write(black_box(&report));
        compare(case, ours, || serde_json::to_string(black_box(&peers)))
    };
    let (small, large) = (reports::json(reports::SMALL), reports::json(reports::LARGE));
    let (strict, as_read): (Write, Write) =
        (|report| report.to_json(), |report| report.to_json_as_read());
    Work {
        name: "Report::to_json / mailrs-tls-rpt",
        reach: Some(Reach { ratio: 1.0, allocations: None }),
        rows: vec![
            row("Report::to_json, 2 kB / mailrs-tls-rpt", strict, &small),
            row("Report::to_json, 10 MB / mailrs-tls-rpt", strict, &large),
            row("Report::to_json_as_read, 2 kB / mailrs-tls-rpt", as_read, &small),
            row("Report::to_json_as_read, 10 MB / mailrs-tls-rpt", as_read, &large),
        ],
    }
}

/// 1,000 sessions with a domain, and the report of them.
fn tally() -> Work {
    Work {
        name: "Tally, 1,000 sessions / mailrs-tls-rpt",
        reach: Some(Reach { ratio: 4.0, allocations: None }),
        rows: vec![tallied("Tally, 1,000 sessions, 1 domain / mailrs-tls-rpt", 1)],
    }
}

/// 1,000 sessions with several domains: one report for each, while the peer makes one
/// report of all.
fn tally_domains() -> Work {
    Work {
        name: "Tally, 1,000 sessions, 20 domains / mailrs-tls-rpt",
        reach: None,
        rows: vec![tallied("Tally, 1,000 sessions, 20 domains / mailrs-tls-rpt", 20)],
    }
}

fn tallied(case: &'static str, domains: usize) -> Row {
    let world = World::new(domains);
    let events: Vec<_> = world.events(1_000).collect();
    let ours = || {
        let tally = world.tally(black_box(&events));
        world.reports(&tally).for_each(|report| _ = black_box(&report));
        tally
    };
    let peer = || world.peer(black_box(&events));
    let peers = peer().policies.into_iter().map(|one| one.summary);
    let failures: u64 = peers.map(|summary| summary.total_failure_session_count).sum();
    assert_eq!(world.reports(&ours()).map(|one| one.failures()).sum::<u64>(), failures);
    compare(case, ours, peer)
}

fn compare<A, B>(
    case: &'static str,
    mut ours: impl FnMut() -> A,
    mut peer: impl FnMut() -> B,
) -> Row {
    let (our_turn, peer_turn) = (calibrate(&mut ours), calibrate(&mut peer));
    let rounds: Vec<(f64, f64)> =
        (0..ROUNDS).map(|_| (nanos(&mut ours, our_turn), nanos(&mut peer, peer_turn))).collect();
    Row {
        case,
        ours: Cost {
            nanos: median(rounds.iter().map(|(ours, _)| *ours)),
            allocations: allocations(&mut ours),
        },
        peer: Cost {
            nanos: median(rounds.iter().map(|(_, peer)| *peer)),
            allocations: allocations(&mut peer),
        },
        ratio: median(rounds.iter().map(|(ours, peer)| peer / ours)),
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;
