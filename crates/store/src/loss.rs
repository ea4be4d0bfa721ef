//! What counts as a loss: that an item shows less than before.

use crate::StoreError;
use crate::applied::is_emptied;
use crate::apply::{Applier, Before};
use holdfast_model::fields::{LIFE, LIST, TITLE};
use holdfast_model::{EntityId, EntityState, Kind};
use holdfast_oplog::ActorId;

impl Applier<'_, '_> {
    /// Who made an item show less than before, where somebody did.
    pub(crate) fn loss(
        &self,
        before: &Before,
        state: &EntityState,
        text: usize,
    ) -> Result<Option<ActorId>, StoreError> {
        if !before.alive || !matches!(before.kind, Some(Kind::Task | Kind::Note | Kind::List)) {
            return Ok(None);
        }
        let wrote = |field: &str| {
            let shown = state.register(field).and_then(holdfast_model::Register::shown);
            Some(shown.map_or(state.edited.1.actor, |version| version.dot.actor))
        };
        if !state.is_alive() {
            return Ok(wrote(LIFE));
        }
        if Kind::parse(&state.kind) != before.kind {
            return Ok(Some(state.created.1.actor));
        }
        let rewritten = self.rewritten.get(&state.id);
        let title = state.text(TITLE).trim().len();
        let whole = before.title.saturating_add(rewritten.map_or(text, |known| known.before));
        if is_emptied(whole, title.saturating_add(text)) {
            return Ok(rewritten.map_or_else(|| wrote(TITLE), |known| Some(known.by)));
        }
        // In a list that is nowhere it is in no view.
        let list = state.text(LIST).parse::<EntityId>().ok();
        if let Some(list) = list.filter(|list| before.list != Some(*list))
            && !self.before.contains_key(&list)
            && self.tx.home(list)?.is_none()
        {
            return Ok(wrote(LIST));
        }
        Ok(None)
    }
}
