//! Changes of whitelist and blacklist: any number of subjects, some in each request.

mod json;
mod progress;
mod subjects;
mod text;

use std::path::{Path, PathBuf};
use std::time::Duration;

use axes_proto::client::{Connection, Patience};
use axes_proto::control::{
    Change, Counter, Deed, Entry, ListName, MOST_SUBJECTS, Reach, Remark, Reply, Request, Subject,
};
use axes_proto::frame::MAX_FRAME;
use axes_proto::text::Comment;

use super::error::CtlError;
pub(super) use json::{entries as json_entries, render as json};
pub(super) use progress::Progress;
use subjects::Whom;
pub(super) use subjects::{Named, Spelling};
pub(super) use text::{entries as text_entries, render as text};

/// How long the daemon may take for one request; it may have to ask a directory for each name.
const PATIENCE: Duration = Duration::from_secs(60);
/// Bytes of the subjects in one request; comment and head fit into the rest of the frame.
const ROOM: usize = MAX_FRAME - Comment::MAX - 64;

/// What is to be done with a list.
#[derive(Debug)]
pub(super) struct Amendment {
    pub(super) list: ListName,
    pub(super) intent: Intent,
    pub(super) named: Vec<Named>,
    pub(super) file: Option<PathBuf>,
}

/// What is to be done with entries, as it was typed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Intent {
    Add { reach: Reach, comment: Option<String>, for_ms: Option<u64> },
    Remove,
}

/// What was done with a list.
#[derive(Debug, PartialEq)]
pub(super) struct Amended {
    pub(super) list: ListName,
    pub(super) done: Done,
    /// Those that were added or removed.
    pub(super) entries: Vec<Entry>,
    pub(super) remarks: Vec<(Subject, Remark)>,
    /// Lockouts that refuse nobody any more, or do again.
    pub(super) lockouts: Vec<Counter>,
}

/// What was done with entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Done {
    Added,
    Removed,
}

/// Changes a list. Of many subjects each is read by the daemon before the first is listed, so
/// that a file with a mistake changes nothing.
pub(super) fn amend(
    socket: &Path,
    amendment: Amendment,
    mut progress: Progress,
) -> Result<Amended, CtlError> {
    let Amendment { list, intent, named, file } = amendment;
    let (check, deed, done) = intent.deeds()?;
    let whom = subjects::gather(named, file.as_deref())?;
    let entries = Vec::new();
    let mut amended = Amended { list, done, entries, remarks: vec![], lockouts: vec![] };
    let parts = parts(&whom);
    if parts.is_empty() {
        return Ok(amended);
    }
    let talk = Talk { connection: open(socket)?, socket, list, file: file.as_deref() };
    if parts.len() > 1 {
        for part in &parts {
            talk.put(&check, part, &mut amended)?;
        }
    }
    let mut changed = 0;
    for part in parts {
        talk.put(&deed, part, &mut amended).map_err(|error| match changed {
            0 => error,
            changed => CtlError::Partly(changed, whom.len(), Box::new(error)),
        })?;
        changed += part.len();
        progress.tell(changed, whom.len());
    }
    Ok(amended)
}

impl Intent {
    /// What the daemon is asked to check, and then to do.
    fn deeds(self) -> Result<(Deed, Deed, Done), CtlError> {
        match self {
            Self::Remove => Ok((Deed::Check(Reach::Everybody), Deed::Remove, Done::Removed)),
            Self::Add { reach, comment, for_ms } => {
                let comment = comment.map(|text| self::comment(&text)).transpose()?;
                Ok((Deed::Check(reach), Deed::Add { reach, comment, for_ms }, Done::Added))
            }
        }
    }
}

fn comment(text: &str) -> Result<Comment, CtlError> {
    let comment = Comment::from_escaped(text).map_err(|_| CtlError::Comment)?;
    if text.trim().is_empty() { Err(CtlError::Comment) } else { Ok(comment) }
}

fn open(socket: &Path) -> Result<Connection, CtlError> {
    let connection = Connection::open(socket, &mut Patience::of(super::PATIENCE));
    connection.map_err(|error| CtlError::asking(socket, error))
}

/// As many as fit into a request, and so on.
fn parts(mut whom: &[Whom]) -> Vec<&[Whom]> {
    let mut parts = Vec::new();
    while !whom.is_empty() {
        let mut room = ROOM;
        let fits = |whom: &&Whom| {
            let left = room.checked_sub(whom.size());
            room = left.unwrap_or_default();
            left.is_some()
        };
        let fitting = whom.iter().take(MOST_SUBJECTS).take_while(fits).count();
        // One always fits.
        let (part, rest) = whom.split_at(fitting.max(1));
        parts.push(part);
        whom = rest;
    }
    parts
}

/// A connection for changes of one list.
struct Talk<'a> {
    connection: Connection,
    socket: &'a Path,
    list: ListName,
    /// Where subjects with a line stand.
    file: Option<&'a Path>,
}

impl Talk<'_> {
    fn put(&self, deed: &Deed, part: &[Whom], amended: &mut Amended) -> Result<(), CtlError> {
        let failed = |error| CtlError::asking(self.socket, error);
        let subjects = part.iter().map(|whom| whom.subject.clone()).collect();
        let change = Change { list: self.list, deed: deed.clone(), subjects };
        let mut patience = Patience::of(PATIENCE);
        self.connection.send(&Request::Change(change), &mut patience).map_err(failed)?;
        let whom = |index: u32| usize::try_from(index).ok().and_then(|index| part.get(index));
        loop {
            match self.connection.receive(&mut patience).map_err(failed)? {
                Reply::Entry(entry) => amended.entries.push(entry),
                Reply::Counter(counter) => amended.lockouts.push(counter),
                Reply::Remark(index, remark) => {
                    let whom = whom(index).ok_or(CtlError::Incomplete)?;
                    amended.remarks.push((whom.subject.clone(), remark));
                }
                Reply::Unusable(index, sentence) => {
                    let whom = whom(index).ok_or(CtlError::Incomplete)?;
                    return Err(whom.unusable(self.file, sentence.to_string()));
                }
                Reply::Failed(sentence) => return Err(CtlError::Refused(sentence)),
                Reply::End => return Ok(()),
                _ => return Err(CtlError::Incomplete),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use axes_proto::frame;
    use axes_proto::text::Sentence;

    use super::*;
    use crate::ctl::follow::Form;
    use crate::ctl::samples::Daemon;

    fn named(text: &str) -> Named {
        Named { text: text.to_owned(), spelling: Spelling::Either, line: None }
    }

    fn amendment(intent: Intent, texts: &[&str]) -> Amendment {
        let named = texts.iter().map(|text| named(text)).collect();
        Amendment { list: ListName::Black, intent, named, file: None }
    }

    fn amended(replies: &[Reply], texts: &[&str]) -> (Result<Amended, CtlError>, Request) {
        let daemon = Daemon::answering(replies);
        let removal = amendment(Intent::Remove, texts);
        let amended = amend(&daemon.socket, removal, Progress::new(Form::Json));
        (amended, daemon.asked.join().unwrap())
    }

    #[test]
    fn the_daemon_hears_of_everybody_and_a_remark_finds_whom_it_means() {
        let remark = Reply::Remark(1, Remark::Missing);
        let (amended, asked) = amended(&[remark, Reply::End], &["192.0.2.1", "@guests"]);
        let [address, group] = ["192.0.2.1", "@guests"].map(axes_proto::Text::from_typed);
        let subjects = vec![Subject::Address(address), Subject::User(group.clone())];
        let change = Change { list: ListName::Black, deed: Deed::Remove, subjects };
        assert_eq!(asked, Request::Change(change));
        assert_eq!(amended.unwrap().remarks, [(Subject::User(group), Remark::Missing)]);
    }

    #[test]
    fn what_cannot_be_listed_is_wrong_usage_and_half_an_answer_is_none() {
        let sentence = Sentence::from_typed("\"x/y\" is not an address");
        let (unusable, _) = amended(&[Reply::Unusable(0, sentence)], &["x/y"]);
        assert_eq!(unusable.unwrap_err().status(), crate::ctl::WRONG_USAGE);
        for replies in [&[][..], &[Reply::Remark(7, Remark::Missing)], &[Reply::Reloaded(None)]] {
            let (incomplete, _) = amended(replies, &["alice"]);
            assert!(matches!(incomplete, Err(CtlError::Incomplete)), "{replies:?}");
        }
    }

    #[test]
    fn a_comment_is_one_line_that_fits() {
        let longest = "x".repeat(200);
        for text in ["office, main", "50% off", &longest] {
            assert_eq!(comment(text).unwrap().as_str(), text);
        }
        for text in ["", "  ", "a\nb", "\u{202e}x", &"x".repeat(201), &"x".repeat(1 << 16)] {
            assert!(matches!(comment(text), Err(CtlError::Comment)), "{} bytes", text.len());
        }
    }

    #[test]
    fn parts_fit_into_a_frame_and_leave_nobody_out() {
        let long = "x".repeat(256);
        let texts = ["alice", &long].repeat(150);
        let whom = subjects::gather(texts.iter().map(|text| named(text)).collect(), None).unwrap();
        let parts = parts(&whom);
        assert_eq!(parts.iter().map(|part| part.len()).sum::<usize>(), whom.len());
        for part in parts {
            assert!(part.len() <= MOST_SUBJECTS);
            let comment = Some(comment(&"x".repeat(200)).unwrap());
            let deed = Deed::Add { reach: Reach::Everybody, comment, for_ms: Some(u64::MAX) };
            let subjects = part.iter().map(|whom| whom.subject.clone()).collect();
            let change = Change { list: ListName::Black, deed, subjects };
            assert!(frame::encode(&Request::Change(change)).is_ok());
        }
    }
}
