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

/// How many bytes of a text are of characters that a reader sees, or could: what has no width shows nothing, however
/// much of it there is (Unicode, Default_Ignorable_Code_Point).
pub(crate) fn visible(text: &str) -> usize {
    if text.is_ascii() {
        return text.len();
    }
    let is_seen = |c: &char| {
        !matches!(
            c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
                | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
                | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
                | '\u{e0000}'..='\u{e0fff}'
        ) && !c.is_control()
    };
    text.chars().filter(is_seen).map(char::len_utf8).sum()
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
        let title = visible(state.text(TITLE).trim());
        (before.title.saturating_add(was), title.saturating_add(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_width_is_no_word() {
        for nothing in ["", "\u{200b}", "\u{2060}\u{feff}\u{ad}", "\u{3164}\u{115f}", "\u{e0020}"] {
            assert_eq!(visible(&nothing.repeat(12)), 0, "{nothing:?}");
        }
        for words in ["oak", "Plän", "木材", "🌳"] {
            assert_eq!(visible(words), words.len());
            assert_eq!(visible(&format!("\u{200b}{words}\u{200d}")), words.len());
        }
    }
}
