//! What counts as a loss: that an item shows less than before.

use crate::StoreError;
use crate::applied::is_emptied;
use crate::apply::{Applier, Before};
use holdfast_model::fields::{LIFE, LIST, TITLE};
use holdfast_model::{EntityId, EntityState, Kind, Register};
use holdfast_oplog::ActorId;

/// Somebody made less of an item.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lessened {
    /// Who.
    pub(crate) by: ActorId,
    /// How: see the fields of `ItemChange` of these names.
    pub(crate) lost: bool,
    pub(crate) purged: bool,
}

impl Applier<'_, '_> {
    /// What made less of an item than was there before; none where nothing did. `text` is how many bytes of
    /// text it has now.
    pub(crate) fn lessened(
        &self,
        before: &Before,
        state: &EntityState,
        text: usize,
    ) -> Result<Option<Lessened>, StoreError> {
        if !matches!(before.kind, Some(Kind::Task | Kind::Note | Kind::List)) {
            return Ok(None);
        }
        let wrote = |field: &str| {
            let shown = state.register(field).and_then(Register::shown);
            shown.map_or(state.edited.1.actor, |version| version.dot.actor)
        };
        let lost = |by: ActorId| Some(Lessened { by, lost: true, purged: false });
        if before.trashed && state.is_purged() {
            return Ok(Some(Lessened { by: wrote(LIFE), lost: false, purged: true }));
        }
        if !state.is_alive() {
            return Ok(lost(wrote(LIFE)).filter(|_| before.alive));
        }
        // Also of what comes back from the trash: without its words, or where nobody sees it, it is not back.
        if Kind::parse(&state.kind) != before.kind {
            return Ok(lost(state.created.1.actor));
        }
        // In a list that is nowhere it is in no view.
        let list = state.text(LIST).parse::<EntityId>().ok();
        if let Some(list) = list.filter(|list| before.list != Some(*list))
            && !self.before.contains_key(&list)
            && self.tx.home(list)?.is_none()
        {
            return Ok(lost(wrote(LIST)));
        }
        let (words, now) = self.words(before, state, text);
        if now >= words {
            return Ok(None);
        }
        let shortened = self.rewritten.get(&state.id).filter(|known| text < known.before);
        let by = shortened.map_or_else(|| wrote(TITLE), |known| known.by);
        Ok(Some(Lessened { by, lost: is_emptied(words, now), purged: false }))
    }

    /// How many bytes of title and text an item had, and has: see `ItemChange::words`.
    pub(crate) fn words(
        &self,
        before: &Before,
        state: &EntityState,
        text: usize,
    ) -> (usize, usize) {
        let was = self.rewritten.get(&state.id).map_or(text, |known| known.before);
        let title = state.text(TITLE).trim().len();
        (before.title.saturating_add(was), title.saturating_add(text))
    }
}
