//! How many lockouts a counter has behind it, where its cool-off depends on that.

use std::sync::Arc;

use crate::effect::Effect;
use crate::key::CounterKey;
use crate::note::{LevelKey, Note, NoteKey};
use crate::settings::{CounterId, CounterRule, Settings};
use crate::time::Timestamp;
use crate::timed::Timed;

/// Counters that are remembered after their lockout; those go first that start again first.
const MOST: usize = 100_000;

#[derive(Debug, Default)]
pub(super) struct Levels(Timed<LevelKey, Level>);

/// The last lockout of a counter.
#[derive(Clone, Copy, Debug)]
struct Level {
    level: u8,
    ended: Timestamp,
}

impl Levels {
    /// The level of a counter that begins at `now`.
    pub(super) fn next(&self, rule: &CounterRule, key: &CounterKey, now: Timestamp) -> u8 {
        if !rule.cooloff.rises() {
            return 0;
        }
        match self.0.get(&name(rule, key)) {
            // Long over, though nobody had the time to forget it.
            Some(last) if last.ended.after(rule.cooloff.decay) <= now => 0,
            Some(last) => rule.cooloff.clamped(last.level.saturating_add(1)),
            None => 0,
        }
    }

    /// A lockout ended.
    pub(super) fn note(
        &mut self,
        rule: &CounterRule,
        key: &CounterKey,
        level: u8,
        ended: Timestamp,
    ) -> Vec<Effect> {
        if !rule.cooloff.rises() {
            return Vec::new();
        }
        let key = name(rule, key);
        self.0.insert(key.clone(), Level { level, ended }, ended.after(rule.cooloff.decay));
        let mut effects = vec![Effect::Remember(Note::Level { key, level, ended })];
        if self.0.len() > MOST {
            effects.extend(self.0.pop_first().map(|(key, _)| forgotten(key)));
        }
        effects
    }

    /// What was noted before a restart; counters of a kind that is gone begin anew.
    pub(super) fn recall(
        &mut self,
        settings: &Settings,
        key: LevelKey,
        level: u8,
        ended: Timestamp,
    ) {
        let same = |rule: &&Arc<CounterRule>| {
            rule.name == key.name && rule.attributes == key.counter.attributes
        };
        let decay = settings.counters.iter().find(same).map(|rule| rule.cooloff.decay);
        self.0.insert(key, Level { level, ended }, ended.after(decay.unwrap_or_default()));
    }

    /// The same under other settings.
    pub(super) fn under(&mut self, settings: &Settings) -> Self {
        let mut levels = Self::default();
        while let Some((key, Level { level, ended })) = self.0.pop_first() {
            levels.recall(settings, key, level, ended);
        }
        levels
    }

    pub(super) fn forget(&mut self, goes: impl Fn(&CounterKey) -> bool) -> Vec<Effect> {
        let gone: Vec<_> = self.0.keys().filter(|key| goes(&key.counter)).cloned().collect();
        for key in &gone {
            self.0.remove(key);
        }
        gone.into_iter().map(forgotten).collect()
    }

    pub(super) fn expire(&mut self, now: Timestamp) -> Vec<Effect> {
        std::iter::from_fn(|| self.0.pop_ended(now)).map(|(key, _)| forgotten(key)).collect()
    }

    pub(super) fn next_end(&self) -> Option<Timestamp> {
        self.0.next_end()
    }
}

fn name(rule: &CounterRule, key: &CounterKey) -> LevelKey {
    let counter = CounterKey { counter: CounterId(0), ..key.clone() };
    LevelKey { name: rule.name.clone(), counter }
}

fn forgotten(key: LevelKey) -> Effect {
    Effect::Drop(NoteKey::Level(key))
}
