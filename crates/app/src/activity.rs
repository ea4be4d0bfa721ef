//! What happened: exchanges, what they brought, what merged by itself.

use crate::{App, AppError, identity, view};
use holdfast_store::Direction;
use serde_json::Value as Json;

impl App {
    /// The latest entries, newest first.
    pub fn activity(&self, limit: u32) -> Result<Vec<view::ActivityEntry>, AppError> {
        self.with(|open| {
            let people = open.people()?;
            open.store.read(|tx| {
                let mut entries = Vec::new();
                for exchange in tx.exchanges(limit as usize)? {
                    let device = exchange.device.map(|device| people.device(device));
                    let who = device.as_ref().map_or_else(|| "all devices".to_owned(), |d| d.name.clone());
                    let number = |name: &str| exchange.report.get(name).and_then(Json::as_u64).unwrap_or(0);
                    let (kind, title, mut details) = match exchange.direction {
                        Direction::Sent => (
                            view::ActivityKind::Export,
                            format!("Exported for {who}: {}", exchange.name),
                            vec![format!("{} changes", number("changes"))],
                        ),
                        Direction::Received => (
                            view::ActivityKind::Import,
                            // An import is called after the device that it came from.
                            format!("Imported from {who}"),
                            vec![format!(
                                "Added {}, updated {}, deleted {}, {} conflicts, {} merged automatically",
                                number("adds"),
                                number("updates"),
                                number("deletes"),
                                number("conflicts"),
                                number("merged"),
                            )],
                        ),
                    };
                    let items = exchange.report.get("items").and_then(Json::as_array);
                    for item in items.into_iter().flatten().take(50) {
                        let part = |name: &str| item.get(name).and_then(Json::as_str).unwrap_or_default();
                        details.push(format!("{} '{}'", part("event"), part("title")));
                    }
                    let can_undo = exchange.direction == Direction::Received
                        && !tx.changes_of_exchange(exchange.id)?.is_empty()
                        && !tx.is_exchange_cut(exchange.id)?;
                    entries.push(view::ActivityEntry {
                        id: exchange.id.to_string(),
                        kind,
                        time: exchange.time_ms,
                        title,
                        details,
                        device,
                        can_undo,
                    });
                }
                for notice in tx.notices(limit as usize)? {
                    let actor = notice.detail.get("actor").and_then(Json::as_str);
                    let name = actor.and_then(|actor| actor.parse().ok()).map(|actor| {
                        people.of(holdfast_model::Dot { actor, seq: 0 }).name
                    });
                    entries.push(identity::entry(&notice, name.as_deref().unwrap_or("a device")));
                }
                // By time; what happened at once stays in its order.
                entries.sort_by_key(|entry| std::cmp::Reverse(entry.time));
                entries.truncate(limit as usize);
                Ok(entries)
            })
        })
    }
}
