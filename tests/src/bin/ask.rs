//! One request to axesd by whoever runs this; prints what became of it in one word.
//!
//! `axes-ask SOCKET REQUEST USER [ADDRESS]`

use std::path::Path;
use std::process::exit;
use std::time::Duration;

use axes_proto::client::{ClientError, Connection, Patience};
use axes_proto::control::{
    self, Change, Deed, Filter, ListName, LogFilter, LogScope, PanicSwitch, Reach, Reading, Scope,
    Subject, View, Which,
};
use axes_proto::frame::Message;
use axes_proto::pam::{self, Outcome, Stage};
use axes_proto::text::{Host, Label, Name, Text};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [socket, request, user, rest @ ..] = arguments.as_slice() else {
        eprintln!("see the head of this file");
        exit(99);
    };
    let client = pam::Client {
        user: Name::from_typed(user),
        remote: rest.first().map(|address| Host::from_typed(address)),
        service: Label::from_typed("sshd"),
        tty: None,
        ruser: None,
    };
    println!("{}", Asker { socket: Path::new(socket) }.word(request, client));
}

struct Asker<'a> {
    socket: &'a Path,
}

impl Asker<'_> {
    fn word(&self, request: &str, client: pam::Client) -> &'static str {
        match request {
            "begin" => self.attempt(client, Stage::Prompting, Outcome::Failure),
            "verified" => self.attempt(client, Stage::Verified, Outcome::Failure),
            "success" => self.attempt(client, Stage::Prompting, Outcome::Success),
            "account" => match self.ask(&pam::Request::Account(client)) {
                Ok((_, reply)) => pam_word(&reply),
                Err(word) => word,
            },
            request => match self.ask(&control_request(request, client)) {
                Ok((_, reply)) => control_word(&reply),
                Err(word) => word,
            },
        }
    }

    /// An attempt from begin to end.
    fn attempt(&self, client: pam::Client, stage: Stage, outcome: Outcome) -> &'static str {
        let (connection, reply) = match self.ask(&pam::Request::Begin(client, stage)) {
            Ok(begun) => begun,
            Err(word) => return word,
        };
        let word = pam_word(&reply);
        if ["admitted", "yes"].contains(&word) {
            let verdict = pam::Request::Verdict(outcome);
            let told = connection.ask::<_, pam::Reply>(&verdict, &mut patience());
            match outcome {
                Outcome::Failure => assert_eq!(told.expect("an answer"), pam::Reply::Recorded),
                // Nobody answers, but the connection ends when it is counted.
                _ => assert!(matches!(told, Err(ClientError::Closed)), "{told:?}"),
            }
        }
        word
    }

    fn ask<Q: Message, A: Message>(&self, question: &Q) -> Result<(Connection, A), &'static str> {
        let connection = match Connection::open(self.socket, &mut patience()) {
            Ok(connection) => connection,
            Err(ClientError::Connect(nix::errno::Errno::EACCES)) => return Err("closed"),
            Err(error) => panic!("{error}"),
        };
        let answer = connection.ask(question, &mut patience()).expect("an answer");
        Ok((connection, answer))
    }
}

fn patience() -> Patience {
    Patience::of(Duration::from_secs(10))
}

fn pam_word(reply: &pam::Reply) -> &'static str {
    match reply {
        pam::Reply::Admitted { .. } => "admitted",
        pam::Reply::Proceed | pam::Reply::Recorded => "yes",
        pam::Reply::Refused(_) => "refused",
        pam::Reply::Failed(_) => "no",
    }
}

fn control_word(reply: &control::Reply) -> &'static str {
    match reply {
        control::Reply::Failed(_) => "no",
        control::Reply::Why(why) if why.view == View::Own => "own",
        _ => "yes",
    }
}

/// Of each kind one that does as little as it can.
fn control_request(name: &str, client: pam::Client) -> control::Request {
    use control::Request;
    let nobody = Name::from_typed("nobody-of-this-name");
    let none = Filter { user: Some(nobody), ..Filter::default() };
    match name {
        "status" => Request::Status,
        "list" => Request::List(Which::All),
        "show" => Request::Show(Subject::User(client.user)),
        "reset" => Request::Reset(Scope::Matching(none)),
        "reset-logs" => Request::ResetLogs(LogScope::OlderThan(u64::MAX)),
        "reload" => Request::Reload,
        "log" => Request::Log(LogFilter {
            client: none,
            outcomes: Vec::new(),
            since_ms: None,
            until_ms: None,
            newest: None,
            reading: Reading::Once,
        }),
        "entries" => Request::Entries(ListName::Black),
        "change" => Request::Change(Change {
            list: ListName::Black,
            deed: Deed::Check(Reach::Some),
            subjects: vec![Subject::User(Text::from_typed("nobody-of-this-name"))],
        }),
        "backup" => Request::Backup,
        "panic-off" => Request::PanicOff(PanicSwitch::End),
        "why" => Request::Why(client),
        other => panic!("no such request: {other}"),
    }
}
