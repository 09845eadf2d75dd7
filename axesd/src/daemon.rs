//! `axesd`: starts, reloads, ends.

mod kernel;
mod sockets;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::rc::Rc;
use std::thread::JoinHandle;
use std::time::Duration;

use clap::{CommandFactory as _, Parser};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::stat::{Mode, umask};
use sd_notify::NotifyState;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio::task::{LocalSet, spawn_local};

use crate::config::{self, Config, ConfigError, Handler, LogConfig, StoreConfig};
use crate::daemon::sockets::{SocketError, Sockets};
use crate::engine::{Engine, LogSettings, Names, Pseudonyms, Recorded};
use crate::log::{self, Logger};
use crate::printable::printable;
use crate::server::{self, Reloaded, Service};
use crate::store::{self, Alarm, Committer, Secret, Store, StoreError};

/// How long the end waits for passwords that are being verified.
const DRAIN: Duration = Duration::from_secs(3);
/// How long it waits for the last lines of the log.
const LOGGED: Duration = Duration::from_millis(500);
const RESTART: &str = "[daemon] or [store] changed: restart axesd for that";
const EXIT_STATUSES: &str = "\
Exit status:
  0  It ended as it was asked to, or the configuration is good.
  1  It could not start or go on, or the configuration has a mistake.
  2  The command line is wrong.";
const DRAIN_STEP: Duration = Duration::from_millis(20);

/// Keeps the attempts to log in to this host, and decides who may try.
#[derive(Debug, Parser)]
#[command(name = "axesd", version, after_help = EXIT_STATUSES)]
struct Arguments {
    /// The configuration; conf.d/*.toml beside it is read as well.
    #[arg(long, value_name = "FILE", default_value = "/etc/axes/axes.toml")]
    config: PathBuf,
    /// Reads the configuration, says what is wrong with it, and ends.
    #[arg(long)]
    check_config: bool,
    /// Where the kernel command line is read, once: `axes=off` on it refuses nobody until the
    /// next boot.
    #[arg(long, value_name = "FILE", default_value = "/proc/cmdline")]
    kernel_command_line: PathBuf,
}

/// Why the daemon cannot start or go on.
#[derive(Debug, thiserror::Error)]
enum DaemonError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Socket(#[from] SocketError),
    #[error("{0}: {1}")]
    Io(&'static str, std::io::Error),
}

/// Runs the daemon with the arguments of the process.
#[must_use]
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let result = if arguments.check_config { check(&arguments.config) } else { run(&arguments) };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nobody is left to tell when standard error is closed.
            let _ = writeln!(std::io::stderr(), "axesd: {}", printable(&error.to_string()));
            ExitCode::FAILURE
        }
    }
}

/// What can be typed, for manuals.
#[must_use]
pub fn command() -> clap::Command {
    Arguments::command()
}

fn check(path: &Path) -> Result<(), DaemonError> {
    config::load(path)?;
    writeln!(std::io::stdout(), "{}: good", path.display())
        .map_err(|error| DaemonError::Io("standard output", error))
}

fn run(arguments: &Arguments) -> Result<(), DaemonError> {
    let path = &arguments.config;
    umask(Mode::from_bits_truncate(0o077));
    raise_descriptor_limit();
    let config = config::load(path)?;
    let logger = log::start(&config.daemon.log_socket);
    let mut store = open_store(&config.store)?;
    let name = store.name();
    let kept = store.load()?;
    let Secret { key, notice } = secret(&config.store)?;
    let notices: Vec<_> = kept.notice.iter().cloned().chain(notice).collect();
    notices.iter().for_each(|notice| logger.error(notice.clone()));
    let (alarms, alarm) = watch::channel(None);
    let (committer, writer) = Committer::start(store, tell_of(alarms, logger.clone()))
        .map_err(|error| DaemonError::Io("cannot start the committer", error))?;
    let pseudonyms = Pseudonyms::new(key);
    let (settings, bounds) = (config.settings.clone(), log_settings(config.access_log));
    let engine = Engine::new(settings, bounds, pseudonyms, kept, committer.clone(), logger.clone());
    heed_kernel(&arguments.kernel_command_line, &engine, &logger);
    let engine = Rc::new(engine);
    let service = Service {
        engine: engine.clone(),
        names: Names::default(),
        logger: logger.clone(),
        store: name,
        alarm,
        notice: (!notices.is_empty()).then(|| notices.join("; ")),
        reload: reloader(path, &config, engine, logger.clone()),
        config: path.to_owned(),
    };
    let result = serve(&config, Rc::new(service));
    finish(committer, writer, &logger);
    result
}

/// Before anybody is served.
fn heed_kernel(command_line: &Path, engine: &Engine, logger: &Logger) {
    match kernel::says_off(command_line) {
        Ok(true) => engine.panic_off_while_up(),
        Ok(false) => {}
        Err(error) => {
            let path = command_line.display();
            logger.warning(format!("{path}: {error}; whether it says axes=off is not known"));
        }
    }
}

/// A connection is a descriptor; the usual soft limit of 1024 is too few.
fn raise_descriptor_limit() {
    if let Ok((_, hard)) = getrlimit(Resource::RLIMIT_NOFILE) {
        // Within the hard limit this does not fail; without it fewer connections are served.
        let _ = setrlimit(Resource::RLIMIT_NOFILE, hard, hard);
    }
}

/// Runs until a signal says otherwise.
fn serve(config: &Config, service: Rc<Service>) -> Result<(), DaemonError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| DaemonError::Io("cannot start the runtime", error))?;
    let served = LocalSet::new().block_on(&runtime, live(config, service));
    // A look-up that hangs in NSS must not hold up the end.
    runtime.shutdown_background();
    served
}

async fn live(config: &Config, service: Rc<Service>) -> Result<(), DaemonError> {
    let io = |error| DaemonError::Io("signals", error);
    let mut hangup = signal(SignalKind::hangup()).map_err(io)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(io)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(io)?;
    let sockets = Sockets::open(&config.daemon)?;
    let engine = service.engine.clone();
    spawn_local(async move { engine.keep_deadlines().await });
    let (engine, alarm) = (service.engine.clone(), service.alarm.clone());
    spawn_local(async move { engine.heed_store(alarm).await });
    let doors = spawn_local(server::serve(service.clone(), sockets.pam, sockets.control));
    tell(&[NotifyState::Ready]);
    service.logger.info(format!("axesd {} is ready", env!("CARGO_PKG_VERSION")));
    tokio::select! {
        () = reloads(&service, &mut hangup) => {}
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tell(&[NotifyState::Stopping]);
    doors.abort();
    drain(&service).await;
    service.engine.close();
    Ok(())
}

async fn reloads(service: &Service, hangup: &mut Signal) {
    while hangup.recv().await.is_some() {
        // What is wrong stands in the log.
        let _ = (service.reload)();
    }
}

/// Reads the configuration again; a broken file changes nothing.
fn reloader(
    path: &Path,
    started: &Config,
    engine: Rc<Engine>,
    logger: Logger,
) -> Box<dyn Fn() -> Reloaded> {
    let path = path.to_owned();
    let fixed = (started.daemon.clone(), started.store.clone());
    Box::new(move || {
        let clock = NotifyState::monotonic_usec_now();
        tell(&[NotifyState::Reloading].into_iter().chain(clock.ok()).collect::<Vec<_>>());
        let loaded = config::load(&path).map_err(|error| error.to_string());
        let reloaded = loaded.map(|config| {
            let same = (&config.daemon, &config.store) == (&fixed.0, &fixed.1);
            engine.reconfigure(config.settings);
            engine.reconfigure_log(log_settings(config.access_log));
            (!same).then_some(RESTART)
        });
        match &reloaded {
            Ok(None) => logger.info("configuration reloaded".to_owned()),
            Ok(Some(rest)) => logger.warning(format!("configuration reloaded; {rest}")),
            Err(error) => logger.error(format!("configuration not reloaded: {error}")),
        }
        tell(&[NotifyState::Ready]);
        reloaded
    })
}

fn log_settings(config: LogConfig) -> LogSettings {
    let LogConfig { failures_per_user, entries, bytes, age, .. } = config;
    let recorded = match (config.disabled, config.successes_disabled) {
        (true, _) => Recorded::Nothing,
        (false, true) => Recorded::AllButSuccesses,
        (false, false) => Recorded::Everything,
    };
    LogSettings { recorded, failures_per_user, entries, bytes, age }
}

/// Lets those who are past the gate report how it ended, and the store keep it.
async fn drain(service: &Service) {
    let drained = async {
        while service.engine.unfinished() > 0 {
            tokio::time::sleep(DRAIN_STEP).await;
        }
    };
    // Whoever takes longer reports to the next daemon.
    let _ = tokio::time::timeout(DRAIN, drained).await;
}

fn finish(committer: Committer, writer: JoinHandle<()>, logger: &Logger) {
    committer.close();
    if writer.join().is_err() {
        logger.error("the committer ended with a panic".to_owned());
    }
    logger.flush(LOGGED);
}

fn tell_of(
    alarm: watch::Sender<Option<String>>,
    logger: Logger,
) -> impl Fn(Alarm) + Send + 'static {
    move |event| {
        let text = match event {
            Alarm::Raised(reason) => {
                logger.error(format!("ALARM: attempts are not on disk: {reason}"));
                Some(reason)
            }
            Alarm::Cleared => {
                logger.notice("attempts are on disk again".to_owned());
                None
            }
            Alarm::DumpFailed(reason) => {
                logger.error(format!("no copy of the database was made: {reason}"));
                return;
            }
        };
        alarm.send_replace(text);
    }
}

fn tell(state: &[NotifyState<'_>]) {
    // Not started by systemd: nobody to tell.
    let _ = sd_notify::notify(state);
}

fn open_store(config: &StoreConfig) -> Result<Box<dyn Store>, StoreError> {
    match config.handler {
        Handler::Sled => store::sled(&config.path),
        Handler::Memory => Ok(store::nowhere("memory")),
        Handler::Dummy => Ok(store::nowhere("dummy")),
    }
}

/// The key of pseudonyms lives as long as what it stands in.
fn secret(config: &StoreConfig) -> Result<Secret, StoreError> {
    match config.handler {
        Handler::Sled => store::secret(&config.path),
        Handler::Memory | Handler::Dummy => {
            Ok(Secret { key: store::passing_secret()?, notice: None })
        }
    }
}
