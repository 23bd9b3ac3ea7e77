//! Read a policy and ask it about a host: what a mail server does with the body
//! that it has fetched.

use mta_sts::Reading;
use mta_sts::sts::{Mode, ParsePolicyError, Policy};

fn main() -> Result<(), ParsePolicyError> {
    let body = b"version: STSv1\r\nmode: enforce\r\nmx: *.example.net\r\nmax_age: 604800\r\n\r\n";

    // A sender reads tolerantly, and tells its operator what was forgiven.
    let (policy, deviations) = Policy::parse(body, Reading::Tolerant)?;
    for deviation in &deviations {
        println!("forgiven: {deviation}");
    }

    for host in ["mx1.example.net", "mx1.eu.example.net"] {
        match (policy.mode(), policy.matching_mx(host)) {
            (Mode::None, _) => println!("{host}: as if there were no policy"),
            (_, Some(pattern)) => println!("{host}: allowed by `{pattern}`"),
            (Mode::Enforce, None) => println!("{host}: not allowed, try the next host"),
            (Mode::Testing, None) => println!("{host}: not allowed, deliver and report"),
        }
    }

    // A checker reads strictly, and shows the error.
    if let Err(error) = Policy::parse(body, Reading::Strict) {
        println!("strictly: {error}");
    }
    Ok(())
}
