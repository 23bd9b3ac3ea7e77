//! The rustls verifier against real rustls servers: what it refuses and what it records
//! (SND-4), what reports say of it (RPT-6), and that no session escapes it.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test may panic"
)]

#[path = "support/pki.rs"]
mod pki;

use std::io;
use std::sync::Arc;

use mta_sts::certificate::MAX_CHAIN_LEN;
use mta_sts::failure::Failure;
use mta_sts::sts::Policy;
use mta_sts::sts::apply::{Checked, Context, Delivery, Demand, Session, TlsOutcome, TlsVersion};
use mta_sts::verifier::{DemandError, OnInvalid, Record, Verification};
use pki::{Fault, MX, Pki};
use rustls::client::Resumption;
use rustls::version::{TLS12, TLS13};
use rustls::{
    AlertDescription, CertificateError, ClientConfig, ClientConnection, Error, HandshakeKind,
    InvalidMessage, OtherError, PeerIncompatible, PeerMisbehaved, ProtocolVersion, ServerConfig,
    ServerConnection, SupportedProtocolVersion,
};
use rustls_pki_types::{DnsName, ServerName};

const VERSIONS: [&SupportedProtocolVersion; 2] = [&TLS12, &TLS13];

const FAULTS: [(Fault, &str); 8] = [
    (Fault::Expired, "certificate-expired (certificate-expired)"),
    (Fault::NotYetValid, "certificate-not-trusted (certificate-not-yet-valid)"),
    (Fault::WrongName, "certificate-host-mismatch (certificate-host-mismatch)"),
    (Fault::SelfSigned, "certificate-not-trusted (certificate-self-signed)"),
    (Fault::UnknownIssuer, "certificate-not-trusted (certificate-unknown-issuer)"),
    (Fault::ExpiredAndUnknownIssuer, "certificate-expired (certificate-expired)"),
    (Fault::ForClients, "certificate-not-trusted (certificate-purpose)"),
    (Fault::TooManyCertificates, "certificate-not-trusted (certificate-malformed)"),
];

fn verification(pki: &Pki) -> Verification {
    Verification::new(pki::provider(), pki.roots()).with_clock(pki::clock())
}

fn connection(pki: &Pki, on_invalid: OnInvalid) -> (ClientConfig, ServerName<'static>, Record) {
    verification(pki).connection(&DnsName::try_from(MX).unwrap(), on_invalid).unwrap()
}

/// How a handshake has ended for the client, and what the server says of it.
struct Ended {
    client: Result<(ProtocolVersion, HandshakeKind), Error>,
    server: Result<Option<String>, Error>,
}

/// A handshake, and all that follows it without data.
fn handshake(
    config: Arc<ClientConfig>,
    name: ServerName<'static>,
    to: &Arc<ServerConfig>,
) -> Ended {
    let mut client = ClientConnection::new(config, name).unwrap();
    let mut server = ServerConnection::new(to.clone()).unwrap();
    let (mut ours, mut theirs) = (Ok(()), Ok(()));
    while client.wants_write() || server.wants_write() {
        let mut octets = Vec::new();
        while client.wants_write() {
            client.write_tls(&mut octets).unwrap();
        }
        theirs = theirs.and(
            take(&octets, |from| server.read_tls(from))
                .and_then(|()| server.process_new_packets().map(|_| ())),
        );
        let mut octets = Vec::new();
        while server.wants_write() {
            server.write_tls(&mut octets).unwrap();
        }
        ours = ours.and(
            take(&octets, |from| client.read_tls(from))
                .and_then(|()| client.process_new_packets().map(|_| ())),
        );
    }
    Ended {
        client: ours
            .map(|()| (client.protocol_version().unwrap(), client.handshake_kind().unwrap())),
        server: theirs.map(|()| server.server_name().map(str::to_owned)),
    }
}

fn take(
    mut octets: &[u8],
    mut read: impl FnMut(&mut dyn io::Read) -> io::Result<usize>,
) -> Result<(), Error> {
    while !octets.is_empty() {
        // A connection that has failed takes nothing more.
        if read(&mut octets).map_err(|error| Error::General(error.to_string()))? == 0 {
            break;
        }
    }
    Ok(())
}

fn meet(pki: &Pki, on_invalid: OnInvalid, to: &Arc<ServerConfig>) -> (Ended, Record) {
    let (config, name, record) = connection(pki, on_invalid);
    (handshake(Arc::new(config), name, to), record)
}

#[test]
fn snd_4_a_valid_certificate_passes_in_both_modes() {
    let pki = Pki::new();
    for version in VERSIONS {
        for on_invalid in [OnInvalid::Refuse, OnInvalid::Record] {
            let (ended, record) = meet(&pki, on_invalid, &pki.server(Fault::None, &[version]));
            let (met, kind) = ended.client.unwrap();
            assert_eq!((met, kind), (version.version, HandshakeKind::Full));
            assert_eq!(ended.server.unwrap().as_deref(), Some(MX), "SNI");
            assert_eq!(record.result(), Some(Ok(())));
            assert_eq!(record.chain().len(), 1);
            let session = Session::new(TlsVersion::Tls12OrLater).with_webpki(Checked::Valid);
            assert_eq!(record.established(met), TlsOutcome::Established(session));
        }
    }
}

#[test]
fn snd_4_what_is_invalid_is_refused_with_its_result_type() {
    let pki = Pki::new();
    for version in VERSIONS {
        for (fault, shown) in FAULTS {
            let (ended, record) = meet(&pki, OnInvalid::Refuse, &pki.server(fault, &[version]));
            let error = ended.client.unwrap_err();
            assert!(matches!(error, Error::InvalidCertificate(_)), "{fault:?}: {error:?}");
            let TlsOutcome::HandshakeFailed(failure) = record.failed_by(&error) else {
                panic!("{fault:?}")
            };
            assert_eq!(failure.to_string(), shown, "{fault:?}");
            // The same as tokio-rustls hands it on.
            let wrapped = io::Error::new(io::ErrorKind::InvalidData, error);
            assert_eq!(record.failed(&wrapped), TlsOutcome::HandshakeFailed(failure));
            assert_eq!(record.checked(), Checked::Invalid(failure));
        }
    }
}

#[test]
fn snd_4_the_refusal_is_rustlss_own_error_with_its_alert() {
    let pki = Pki::new();
    for (fault, shown, alert) in [
        (
            Fault::Expired,
            "invalid peer certificate: certificate expired: verification time 1906502400 (UNIX), \
             but certificate is not valid after 1903824000 (2678400 seconds ago)",
            AlertDescription::CertificateExpired,
        ),
        (
            Fault::NotYetValid,
            "invalid peer certificate: certificate not valid yet: verification time 1906502400 \
             (UNIX), but certificate is not valid before 1909094400 (2592000 seconds in future)",
            AlertDescription::CertificateExpired,
        ),
        (
            Fault::WrongName,
            "invalid peer certificate: certificate not valid for name \"mx.example.com\"; \
             certificate is only valid for mx.example.net",
            AlertDescription::BadCertificate,
        ),
        (Fault::SelfSigned, "invalid peer certificate: UnknownIssuer", AlertDescription::UnknownCA),
        (
            Fault::UnknownIssuer,
            "invalid peer certificate: UnknownIssuer",
            AlertDescription::UnknownCA,
        ),
        (
            Fault::ForClients,
            "invalid peer certificate: InvalidPurpose",
            AlertDescription::UnsupportedCertificate,
        ),
        (
            Fault::TooManyCertificates,
            "invalid peer certificate: Other(OtherError(CertificateFailure { \
             causes: [TooManyCertificates { found: 9 }] }))",
            AlertDescription::CertificateUnknown,
        ),
    ] {
        assert_eq!(MAX_CHAIN_LEN, 8);
        for version in VERSIONS {
            let (ended, _) = meet(&pki, OnInvalid::Refuse, &pki.server(fault, &[version]));
            assert_eq!(ended.client.unwrap_err().to_string(), shown);
            assert_eq!(ended.server.unwrap_err(), Error::AlertReceived(alert), "{fault:?}");
        }
    }
}

#[test]
fn snd_4_what_is_invalid_is_recorded_and_the_handshake_goes_on() {
    let pki = Pki::new();
    for version in VERSIONS {
        for (fault, shown) in FAULTS {
            let (ended, record) = meet(&pki, OnInvalid::Record, &pki.server(fault, &[version]));
            let (met, _) = ended.client.unwrap();
            assert!(ended.server.is_ok());
            let failure = record.result().unwrap().unwrap_err().failure();
            assert_eq!(failure.to_string(), shown, "{fault:?}");
            let session =
                Session::new(TlsVersion::Tls12OrLater).with_webpki(Checked::Invalid(failure));
            assert_eq!(record.established(met), TlsOutcome::Established(session));
        }
    }
}

#[test]
fn snd_4_a_server_without_the_key_fails_in_both_modes() {
    let pki = Pki::new();
    for version in VERSIONS {
        for on_invalid in [OnInvalid::Refuse, OnInvalid::Record] {
            let to = pki.server(Fault::WithoutItsKey, &[version]);
            let (ended, record) = meet(&pki, on_invalid, &to);
            let error = ended.client.unwrap_err();
            assert_eq!(error, CertificateError::BadSignature.into());
            // The certificate itself is valid.
            assert_eq!(record.result(), Some(Ok(())));
            assert_eq!(failed(&record, &error), "validation-failure (tls-handshake)");
        }
    }
}

fn failed(record: &Record, error: &Error) -> String {
    let TlsOutcome::HandshakeFailed(failure) = record.failed_by(error) else { panic!() };
    failure.to_string()
}

#[test]
fn snd_4_no_session_is_resumed_and_so_each_connection_verifies() {
    let pki = Pki::new();
    for version in VERSIONS {
        let to = pki.server(Fault::Expired, &[version]);
        let verification = verification(&pki);
        for _ in 0..2 {
            let host = DnsName::try_from(MX).unwrap();
            let (config, name, record) = verification.connection(&host, OnInvalid::Record).unwrap();
            let (_, kind) = handshake(Arc::new(config), name, &to).client.unwrap();
            assert_eq!(kind, HandshakeKind::Full);
            let failure = record.result().unwrap().unwrap_err();
            assert_eq!(failure.failure().to_string(), FAULTS[0].1);
            assert_eq!(record.chain().len(), 1);
        }
    }
}

/// That the test above proves something: the same server resumes for whoever asks, and
/// then shows no certificate.
#[test]
fn snd_4_a_resumed_session_would_not_have_been_verified() {
    let pki = Pki::new();
    for version in VERSIONS {
        let to = pki.server(Fault::Expired, &[version]);
        let (mut first, name, _) = connection(&pki, OnInvalid::Record);
        first.resumption = Resumption::in_memory_sessions(16);
        let (_, kind) = handshake(Arc::new(first.clone()), name.clone(), &to).client.unwrap();
        assert_eq!(kind, HandshakeKind::Full);
        let (_, kind) = handshake(Arc::new(first), name, &to).client.unwrap();
        assert_eq!(kind, HandshakeKind::Resumed, "{version:?}");
    }
}

#[test]
fn snd_4_a_configuration_is_for_one_connection() {
    let pki = Pki::new();
    let valid = pki.server(Fault::None, &VERSIONS);
    // The same server, which would resume, and one that would be taken for valid.
    for second in [&valid, &pki.server(Fault::Expired, &VERSIONS)] {
        let (config, name, record) = connection(&pki, OnInvalid::Record);
        let config = Arc::new(config);
        assert!(handshake(config.clone(), name.clone(), &valid).client.is_ok());
        let error = handshake(config, name, second).client.unwrap_err();
        assert_eq!(error, Error::General("expected one connection, found a second".to_owned()));
        assert_eq!(record.result(), Some(Ok(())));
    }
}

fn demand(mode: &str) -> Demand {
    let body = format!("version: STSv1\nmode: {mode}\nmx: {MX}\nmax_age: 604800\n");
    let policy: Policy = body.parse().unwrap();
    Context::new(MX).with_policy(&policy).demand()
}

#[test]
fn snd_1_a_demand_decides_what_an_invalid_certificate_means() {
    let pki = Pki::new();
    for (fault, reason) in FAULTS {
        let to = pki.server(fault, &VERSIONS);
        let demand = demand("enforce");
        let (config, name, record) = verification(&pki).for_demand(&demand).unwrap();
        let error = handshake(Arc::new(config), name, &to).client.unwrap_err();
        let verdict = demand.judge(&record.failed_by(&error));
        assert_eq!(verdict.delivery(), Delivery::Skip);
        assert_eq!(verdict.to_string(), format!("skip: {reason}, by MTA-STS"));

        let demand = self::demand("testing");
        let (config, name, record) = verification(&pki).for_demand(&demand).unwrap();
        let (version, _) = handshake(Arc::new(config), name, &to).client.unwrap();
        let verdict = demand.judge(&record.established(version));
        assert_ne!(verdict.delivery(), Delivery::Skip);
        assert!(verdict.to_string().contains(reason), "{verdict}");

        let demand = Context::new(MX).demand();
        let (config, name, _) = verification(&pki).for_demand(&demand).unwrap();
        assert!(handshake(Arc::new(config), name, &to).client.is_ok());
    }
}

#[test]
fn snd_4_a_host_without_a_dns_name_has_no_connection() {
    let demand = Context::new("192.0.2.1\n").demand();
    let error = verification(&Pki::new()).for_demand(&demand).unwrap_err();
    assert!(matches!(error, DemandError::NoDnsName { .. }));
    assert_eq!(error.to_string(), "expected the DNS name of a host, found `192.0.2.1\\n`");
}

#[test]
fn rpt_6_before_the_server_has_shown_anything_nothing_is_checked() {
    let record = Record::default();
    assert_eq!(record.result(), None);
    assert!(record.chain().is_empty());
    assert_eq!(record.checked(), Checked::No);
    let TlsOutcome::Established(session) = record.established(ProtocolVersion::TLSv1_3) else {
        panic!()
    };
    assert_eq!(session, Session::new(TlsVersion::Tls12OrLater));
    let older = Session::new(TlsVersion::Older);
    assert_eq!(record.established(ProtocolVersion::TLSv1_1), TlsOutcome::Established(older));
    let timeout = record.failed(&io::ErrorKind::TimedOut.into());
    let TlsOutcome::HandshakeFailed(failure) = timeout else { panic!() };
    assert_eq!(failure.to_string(), "validation-failure (timeout)");
}

#[test]
fn rpt_6_errors_of_rustls_have_result_types() {
    let other = |text: &str| OtherError(Arc::new(io::Error::other(text.to_owned())));
    for (error, shown) in [
        // Alerts of the server speak of us.
        (
            Error::AlertReceived(AlertDescription::CertificateExpired),
            "validation-failure (tls-alert)",
        ),
        (
            Error::AlertReceived(AlertDescription::ProtocolVersion),
            "validation-failure (tls-version)",
        ),
        (
            Error::AlertReceived(AlertDescription::HandshakeFailure),
            "validation-failure (tls-no-common-parameters)",
        ),
        (
            Error::AlertReceived(AlertDescription::UnrecognisedName),
            "validation-failure (tls-unrecognized-name)",
        ),
        // Certificates, by whatever verifier.
        (Error::NoCertificatesPresented, "certificate-not-trusted (certificate-missing)"),
        (CertificateError::Expired.into(), "certificate-expired (certificate-expired)"),
        (
            CertificateError::NotValidForName.into(),
            "certificate-host-mismatch (certificate-host-mismatch)",
        ),
        (
            CertificateError::NotValidYet.into(),
            "certificate-not-trusted (certificate-not-yet-valid)",
        ),
        (
            CertificateError::UnknownIssuer.into(),
            "certificate-not-trusted (certificate-unknown-issuer)",
        ),
        (CertificateError::BadSignature.into(), "certificate-not-trusted (certificate-signature)"),
        (CertificateError::InvalidPurpose.into(), "certificate-not-trusted (certificate-purpose)"),
        (CertificateError::Revoked.into(), "certificate-not-trusted (certificate-revoked)"),
        (CertificateError::BadEncoding.into(), "certificate-not-trusted (certificate-malformed)"),
        (
            CertificateError::Other(other("?")).into(),
            "certificate-not-trusted (certificate-malformed)",
        ),
        (
            Error::InvalidMessage(InvalidMessage::CertificatePayloadTooLarge),
            "certificate-not-trusted (certificate-malformed)",
        ),
        // The protocol.
        (
            Error::PeerIncompatible(PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig),
            "validation-failure (tls-version)",
        ),
        (
            Error::PeerIncompatible(PeerIncompatible::NoKxGroupsInCommon),
            "validation-failure (tls-no-common-parameters)",
        ),
        (
            Error::PeerIncompatible(PeerIncompatible::NullCompressionRequired),
            "validation-failure (tls-handshake)",
        ),
        (
            Error::PeerMisbehaved(PeerMisbehaved::SelectedUnofferedCipherSuite),
            "validation-failure (tls-handshake)",
        ),
        (
            Error::InvalidMessage(InvalidMessage::InvalidContentType),
            "validation-failure (tls-handshake)",
        ),
        (Error::DecryptError, "validation-failure (tls-handshake)"),
        (Error::FailedToGetCurrentTime, "validation-failure (tls-handshake)"),
        (Error::Other(other("?")), "validation-failure (tls-handshake)"),
    ] {
        assert_eq!(Failure::from(&error).to_string(), shown, "{error:?}");
        assert_eq!(failed(&Record::default(), &error), shown, "{error:?}");
    }
}
