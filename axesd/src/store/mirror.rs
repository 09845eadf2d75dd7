//! Version 1 of what stands in the records. Never changed: a new version is a new set of types.

use std::net::IpAddr;

use axes_policy::attempt::{Attempt, Failure, Lane, Marks, Outcome, Reporter};
use axes_policy::client::{Address, Client};
use axes_policy::key::Tag;
use axes_policy::time::Timestamp;
use serde::{Deserialize, Serialize};

/// A failure without its number, which is the key.
#[derive(Serialize, Deserialize)]
pub(super) struct FailureV1<'a> {
    at: u64,
    #[serde(borrow)]
    client: ClientV1<'a>,
    #[serde(with = "ReporterV1")]
    reporter: Reporter,
    #[serde(with = "LaneV1")]
    lane: Lane,
    gone: Vec<u32>,
    past: Vec<u32>,
}

/// An attempt; its number is the key.
#[derive(Serialize, Deserialize)]
pub(super) struct AttemptV1<'a> {
    at: u64,
    #[serde(borrow)]
    client: ClientV1<'a>,
    #[serde(with = "OutcomeV1")]
    outcome: Outcome,
    reason: Option<&'a str>,
}

#[derive(Serialize, Deserialize)]
struct ClientV1<'a> {
    user: &'a str,
    #[serde(borrow)]
    address: AddressV1<'a>,
    service: &'a str,
    tty: Option<&'a str>,
    ruser: Option<&'a str>,
}

#[derive(Serialize, Deserialize)]
enum AddressV1<'a> {
    Local,
    Ip(IpAddr),
    Name(&'a str),
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Reporter")]
enum ReporterV1 {
    Root,
    Owner,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Lane")]
enum LaneV1 {
    Stranger,
    Familiar,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Outcome")]
enum OutcomeV1 {
    Success,
    Failure,
    Refused,
    Abandoned,
    Error,
}

impl FailureV1<'_> {
    /// With its number.
    pub(super) fn named(self, id: u64) -> Failure {
        Failure {
            id,
            at: Timestamp::from_millis(self.at),
            client: self.client.into(),
            reporter: self.reporter,
            lane: self.lane,
            marks: Marks::new(tags(self.gone), tags(self.past)),
        }
    }
}

fn tags(numbers: Vec<u32>) -> Vec<Tag> {
    numbers.into_iter().map(Tag).collect()
}

impl<'a> From<&'a Failure> for FailureV1<'a> {
    fn from(failure: &'a Failure) -> Self {
        Self {
            at: failure.at.as_millis(),
            client: (&failure.client).into(),
            reporter: failure.reporter,
            lane: failure.lane,
            gone: failure.marks.gone().iter().map(|tag| tag.0).collect(),
            past: failure.marks.past().iter().map(|tag| tag.0).collect(),
        }
    }
}

impl From<AttemptV1<'_>> for Attempt {
    fn from(record: AttemptV1<'_>) -> Self {
        Self {
            at: Timestamp::from_millis(record.at),
            client: record.client.into(),
            outcome: record.outcome,
            reason: record.reason.map(Into::into),
        }
    }
}

impl<'a> From<&'a Attempt> for AttemptV1<'a> {
    fn from(attempt: &'a Attempt) -> Self {
        Self {
            at: attempt.at.as_millis(),
            client: (&attempt.client).into(),
            outcome: attempt.outcome,
            reason: attempt.reason.as_deref(),
        }
    }
}

impl From<ClientV1<'_>> for Client {
    fn from(record: ClientV1<'_>) -> Self {
        Self {
            user: record.user.into(),
            address: record.address.into(),
            service: record.service.into(),
            tty: record.tty.map(Into::into),
            ruser: record.ruser.map(Into::into),
        }
    }
}

impl<'a> From<&'a Client> for ClientV1<'a> {
    fn from(client: &'a Client) -> Self {
        Self {
            user: &client.user,
            address: (&client.address).into(),
            service: &client.service,
            tty: client.tty.as_deref(),
            ruser: client.ruser.as_deref(),
        }
    }
}

impl From<AddressV1<'_>> for Address {
    fn from(record: AddressV1<'_>) -> Self {
        match record {
            AddressV1::Local => Self::Local,
            AddressV1::Ip(ip) => Self::Ip(ip),
            AddressV1::Name(name) => Self::Name(name.into()),
        }
    }
}

impl<'a> From<&'a Address> for AddressV1<'a> {
    fn from(address: &'a Address) -> Self {
        match address {
            Address::Local => Self::Local,
            Address::Ip(ip) => Self::Ip(*ip),
            Address::Name(name) => Self::Name(name),
        }
    }
}
