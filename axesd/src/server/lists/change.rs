//! One change of a list: read, judged, made.

use std::time::Duration;

use axes_proto::control::{self, Change, Deed, MOST_SUBJECTS, Reach, Reply};

use crate::engine::{Addition, Detail, ListChange, ListName, Subject};
use crate::server::lists::journal::{Journal, Verb};
use crate::server::lists::wire;
use crate::server::{Service, convert};

/// Why a change was not made, or is not on disk.
#[derive(Debug)]
pub(super) enum NotMade {
    /// The subject with this number cannot be listed.
    Unusable(u32, String),
    /// Anything else.
    Failed(String),
}

/// Makes a change; all answers but the end.
///
/// # Errors
///
/// [`NotMade`], with a sentence for the administrator.
pub(super) async fn made(
    service: &Service,
    journal: &mut Journal<'_>,
    change: Change,
) -> Result<Vec<Reply>, NotMade> {
    let Change { list, deed, subjects } = change;
    if subjects.len() > MOST_SUBJECTS {
        return Err(NotMade::Failed(format!("more than {MOST_SUBJECTS} subjects at once")));
    }
    let list = wire::list(list);
    match deed {
        Deed::Check(reach) => read(list, reach, &subjects).map(|_| Vec::new()),
        Deed::Add { reach, comment, for_ms } => {
            let addition = Addition {
                list,
                subjects: read(list, reach, &subjects)?,
                comment: comment.map(|comment| comment.as_str().into()),
                time: for_ms.map(Duration::from_millis),
            };
            add(service, journal, addition).await
        }
        Deed::Remove => {
            let mut subjects = read(list, Reach::Everybody, &subjects)?;
            for subject in &mut subjects {
                // What is listed can be removed, whatever the account is called by now.
                if !service.engine.has_entry(list, subject) {
                    (*subject, _) = named(service, subject.clone()).await;
                }
            }
            let removed = service.engine.remove_entries(list, &subjects).await;
            told(service, journal, Verb::Removed(list), removed)
        }
    }
}

impl From<NotMade> for Reply {
    fn from(why: NotMade) -> Self {
        match why {
            NotMade::Unusable(index, sentence) => {
                Self::Unusable(index, convert::sentence(&sentence))
            }
            NotMade::Failed(sentence) => Self::Failed(convert::sentence(&sentence)),
        }
    }
}

async fn add(
    service: &Service,
    journal: &mut Journal<'_>,
    mut addition: Addition,
) -> Result<Vec<Reply>, NotMade> {
    let (verb, mut unknown) = (Verb::Added(addition.list), Vec::new());
    for (index, subject) in (0..).zip(&mut addition.subjects) {
        let (name, knowledge) = named(service, subject.clone()).await;
        if knowledge == Knowledge::Stranger {
            unknown.push(Reply::Remark(index, control::Remark::Unknown));
        }
        *subject = name;
    }
    let added = service.engine.add_entries(addition).await;
    let added = added.map_err(|full| NotMade::Failed(full.to_string()))?;
    Ok([told(service, journal, verb, added)?, unknown].concat())
}

/// What is known of a subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Knowledge {
    /// There is no user or group of that name.
    Stranger,
    /// Anything else.
    Enough,
}

fn read(
    list: ListName,
    reach: Reach,
    subjects: &[control::Subject],
) -> Result<Vec<Subject>, NotMade> {
    let read = |(index, subject)| {
        let subject: Subject =
            wire::subject(subject).map_err(|error| NotMade::Unusable(index, error.to_string()))?;
        if reach == Reach::Some && subject.is_everybody() {
            return Err(NotMade::Unusable(index, everybody(list, &subject)));
        }
        Ok(subject)
    };
    (0..).zip(subjects).map(read).collect()
}

fn everybody(list: ListName, subject: &Subject) -> String {
    let consequence = match list {
        ListName::White => "nobody would be counted or refused any more",
        ListName::Black => "nobody could log in any more, nor could you",
    };
    format!("{subject} names everybody: {consequence}; if you mean that, add --force")
}

/// A user under the account's own name, as attempts are judged.
async fn named(service: &Service, subject: Subject) -> (Subject, Knowledge) {
    let name = match subject {
        Subject::User(name) => name,
        Subject::Group(name) => {
            let there = service.names.has_group(&name).await;
            let knowledge = if there { Knowledge::Enough } else { Knowledge::Stranger };
            return (Subject::Group(name), knowledge);
        }
        other => return (other, Knowledge::Enough),
    };
    let person = service.names.person(&name, Detail::Name).await;
    let knowledge = person.account.map_or(Knowledge::Stranger, |_| Knowledge::Enough);
    (Subject::User(person.name.into()), knowledge)
}

/// Writes to the log what was done, whether or not it is on disk.
fn told(
    service: &Service,
    journal: &mut Journal<'_>,
    verb: Verb,
    change: ListChange,
) -> Result<Vec<Reply>, NotMade> {
    let clock = service.engine.clock();
    let mut replies = Vec::new();
    for (index, outcome) in (0..).zip(change.outcomes) {
        if let Some(entry) = &outcome.entry {
            journal.enter(verb, entry);
            replies.push(Reply::Entry(wire::entry(entry, clock)));
        }
        let remarks = outcome.remarks.into_iter();
        replies.extend(remarks.map(|it| Reply::Remark(index, wire::remark(it, &service.config))));
    }
    let lockouts = change.lockouts.iter();
    replies.extend(lockouts.map(|state| Reply::Counter(convert::counter(state, clock))));
    let unkept = |error| NotMade::Failed(format!("it is in force, but not on disk: {error}"));
    change.committed.map(|()| replies).map_err(unkept)
}
