//! Write a policy and the two DNS records that go with it: what the owner of a
//! domain publishes.

use std::error::Error;

use mta_sts::DomainName;
use mta_sts::sts::{MaxAge, Mode, Policy, PolicyId, StsRecord};
use mta_sts::tlsrpt::TlsRptRecord;
use mta_sts::txt;

fn main() -> Result<(), Box<dyn Error>> {
    let domain = DomainName::parse("example.com")?;

    // Start in testing and with a short age; enforce once the reports are clean.
    let policy = Policy::builder(Mode::Testing)
        .mx("mail.example.com")?
        .mx("*.mail.example.net")?
        .max_age(MaxAge::from_secs(86_400)?)
        .build()?;

    // A new id tells senders to fetch the policy again: publish it after the file.
    let record = StsRecord::new(PolicyId::new("20261122T1200")?);
    let reports = TlsRptRecord::new(["mailto:tls-reports@example.com"])?;

    println!("# https://mta-sts.{domain}/.well-known/mta-sts.txt (text/plain)");
    print!("{}", policy.as_str());
    println!("\n; then in the zone of {domain}");
    for (owner, text) in [
        (StsRecord::owner_name(&domain)?, record.to_string()),
        (TlsRptRecord::owner_name(&domain)?, reports.to_string()),
    ] {
        println!("{owner} 3600 IN TXT {}", txt::presentation(&text));
    }
    Ok(())
}
