//! The names that a change uses for other changes, told in other names.

use crate::change::{Change, Dot, Op, Write};

impl Change {
    /// Puts another name in place of every name of a change: what it supersedes, brings back, removes
    /// and reverts. Its own name and its dependencies are the caller's.
    pub fn rename(&mut self, name: &mut dyn FnMut(Dot) -> Dot) {
        if let Some(reverts) = &mut self.reverts {
            *reverts = name(*reverts);
        }
        for op in &mut self.ops {
            let Op::Edit(edit) = op else { continue };
            if let Some(taken) = &mut edit.takes_back {
                *taken = name(*taken);
            }
            if let Some(life) = &mut edit.life {
                rename_write(life, name);
            }
            for write in edit.set.values_mut() {
                rename_write(write, name);
            }
            for removal in edit.remove.values_mut().flatten() {
                for seen in &mut removal.seen {
                    *seen = name(*seen);
                }
            }
        }
    }
}

fn rename_write(write: &mut Write, name: &mut dyn FnMut(Dot) -> Dot) {
    for dot in &mut write.supersedes {
        *dot = name(*dot);
    }
    for again in &mut write.again {
        again.origin = name(again.origin);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::change::{Again, Edit, FORMAT, Removal, SCHEMA};
    use crate::{EntityId, Hlc, Value};
    use holdfast_oplog::{ActorId, Space};
    use std::collections::BTreeMap;

    #[test]
    fn every_name_of_a_change_is_told_anew() {
        let old = |seq| Dot { actor: ActorId([1; 16]), seq };
        let new = |dot: Dot| Dot { actor: ActorId([2; 16]), ..dot };
        let write = |at: u64, name: &dyn Fn(u64) -> Dot| Write {
            value: Value::Null,
            supersedes: vec![name(at), name(at + 1)],
            again: vec![Again { value: Value::Null, origin: name(at + 2), time: Hlc::default() }],
        };
        let change = |name: &dyn Fn(u64) -> Dot| Change {
            format: FORMAT,
            space: Space::Everywhere,
            actor: ActorId([3; 16]),
            seq: 4,
            deps: Vec::new(),
            time: Hlc::default(),
            schema: SCHEMA,
            action: String::new(),
            group: None,
            more: false,
            reverts: Some(name(1)),
            ops: vec![Op::Edit(Box::new(Edit {
                entity: EntityId::named("oak"),
                kind: "task".into(),
                life: Some(write(10, name)),
                set: BTreeMap::from([("title".into(), write(20, name))]),
                add: BTreeMap::new(),
                remove: BTreeMap::from([(
                    "tags".into(),
                    vec![Removal { value: Value::Null, seen: vec![name(30), name(31)] }],
                )]),
                text: BTreeMap::new(),
                kept: None,
                takes_back: Some(name(40)),
            }))],
        };
        let mut renamed = change(&old);
        renamed.rename(&mut |dot| new(dot));
        assert_eq!(renamed, change(&|seq| new(old(seq))));
    }
}
