//! Changes told in the names of branches.
//!
//! A change names others as its author called them. An author who did not know that a log parts
//! called both of its branches alike; which one was meant follows from what the change depends on,
//! where each log is named with a hash. The bytes as they came are kept beside the change that was
//! told anew: those are hashed, signed and passed on.

use crate::apply::Applier;
use crate::fork::Branch;
use crate::writers::Writers;
use crate::{StoreError, Tx, columns};
use holdfast_model::change::Removal;
use holdfast_model::fields::REVIEWED;
use holdfast_model::text::{Version, WriterNames, writer_of};
use holdfast_model::{Change, Dep, Dot, Edit, Kind, ShortHash, Value};
use holdfast_oplog::{ActorId, ChangeId, Hash, LogId, Space, encode};
use std::collections::{BTreeMap, BTreeSet};

/// What the author of a change had of each log, in the author's own names.
type Context = BTreeMap<ActorId, (u64, Option<ShortHash>)>;

/// The contexts of logs, as far as they were read.
#[derive(Debug, Default)]
pub(crate) struct Contexts(BTreeMap<LogId, Context>);

/// What the author of one change called the logs that are called otherwise here.
struct Names<'a> {
    branches: &'a [Branch],
    /// The author's name of a log, and the logs here that it covers, one after the other.
    paths: BTreeMap<ActorId, Vec<ActorId>>,
}

impl<'a> Names<'a> {
    /// `own` is the log that the change is in, as it is called here, and `author` who wrote it.
    fn new(
        tx: &Tx<'_>,
        branches: &'a [Branch],
        context: &Context,
        own: LogId,
        author: ActorId,
    ) -> Result<Self, StoreError> {
        let mut paths = BTreeMap::new();
        let parts = |log: ActorId| branches.iter().any(|branch| branch.parent == log);
        for log in context.keys().copied().chain([author]) {
            let mut path = vec![log];
            let end = if log == author {
                Some(own)
            } else if parts(log)
                && let Some((seq, hash)) = context.get(&log)
            {
                tx.find_dep(own.space, log, *seq, *hash)?
            } else {
                None
            };
            if let Some(end) = end {
                let ancestry = tx.ancestry(end)?;
                let leads = ancestry.iter().rev().skip_while(|branch| branch.parent != log);
                for branch in leads {
                    // From here on the author had another name for it, which it learned later.
                    if context.contains_key(&branch.log.actor) {
                        break;
                    }
                    path.push(branch.log.actor);
                }
            }
            paths.insert(log, path);
        }
        Ok(Self { branches, paths })
    }

    fn dot(&self, dot: Dot) -> Dot {
        let path = self.paths.get(&dot.actor).map(Vec::as_slice).unwrap_or_default();
        let begun = |name: &ActorId| {
            self.branches.iter().any(|b| b.log.actor == *name && b.first <= dot.seq)
        };
        let actor = path.iter().skip(1).rev().copied().find(|name| begun(name));
        Dot { actor: actor.unwrap_or(dot.actor), ..dot }
    }

    /// Whether any log is called otherwise here.
    fn are_other(&self) -> bool {
        self.paths.values().any(|path| path.len() > 1)
    }

    /// `here` is under which ids logs stand in texts here.
    fn writers(&self, here: &Writers) -> WriterNames {
        let mut names = WriterNames::new();
        // Its author had no other logs, and gave them ids by the same rule.
        let is_named = |branch: &&Branch| self.paths.contains_key(&branch.log.actor);
        let authors = self.branches.iter().filter(is_named).map(|branch| branch.actor);
        let there = Writers::among(self.paths.keys().copied().chain(authors));
        for (log, path) in &self.paths {
            names.add(there.of(*log), path.iter().map(|name| here.of(*name)).collect());
        }
        if !names.is_empty() {
            let known: BTreeSet<&ActorId> = self.paths.values().flatten().collect();
            for branch in self.branches.iter().filter(|b| !known.contains(&b.log.actor)) {
                names.set_aside(here.of(branch.log.actor));
            }
        }
        names
    }
}

/// Whether an edit says who wrote into a text.
fn names_writers(edit: &Edit) -> bool {
    let reviewed = edit.add.contains_key(REVIEWED) || edit.remove.contains_key(REVIEWED);
    reviewed || !edit.text.is_empty()
}

impl Applier<'_, '_> {
    /// Applies a change that came, told in the names used here.
    pub(crate) fn take_in(
        &mut self,
        mut change: Change,
        log: LogId,
        body: &[u8],
        hash: Hash,
        signature: Option<&[u8]>,
        exchange: Option<i64>,
    ) -> Result<(), StoreError> {
        if !self.rename(&mut change, log)? {
            return self.apply(&change, body, hash, signature, exchange);
        }
        let told = encode(&change)?;
        self.apply(&change, &told, hash, signature, exchange)?;
        self.tx.sql.execute(
            "UPDATE changes SET original = ?4 WHERE space = ?1 AND actor = ?2 AND seq = ?3",
            (log.space.as_str(), log.actor.0, columns::number(change.seq), body),
        )?;
        Ok(())
    }

    /// Tells a change in the names used here; `log` is where it is held. Whether anything in it has
    /// another name. What its texts gained is in the texts at hand then.
    fn rename(&mut self, change: &mut Change, log: LogId) -> Result<bool, StoreError> {
        let tx = self.tx;
        let mut branches = tx.branches()?;
        branches.retain(|branch| branch.log.space == log.space);
        if branches.is_empty() {
            return Ok(false);
        }
        let mut context = match self.contexts.0.remove(&log) {
            Some(context) => context,
            None => tx.context_before(log, change.seq)?,
        };
        for dep in &change.deps {
            context.insert(dep.actor, (dep.seq, dep.hash));
        }
        let author = change.actor;
        let names = Names::new(tx, &branches, &context, log, author)?;
        // Only texts name writers, and only then it is looked which ids they have.
        let writers = if change.edits().any(names_writers) {
            names.writers(&tx.writers(log.space)?)
        } else {
            WriterNames::new()
        };
        let renamed = log.actor != author || names.are_other() || !writers.is_empty();
        if renamed {
            change.actor = log.actor;
            change.rename(&mut |dot| names.dot(dot));
            let mut edits = Vec::new();
            for op in &mut change.ops {
                if let holdfast_model::Op::Edit(edit) = op {
                    edits.push(edit.as_mut().clone());
                }
            }
            for edit in &mut edits {
                self.rename_texts(edit, change, writer_of(&author.0), &writers)?;
            }
            let mut edits = edits.into_iter();
            for op in &mut change.ops {
                if let holdfast_model::Op::Edit(edit) = op
                    && let Some(told) = edits.next()
                {
                    **edit = told;
                }
            }
        }
        self.contexts.0.insert(log, context);
        Ok(renamed)
    }

    /// Tells the edits of texts, and the versions of texts that were decided on, in our names.
    fn rename_texts(
        &mut self,
        edit: &mut Edit,
        change: &Change,
        writer: u64,
        names: &WriterNames,
    ) -> Result<(), StoreError> {
        if !names_writers(edit) {
            return Ok(());
        }
        let place = (edit.entity, change.space);
        self.load(place, &edit.kind, change)?;
        let Some(loaded) = self.loaded.get(&place) else { return Ok(()) };
        let field = Kind::parse(&loaded.state.kind).and_then(Kind::text_field);
        let Some(open) = self.open_text(place)? else { return Ok(()) };
        for (name, text) in &mut edit.text {
            // What cannot be read is named when it is applied. A text that was copied has a writer of its
            // own.
            if Some(name.as_str()) == field
                && text.copied.is_none()
                && let Ok(told) = open.take_in_renamed(&text.update, writer, names)
            {
                text.update = told;
            }
        }
        let held = open.version();
        let tell = |value: &mut Value| {
            if let Value::Bytes(bytes) = value
                && let Ok(version) = Version::from_bytes(bytes)
            {
                *bytes = names.version(&version, &held).to_bytes();
            }
        };
        edit.add.get_mut(REVIEWED).into_iter().flatten().for_each(tell);
        let removals = edit.remove.get_mut(REVIEWED).into_iter().flatten();
        removals.for_each(|Removal { value, .. }| tell(value));
        Ok(())
    }
}

impl Tx<'_> {
    /// Tells every change anew, after a log has parted, and makes the views of that.
    pub(crate) fn rename_all(&self) -> Result<(), StoreError> {
        // What it names beside its own change may have another name by now: it is noted anew.
        self.sql.execute(
            "DELETE FROM decided WHERE EXISTS (
                SELECT 1 FROM changes c WHERE c.space = decided.space
                    AND c.actor = decided.actor AND c.seq = decided.seq)",
            [],
        )?;
        self.rebuild_with(&mut |row, applier| {
            let tx = applier.tx;
            let log = LogId {
                space: columns::space(&row.get::<_, String>("space")?)?,
                actor: columns::actor(&row.get::<_, Vec<u8>>("actor")?)?,
            };
            let seq = columns::seq(row.get("seq")?)?;
            let body: Vec<u8> = row.get("body")?;
            let original: Option<Vec<u8>> = row.get("original")?;
            let was_renamed = original.is_some();
            let original = original.unwrap_or(body);
            let author = tx.author_of(log)?.actor;
            let place = ChangeId { space: log.space, actor: author, seq };
            let mut change = Change::decode(&original, place)
                .map_err(|error| StoreError::Damaged(error.to_string()))?;
            let renamed = applier.rename(&mut change, log)?;
            if renamed || was_renamed {
                let (told, kept) =
                    if renamed { (encode(&change)?, Some(original)) } else { (original, None) };
                tx.sql.execute(
                    "UPDATE changes SET body = ?2, original = ?3 WHERE pos = ?1",
                    (row.get::<_, i64>("pos")?, told, kept),
                )?;
            }
            Ok(change)
        })?;
        Ok(())
    }

    /// Makes the views anew from the bytes as they came.
    pub(crate) fn read_anew(&self) -> Result<(), StoreError> {
        if self.branches()?.is_empty() { self.rebuild().map(|_| ()) } else { self.rename_all() }
    }

    /// What the author of a log had of the others before it wrote change `seq`.
    fn context_before(&self, log: LogId, seq: u64) -> Result<Context, StoreError> {
        let mut context = Context::new();
        let mut path: Vec<LogId> = self.ancestry(log)?.iter().map(|branch| branch.log).collect();
        let author = self.author_of(log)?;
        path.push(author);
        path.dedup();
        for part in path.into_iter().rev() {
            let mut statement = self.sql.prepare_cached(
                "SELECT seq, coalesce(original, body) FROM changes
                 WHERE space = ?1 AND actor = ?2 AND seq < ?3 ORDER BY seq",
            )?;
            let mut rows =
                statement.query((part.space.as_str(), part.actor.0, columns::number(seq)))?;
            while let Some(row) = rows.next()? {
                let seq = columns::seq(row.get(0)?)?;
                let place = ChangeId { space: log.space, actor: author.actor, seq };
                let change = Change::decode(&row.get::<_, Vec<u8>>(1)?, place)
                    .map_err(|error| StoreError::Damaged(error.to_string()))?;
                for dep in change.deps {
                    context.insert(dep.actor, (dep.seq, dep.hash));
                }
            }
        }
        Ok(context)
    }

    /// The log under which the change is held that someone depends on who calls its log `log`.
    fn find_dep(
        &self,
        space: Space,
        log: ActorId,
        seq: u64,
        hash: Option<ShortHash>,
    ) -> Result<Option<LogId>, StoreError> {
        let branches = self.branches()?;
        let mut next = vec![LogId { space, actor: log }];
        let mut found: Vec<LogId> = Vec::new();
        while let Some(at) = next.pop() {
            let held = self.hash_of(at, seq)?;
            // Without a hash, or where the change itself is gone, the number has to do.
            let fits = match (hash, held) {
                (Some(hash), Some(held)) => ShortHash::of(held) == hash,
                (None, Some(_)) => true,
                // What was pruned lies before every branch.
                (_, None) => self.base_head(at)?.is_some_and(|head| seq < head.seq),
            };
            if fits {
                found.push(at);
            }
            let children = branches.iter().filter(|b| b.log.space == space && b.parent == at.actor);
            next.extend(children.map(|branch| branch.log));
        }
        Ok(found.into_iter().min())
    }

    /// Whether what a change depends on is applied here, and under which name.
    pub(crate) fn applied_dep(&self, space: Space, dep: Dep) -> Result<Option<LogId>, StoreError> {
        let log = LogId { space, actor: dep.actor };
        if !self.parts(log)? {
            let fits = self.head(log)?.applied >= dep.seq
                && match (dep.hash, self.hash_before(log, dep.seq)?) {
                    (Some(hash), Some(held)) => ShortHash::of(held) == hash,
                    _ => true,
                };
            return Ok(fits.then_some(log));
        }
        let Some(at) = self.find_dep(space, dep.actor, dep.seq, dep.hash)? else { return Ok(None) };
        Ok((self.head(at)?.applied >= dep.seq).then_some(at))
    }
}
