//! What happened: exchanges and what they brought, and what else this device noted.

use crate::people::People;
use crate::{App, AppError, view};
use holdfast_oplog::DeviceId;
use holdfast_store::{Direction, Exchange, Tx, With};
use holdfast_transports::peer::CARRIER as PEER;
use serde_json::Value as Json;

/// Items that an entry names at most.
const NAMED: usize = 50;
/// Exchanges that the sync map shows of one way.
const SHOWN: usize = 5;
/// The carrier of exchanges with the exchange folder.
const FOLDER: &str = "folder";

impl App {
    /// The latest entries, newest first.
    pub fn activity(&self, limit: u32) -> Result<Vec<view::ActivityEntry>, AppError> {
        self.with(|open| {
            let people = open.people()?;
            let mut entries = open.noted(limit as usize)?;
            open.store.read(|tx| {
                for exchange in tx.exchanges(limit as usize)? {
                    entries.push(told(tx, &people, &exchange)?);
                }
                Ok::<_, AppError>(())
            })?;
            // By time; what happened at once stays in its order.
            entries.sort_by_key(|entry| std::cmp::Reverse(entry.time));
            entries.truncate(limit as usize);
            Ok(entries)
        })
    }

    /// The last exchanges of one way of the sync map, newest first.
    pub fn exchanges(&self, way: &view::Way) -> Result<Vec<view::ExchangeView>, AppError> {
        self.with(|open| {
            let with = match way {
                view::Way::Folder => With::Carrier(FOLDER),
                view::Way::Device { id } => {
                    let none = || AppError::NoSuchItem { what: "device", given: id.clone() };
                    let device: DeviceId = id.parse().map_err(|_| none())?;
                    open.members()?.device(device).ok_or_else(none)?;
                    With::Device(device)
                }
            };
            let people = open.people()?;
            open.store.read(|tx| {
                let mut shown = Vec::new();
                for exchange in tx.exchanges_with(with, SHOWN)? {
                    shown.push(view::ExchangeView {
                        direction: match exchange.direction {
                            Direction::Sent => view::Direction::Sent,
                            Direction::Received => view::Direction::Received,
                        },
                        carrier: match exchange.carrier.as_str() {
                            FOLDER => view::Carrier::Folder,
                            PEER => view::Carrier::Nearby,
                            _ => view::Carrier::Bundle,
                        },
                        entry: told(tx, &people, &exchange)?,
                    });
                }
                Ok(shown)
            })
        })
    }
}

/// An exchange as a line of the activity, with whether it can be undone.
fn told(
    tx: &Tx<'_>,
    people: &People,
    exchange: &Exchange,
) -> Result<view::ActivityEntry, AppError> {
    let device = exchange.device.map(|device| people.device(device));
    let can_undo = exchange.direction == Direction::Received
        && !tx.changes_of_exchange(exchange.id)?.is_empty()
        && !tx.is_exchange_cut(exchange.id)?;
    Ok(view::ActivityEntry { can_undo, ..entry(exchange, device) })
}

/// What the record of an exchange says.
fn entry(exchange: &Exchange, device: Option<view::DeviceRef>) -> view::ActivityEntry {
    let report = &exchange.report;
    let number = |name: &str| {
        let count = report.get(name).and_then(Json::as_u64).unwrap_or(0);
        u32::try_from(count).unwrap_or(u32::MAX)
    };
    let sent = exchange.direction == Direction::Sent;
    let counts = if sent {
        view::ExchangeCounts { sent: number("changes"), ..view::ExchangeCounts::default() }
    } else {
        view::ExchangeCounts {
            sent: 0,
            adds: number("adds"),
            updates: number("updates"),
            deletes: number("deletes"),
            conflicts: number("conflicts"),
            merged: number("merged"),
        }
    };
    let who = device.as_ref().map(|device| device.name.clone());
    let all = || "all devices".to_owned();
    let (kind, title) = match (exchange.carrier == FOLDER, sent) {
        (true, true) => {
            (view::ActivityKind::Exchange, "Wrote changes into the exchange folder".to_owned())
        }
        (true, false) => {
            // An exchange that several devices had written for is called after all of them.
            let from = who.unwrap_or_else(|| exchange.name.clone());
            let from = if from.is_empty() { "the exchange folder".to_owned() } else { from };
            (view::ActivityKind::Exchange, format!("Received changes from {from}"))
        }
        (false, true) => (
            view::ActivityKind::Export,
            format!("Exported for {}: {}", who.unwrap_or_else(all), exchange.name),
        ),
        (false, false) if exchange.carrier == PEER => (
            view::ActivityKind::Exchange,
            format!("Received changes from {}", who.unwrap_or_else(|| exchange.name.clone())),
        ),
        // An import is called after the device that it came from.
        (false, false) => {
            (view::ActivityKind::Import, format!("Imported from {}", who.unwrap_or_else(all)))
        }
    };
    let (items, details) = reported(report);
    view::ActivityEntry {
        id: exchange.id.to_string(),
        kind,
        time: exchange.time_ms,
        title,
        details,
        counts: Some(counts),
        items,
        device,
        can_undo: false,
    }
}

/// The items that the record of an exchange names, and what else it says.
pub(crate) fn reported(report: &Json) -> (Vec<view::PreviewItem>, Vec<String>) {
    let list = |name: &str| report.get(name).and_then(Json::as_array).into_iter().flatten();
    let mut details: Vec<String> =
        list("notices").filter_map(Json::as_str).map(str::to_owned).collect();
    let mut items = Vec::new();
    for item in list("items").take(NAMED) {
        let part =
            |name: &str| item.get(name).and_then(Json::as_str).unwrap_or_default().to_owned();
        let what = match part("event").as_str() {
            _ if item.get("conflict").and_then(Json::as_bool) == Some(true) => {
                view::PreviewChange::Conflict
            }
            "added" => view::PreviewChange::Added,
            "deleted" => view::PreviewChange::Deleted,
            // It did not go to the trash.
            "moved away" => {
                details.push(format!("Moved away: '{}'", part("title")));
                continue;
            }
            _ => view::PreviewChange::Changed,
        };
        items.push(view::PreviewItem {
            id: part("id"),
            kind: part("kind"),
            title: part("title"),
            what,
        });
    }
    (items, details)
}
