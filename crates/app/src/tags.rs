//! Tags by name. A tag lives in the space of the item that first used it, so that the name of a tag on
//! a private list does not travel further than the list.

use crate::AppError;
use crate::act::Work;
use holdfast_model::entity::{Draft, Seen};
use holdfast_model::fields::TITLE;
use holdfast_model::{EntityId, Kind};
use holdfast_oplog::Space;

impl Work<'_, '_> {
    /// The tag of that name which an item in `space` may use; made where there is none.
    pub(crate) fn tag(&mut self, name: &str, space: Space) -> Result<EntityId, AppError> {
        let name = name.trim().trim_start_matches('@');
        if name.is_empty() || name.chars().count() > 64 {
            return Err(AppError::Invalid("A tag has a name of 1 to 64 characters.".into()));
        }
        let wanted = name.to_lowercase();
        for tag in self.tx.tags()? {
            if tag.title.to_lowercase() == wanted
                && let Some((_, tag_space)) = self.tx.entity(tag.id)?
                && (tag_space == space || tag_space == Space::Everywhere)
            {
                return Ok(tag.id);
            }
        }
        // The same name made on two devices is one tag; unless that id was renamed since.
        let mut id = EntityId::named(&format!("tag/{space}/{wanted}"));
        if let Some((state, _)) = self.tx.entity(id)? {
            if !state.is_alive() && state.text(TITLE).to_lowercase() == wanted {
                let mut draft = state.draft();
                draft.life(holdfast_model::entity::ALIVE, &Seen::All);
                self.push(space, draft);
                return Ok(id);
            }
            id = self.new_id(Kind::Tag);
        }
        let mut draft = Draft::new(id, Kind::Tag.as_str());
        draft.set(TITLE, name, &Seen::All);
        self.push(space, draft);
        Ok(id)
    }
}
