//! The file as it is written; what is missing has its default.

use std::path::PathBuf;
use std::time::Duration;

use axes_policy::message::Message;
use axes_policy::settings::{CoolOff, Prefixes};
use serde::Deserialize;

use crate::config::access_log::{Age, Bytes, Entries, PerUser};
use crate::config::space::{MaxDisk, MaxMemory};
use crate::config::tables::{CounterTable, RuleTable};
use crate::config::values::{
    CoolOffTime, FamiliarFor, Folder, GateWait, Handler, Limit, Network, Parameters, Period,
    Prefix, Sentence, ServiceNames, StoreErrorMode, Stored, Who, Window,
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Document {
    pub(super) enabled: bool,
    pub(super) failure_limit: Limit,
    pub(super) failure_window: Window,
    pub(super) cooloff_time: CoolOffTime,
    pub(super) cooloff_decay: Period,
    pub(super) lockout_parameters: Option<Parameters>,
    pub(super) counter: Option<Vec<CounterTable>>,
    pub(super) rule: Vec<RuleTable>,
    pub(super) lock_out_at_failure: bool,
    pub(super) services: ServiceNames,
    pub(super) local_users_only: bool,
    pub(super) reset_on_success: bool,
    pub(super) reset_cool_off_on_failure_during_lockout: bool,
    pub(super) familiar_for: FamiliarFor,
    pub(super) trusted_proxies: Vec<Network>,
    pub(super) even_deny_root: bool,
    pub(super) ip_whitelist: Vec<Network>,
    pub(super) username_whitelist: Vec<Who>,
    pub(super) only_whitelist: bool,
    pub(super) ip_blacklist: Vec<Network>,
    pub(super) username_blacklist: Vec<Who>,
    pub(super) ipv4_prefix: Prefix<32>,
    pub(super) ipv6_prefix: Prefix<128>,
    pub(super) cooloff_message: Sentence,
    pub(super) permalock_message: Sentence,
    pub(super) help_address: String,
    pub(super) silent: bool,
    pub(super) store_ip_address: Stored,
    pub(super) store_username: Stored,
    pub(super) disable_access_log: bool,
    pub(super) disable_success_access_log: bool,
    pub(super) access_failure_log_per_user_limit: PerUser,
    pub(super) access_log_entries: Entries,
    pub(super) access_log_bytes: Bytes,
    pub(super) access_log_age: Age,
    pub(super) gate_wait: GateWait,
    pub(super) place_lease: Period,
    pub(super) daemon: DaemonTable,
    pub(super) store: StoreTable,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct DaemonTable {
    pub(super) socket: PathBuf,
    pub(super) control_socket: PathBuf,
    pub(super) log_socket: PathBuf,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct StoreTable {
    pub(super) handler: Handler,
    pub(super) path: Folder,
    pub(super) on_store_error: StoreErrorMode,
    pub(super) max_memory: MaxMemory,
    pub(super) max_disk: MaxDisk,
}

impl Default for Document {
    fn default() -> Self {
        Self {
            enabled: true,
            failure_limit: Limit::default(),
            failure_window: Window::default(),
            cooloff_time: CoolOffTime::default(),
            cooloff_decay: Period(CoolOff::DECAY),
            lockout_parameters: None,
            counter: None,
            rule: Vec::new(),
            lock_out_at_failure: true,
            services: ServiceNames::default(),
            local_users_only: false,
            reset_on_success: true,
            reset_cool_off_on_failure_during_lockout: false,
            familiar_for: FamiliarFor::default(),
            trusted_proxies: Vec::new(),
            even_deny_root: false,
            ip_whitelist: Vec::new(),
            username_whitelist: Vec::new(),
            only_whitelist: false,
            ip_blacklist: Vec::new(),
            username_blacklist: Vec::new(),
            ipv4_prefix: Prefix(Prefixes::default().v4),
            ipv6_prefix: Prefix(Prefixes::default().v6),
            cooloff_message: Sentence(Message::cooloff()),
            permalock_message: Sentence(Message::permalock()),
            help_address: String::new(),
            silent: false,
            store_ip_address: Stored::default(),
            store_username: Stored::default(),
            disable_access_log: false,
            disable_success_access_log: false,
            access_failure_log_per_user_limit: PerUser::default(),
            access_log_entries: Entries::default(),
            access_log_bytes: Bytes::default(),
            access_log_age: Age::default(),
            gate_wait: GateWait(Duration::from_secs(10)),
            place_lease: Period(Duration::from_secs(120)),
            daemon: DaemonTable::default(),
            store: StoreTable::default(),
        }
    }
}

impl Default for DaemonTable {
    fn default() -> Self {
        Self {
            socket: PathBuf::from("/run/axes/axesd.sock"),
            control_socket: PathBuf::from("/run/axes/control.sock"),
            log_socket: PathBuf::from("/dev/log"),
        }
    }
}

impl Default for StoreTable {
    fn default() -> Self {
        Self {
            handler: Handler::Sled,
            path: Folder("/var/lib/axes".into()),
            on_store_error: StoreErrorMode::Safe,
            max_memory: MaxMemory::default(),
            max_disk: MaxDisk::default(),
        }
    }
}
