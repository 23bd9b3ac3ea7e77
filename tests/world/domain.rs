//! A domain of the world, and what it publishes.

use core::net::IpAddr;

use super::{Answer, Https, Route, Smtp, World};

/// A policy for every `mx` below the domain `a.example`, for a week, enforced.
pub(crate) const ENFORCE: &str =
    "version: STSv1\r\nmode: enforce\r\nmx: *.a.example\r\nmax_age: 604800\r\n";

/// A domain. Each method publishes something in the place of what was there.
#[derive(Clone)]
pub(crate) struct Domain<'a> {
    world: &'a World,
    name: String,
}

impl<'a> Domain<'a> {
    pub(super) fn new(world: &'a World, name: &str) -> Self {
        Self { world, name: name.to_owned() }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) const fn world(&self) -> &'a World {
        self.world
    }

    /// The name of the TXT record of MTA-STS.
    pub(crate) fn record_name(&self) -> String {
        format!("_mta-sts.{}", self.name)
    }

    /// The name of the TXT record of TLSRPT.
    pub(crate) fn tlsrpt_name(&self) -> String {
        format!("_smtp._tls.{}", self.name)
    }

    /// The name of the policy host.
    pub(crate) fn policy_host(&self) -> String {
        format!("mta-sts.{}", self.name)
    }

    /// A record of this `id`, and this policy behind it.
    pub(crate) fn sts(&self, id: &str, policy: &str) -> &Self {
        self.txt(&[&format!("v=STSv1; id={id};")]).https(Https::policy(policy))
    }

    /// These TXT records at `_mta-sts`, each of one character-string.
    pub(crate) fn txt(&self, records: &[&str]) -> &Self {
        self.set_txt(&self.record_name(), records)
    }

    /// No TXT record at `_mta-sts`, as an attacker could have it: NXDOMAIN.
    pub(crate) fn strip_txt(&self) -> &Self {
        self.world.dns().remove(&self.record_name());
        self
    }

    /// How queries for the TXT record are answered.
    pub(crate) fn txt_answer(&self, answer: Answer) -> &Self {
        self.world.dns().set_answer(&self.record_name(), answer);
        self
    }

    /// What the policy host does. It gets an address if it has none.
    pub(crate) fn https(&self, https: Https) -> &Self {
        let host = self.policy_host();
        self.world.https().set(&host, https);
        if self.world.dns().addresses(&host).is_empty() {
            self.addresses(&[self.world.new_ipv6()]);
        }
        self
    }

    /// The policy host has these addresses, and there they lead to it.
    pub(crate) fn addresses(&self, addresses: &[IpAddr]) -> &Self {
        for address in addresses {
            let route = Route::To(self.world.https().address());
            self.world.network().route((*address, 443).into(), route);
        }
        self.addresses_to_nowhere(addresses)
    }

    /// The policy host has these addresses, and nothing listens there.
    pub(crate) fn addresses_to_nowhere(&self, addresses: &[IpAddr]) -> &Self {
        self.world.dns().set_addresses(&self.policy_host(), addresses);
        self
    }

    /// Connections to the policy host are refused, as an attacker could have it.
    pub(crate) fn block_https(&self) -> &Self {
        for address in self.world.dns().addresses(&self.policy_host()) {
            self.world.network().cut((address, 443).into());
        }
        self
    }

    /// Connections to the policy host are led there.
    pub(crate) fn route_https(&self, route: Route) -> &Self {
        for address in self.world.dns().addresses(&self.policy_host()) {
            self.world.network().route((address, 443).into(), route);
        }
        self
    }

    /// The one MX host.
    pub(crate) fn mx(&self, host: &str, smtp: Smtp) -> &Self {
        self.world.mx_host(host, smtp);
        self.mx_records(&[(10, host)])
    }

    /// These MX records; their hosts are the business of the caller.
    pub(crate) fn mx_records(&self, hosts: &[(u16, &str)]) -> &Self {
        self.world.dns().set_mx(&self.name, hosts);
        self
    }

    /// These TXT records at `_smtp._tls`.
    pub(crate) fn tlsrpt(&self, records: &[&str]) -> &Self {
        self.set_txt(&self.tlsrpt_name(), records)
    }

    fn set_txt(&self, name: &str, records: &[&str]) -> &Self {
        let strings: Vec<[&str; 1]> = records.iter().map(|record| [*record]).collect();
        let records: Vec<&[&str]> = strings.iter().map(<[&str; 1]>::as_slice).collect();
        self.world.dns().set_txt(name, &records);
        self
    }
}
