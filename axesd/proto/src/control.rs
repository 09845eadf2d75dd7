//! What `axesctl` asks on the control socket. One request; any number of items, then an end.
//! Only changes of lists may follow one another on a connection.

use serde::{Deserialize, Serialize};

use crate::frame::Message;
use crate::pam;
use crate::text::{Comment, Host, Label, Listed, Name, Sentence};

/// What `axesctl` says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Request {
    /// One [`Reply::Status`].
    Status,
    /// A [`Reply::Counter`] for each counter, locked ones first.
    List(Which),
    /// Counters, then the newest attempts, of one user or address.
    Show(Subject),
    /// Forgets failures; a [`Reply::Counter`] for each counter it lowered (as it was before),
    /// then a [`Reply::Reset`].
    Reset(Scope),
    /// Reads the configuration again; a [`Reply::Reloaded`], or [`Reply::Failed`] with what is
    /// wrong with it.
    Reload,
    /// A [`Reply::Attempt`] for each entry of the access log that matches, oldest first. After the
    /// end, a follower hears of new ones until he hangs up, and with a [`Reply::Missed`] where he
    /// was too slow.
    Log(LogFilter),
    /// Removes entries of the access log; a [`Reply::LogsReset`].
    ResetLogs(LogScope),
    /// Would this client be let in now? A [`Reply::Why`], then its counters, then the newest
    /// failures in the one that speaks against it, or is nearest to its limit. The only question
    /// that is answered on the socket for modules too: anybody may ask about himself.
    Why(pam::Client),
    /// A [`Reply::Entry`] for each entry of a list, those of the configuration first.
    Entries(ListName),
    /// Changes a list. A [`Reply::Entry`] for each entry added or removed, a [`Reply::Remark`]
    /// where there is one, a [`Reply::Counter`] for each lockout that begins or ceases to refuse
    /// by that. Or a [`Reply::Unusable`], and nothing is changed.
    Change(Change),
    /// Begins or ends a time in which nobody is refused; a [`Reply::PanicOff`].
    PanicOff(PanicSwitch),
    /// Writes a copy of the database beside it; a [`Reply::Backup`].
    Backup,
}

/// The longest time in which nobody is refused, in milliseconds.
pub const MOST_PANIC_OFF_MS: u64 = 24 * 3_600_000;

/// Begins or ends a time in which nobody is refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PanicSwitch {
    /// From now on, in place of such a time that runs already.
    Begin {
        /// How long, in milliseconds; at most [`MOST_PANIC_OFF_MS`].
        for_ms: u64,
        /// Why.
        reason: Option<Comment>,
    },
    /// Now.
    End,
}

/// A time in which nobody is refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PanicOff {
    /// How long it lasts, in milliseconds; `None` where the kernel command line says so, and only
    /// another boot ends it.
    pub left_ms: Option<u64>,
    /// Why.
    pub reason: Option<Comment>,
}

/// Subjects in one [`Change`]; each may have to be looked up in a directory.
pub const MOST_SUBJECTS: usize = 100;

/// Which list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ListName {
    /// Never counted, never refused.
    White,
    /// Always refused.
    Black,
}

/// A change of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Which list.
    pub list: ListName,
    /// What is done.
    pub deed: Deed,
    /// Whom the entries name: addresses and networks; users, `@group` and ranges of uids.
    pub subjects: Vec<Subject>,
}

/// What is done to a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Deed {
    /// Nothing; only the subjects are read.
    Check(Reach),
    /// Entries are added, each in place of one that names the same.
    Add {
        /// Whether an entry may name everybody.
        reach: Reach,
        /// Why.
        comment: Option<Comment>,
        /// After so many milliseconds they end by themselves; `None` for never.
        for_ms: Option<u64>,
    },
    /// Entries are removed.
    Remove,
}

/// Whether an entry may name everybody, such as `0.0.0.0/0`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reach {
    /// That is a mistake.
    Some,
    /// That is what is meant.
    Everybody,
}

/// Which counters to list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Which {
    /// Those that are at their limit.
    Locked,
    /// All that hold a failure.
    All,
}

/// Whom to show, or to list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Subject {
    /// An account.
    User(Name),
    /// An address, a network or a host name.
    Address(Host),
}

/// What to reset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Scope {
    /// The failures that have all the attributes given; the daemon refuses an empty filter.
    Matching(Filter),
    /// Every failure of everybody.
    All,
}

/// Attributes that a failure must have; `None` means any.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Filter {
    /// User name.
    pub user: Option<Name>,
    /// Address, network or host name, or `local`.
    pub address: Option<Host>,
    /// PAM service.
    pub service: Option<Label>,
}

/// Which entries of the access log, and how they are read; `None` means any.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogFilter {
    /// Who tried.
    pub client: Filter,
    /// How it ended, one of these; without any, however it ended.
    pub outcomes: Vec<Outcome>,
    /// Not before this moment, in milliseconds since 1970.
    pub since_ms: Option<u64>,
    /// Not after this moment, in milliseconds since 1970.
    pub until_ms: Option<u64>,
    /// Of those that match only so many, the newest.
    pub newest: Option<u64>,
    /// What comes after the last entry and the end.
    pub reading: Reading,
}

/// What comes after the last entry of the access log and the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reading {
    /// Nothing.
    Once,
    /// The attempts to come.
    Follow,
}

/// Which entries of the access log to remove.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LogScope {
    /// Those of attempts that ended longer ago than this, in milliseconds.
    OlderThan(u64),
    /// Every one.
    All,
}

/// What the daemon answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Reply {
    /// Answer to [`Request::Status`].
    Status(Status),
    /// One counter.
    Counter(Counter),
    /// One attempt.
    Attempt(Attempt),
    /// What a reset did.
    Reset(Reset),
    /// The configuration is in force.
    Reloaded(Option<Sentence>),
    /// Nothing more follows, but for whoever follows the access log.
    End,
    /// The request cannot be served.
    Failed(Sentence),
    /// So many entries left the access log before a slow follower could be told of them.
    Missed(u64),
    /// So many entries were removed from the access log.
    LogsReset(u64),
    /// Answer to [`Request::Why`].
    Why(Box<Explanation>),
    /// One entry of a list.
    Entry(Entry),
    /// What is remarkable about the subject with this number, from 0.
    Remark(u32, Remark),
    /// The subject with this number cannot be one.
    Unusable(u32, Sentence),
    /// Answer to [`Request::PanicOff`].
    PanicOff {
        /// What held when it came.
        before: Option<PanicOff>,
        /// What holds now.
        now: Option<PanicOff>,
    },
    /// Answer to [`Request::Backup`].
    Backup(Backup),
}

/// A copy of the database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backup {
    /// Its file.
    pub path: Sentence,
    /// Records in it.
    pub records: u64,
    /// Its length.
    pub bytes: u64,
}

/// An entry of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// In which list.
    pub list: ListName,
    /// What kind of subject it names.
    pub kind: Kind,
    /// Whom it names, as it can be typed.
    pub subject: Listed,
    /// Why.
    pub comment: Option<Comment>,
    /// Who made it, and when and until when it holds.
    pub source: Source,
}

/// What an entry of a list names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// An address or a network.
    Network,
    /// A user.
    User,
    /// The members of a group.
    Group,
    /// Accounts with these numbers.
    Uids,
}

/// Where an entry of a list comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Source {
    /// From the configuration.
    Configuration,
    /// It was made by [`Request::Change`].
    RunTime {
        /// When, in milliseconds since 1970.
        since_ms: u64,
        /// Until it ends by itself, in milliseconds; `None` for never.
        left_ms: Option<u64>,
    },
}

/// What is remarkable about a subject of a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Remark {
    /// Added in place of an entry that was there.
    Replaced,
    /// Not removed: it is not there.
    Missing,
    /// This file, or one in conf.d beside it, names it: there it stays.
    Configured(Sentence),
    /// Added to the whitelist, but the blacklist names it too, and is stronger.
    Blacklisted,
    /// No account of that name was found.
    Unknown,
}

/// The daemon at a glance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// Release of the daemon.
    pub version: Label,
    /// Seconds since it started.
    pub uptime_s: u64,
    /// `sled`, `memory` or `dummy`.
    pub store: Label,
    /// Why the last failures are not on disk; `None` when they are.
    pub store_alarm: Option<Sentence>,
    /// What was wrong with the store when the daemon started, and what was done about it.
    pub store_notice: Option<Sentence>,
    /// Whether lockouts refuse anybody, where no rule says otherwise.
    pub enforcement: Enforcement,
    /// Whether nobody is refused for some time, whatever else says so.
    pub panic_off: Option<PanicOff>,
    /// Counters that hold a failure.
    pub counters: u64,
    /// Counters that are at their limit.
    pub locked: u64,
    /// Failures that were forgotten since the start because there was no room for more.
    pub crowded_out: u64,
    /// Attempts that have begun and not ended.
    pub in_flight: u64,
    /// Attempts that wait at the gate.
    pub waiting: u64,
    /// How the attempts ended since the daemon started.
    pub totals: Totals,
}

/// Attempts by outcome.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// Logged in.
    pub success: u64,
    /// Wrong answer.
    pub failure: u64,
    /// Not let through.
    pub refused: u64,
    /// Nobody answered.
    pub abandoned: u64,
    /// A backend was down.
    pub error: u64,
}

/// A counter; attributes that it does not look at are `None`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counter {
    /// What the administrator calls counters of its kind.
    pub name: Option<Label>,
    /// User name.
    pub username: Option<Name>,
    /// Address, network or host name; `local`, or `local:NAME` where NAME asked for somebody else.
    pub address: Option<Host>,
    /// Whom it counts.
    pub lane: Lane,
    /// PAM service.
    pub service: Option<Label>,
    /// Terminal.
    pub tty: Option<Label>,
    /// Failures counted now.
    pub failures: u32,
    /// Failures at which it locks.
    pub limit: u32,
    /// First failure counted, in milliseconds since 1970.
    pub first_ms: u64,
    /// Last failure counted, in milliseconds since 1970.
    pub last_ms: u64,
    /// When it locked, in milliseconds since 1970; `None` when it is not locked.
    pub locked_ms: Option<u64>,
    /// Until the failures are forgotten, in milliseconds; `None` for never.
    pub left_ms: Option<u64>,
    /// Which cool-off of a list applies, from 1.
    pub level: u8,
}

/// Whether a counter is that of one familiar address, beside that of all the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Lane {
    /// It is not.
    Shared,
    /// It is: the user logged in from this address not long ago.
    Familiar,
}

/// How a recorded attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// As the module reported it.
    Reported(pam::Outcome),
    /// It never reached the password.
    Refused,
}

/// One attempt as it was recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// When it ended, in milliseconds since 1970.
    pub at_ms: u64,
    /// User name.
    pub username: Name,
    /// Address or host name, or `local`.
    pub address: Host,
    /// PAM service.
    pub service: Label,
    /// Terminal.
    pub tty: Option<Label>,
    /// The user who asked.
    pub ruser: Option<Name>,
    /// How it ended.
    pub outcome: Outcome,
    /// Why, where something decided.
    pub reason: Option<Sentence>,
}

/// What a reset did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reset {
    /// Failures forgotten.
    pub failures: u64,
    /// Lockouts that ended.
    pub unlocked: u64,
}

/// Whether a client would be let in, and what that depends on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explanation {
    /// Who was judged, under the account's own name.
    pub client: pam::Client,
    /// Whether it would be let in.
    pub verdict: Verdict,
    /// The rule by which it is judged; `None` for the settings that apply to everybody.
    pub rule: Option<Label>,
    /// Whether lockouts refuse it.
    pub enforcement: Enforcement,
    /// Whether the user logged in from there not long ago.
    pub familiar: bool,
    /// Failures that lock the fullest of its counters; `None` where it is not counted, or refused.
    pub failures_left: Option<u32>,
    /// How much of it is told.
    pub view: View,
}

/// Whether a client would be let in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Verdict {
    /// Nothing speaks against it.
    Admitted,
    /// It is never refused.
    Exempt(Exemption),
    /// This counter is at its limit; what the administrator calls counters of its kind.
    Locked(Counter, Option<Label>),
    /// This entry of the blacklist.
    Blacklisted(ListEntry),
    /// Its address is not in the whitelist, and nobody else may log in.
    NotWhitelisted,
    /// Nothing can be written, and nobody who is counted may log in meanwhile.
    Unkept,
}

/// Why a client is neither counted nor refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Exemption {
    /// Protection is switched off, by the rule or for everybody.
    Off,
    /// This entry of the whitelist.
    Whitelisted(ListEntry),
    /// Root at the console.
    RootConsole,
    /// A directory keeps the account.
    DirectoryAccount,
}

/// An entry of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListEntry {
    /// A network, a user, `@group` or a range of uids.
    pub subject: Sentence,
    /// Where it stands.
    pub origin: Origin,
    /// Until it ends by itself, in milliseconds; `None` for never.
    pub left_ms: Option<u64>,
}

/// Where an entry of a list stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Origin {
    /// In the configuration.
    Configured,
    /// It was made at run time.
    RunTime,
}

/// Whether lockouts refuse a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Enforcement {
    /// They do.
    On,
    /// Everybody is counted, and nobody locked out.
    Monitor,
    /// Lockouts are enforced in other services only.
    OtherServices,
    /// Nobody is counted.
    Off,
    /// For some time everybody is counted, and nobody refused, not by lists either.
    PanicOff,
    /// They do, and whoever is counted is refused as long as nothing can be written.
    StoreFails,
}

/// How much somebody is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum View {
    /// Everything.
    Whole,
    /// What concerns himself.
    Own,
}

impl Message for Request {
    const KIND: u8 = 3;
}

impl Message for Reply {
    const KIND: u8 = 4;
}
