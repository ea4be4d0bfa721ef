//! Manual sync: bundles out and in, invitations, and the status of it all.

use crate::joining::Along;
use crate::session::{NewDevice, Open};
use crate::view::SameLists;
use crate::{App, AppError, boot, items, sync_status, view};
use holdfast_model::fields::TITLE;
use holdfast_oplog::DeviceId;
use holdfast_store::{ItemChange, ItemEvent, Store};
use holdfast_sync::{delivered, offered, settled_destinations};
use holdfast_transports::bundle::format::BundleReader;
use holdfast_transports::bundle::{
    self, BundleError, ExportRequest, ExportScope, Joined, Joining, Preview,
};
use holdfast_vault::{DeviceKeys, Passphrase, fingerprint};
use rand_core::OsRng;
use std::collections::BTreeMap;
use std::path::Path;

/// Waiting items that are listed by name.
const WAITING: usize = 500;

impl Open {
    /// The other devices that are in the vault.
    pub(crate) fn others(&mut self) -> Result<Vec<(DeviceId, String)>, AppError> {
        let here = self.device();
        let members = self.members()?;
        Ok(members
            .active()
            .filter(|device| device.id != here)
            .map(|device| (device.id, device.name.clone()))
            .collect())
    }
}

impl App {
    /// What is not exported yet, by name.
    pub fn waiting(&self) -> Result<Vec<view::WaitingItem>, AppError> {
        self.with(|open| {
            let others: Vec<DeviceId> = open.others()?.into_iter().map(|(id, _)| id).collect();
            open.store.read(|tx| {
                let held = offered(tx, sync_status::BUNDLE)?;
                let missing = held.missing_in(&delivered(&others, &settled_destinations(tx)?));
                let mut counts: BTreeMap<_, u32> = BTreeMap::new();
                for range in missing {
                    for (id, count) in tx.touched_in(range, WAITING)? {
                        *counts.entry(id).or_insert(0) += count;
                    }
                }
                let mut waiting = Vec::new();
                for (id, changes) in counts {
                    let Some((state, _)) = tx.entity(id)? else { continue };
                    let kind = match state.kind.as_str() {
                        "task" => view::ItemKind::Task,
                        "note" => view::ItemKind::Note,
                        "list" => view::ItemKind::List,
                        _ => continue,
                    };
                    let text = tx.text(id)?.map(|text| text.plain).unwrap_or_default();
                    let title = items::note_name(state.text(TITLE), &text);
                    waiting.push(view::WaitingItem { id: id.to_string(), kind, title, changes });
                }
                Ok(waiting)
            })
        })
    }

    /// The devices of the vault.
    pub fn devices(&self) -> Result<Vec<view::DeviceView>, AppError> {
        self.with(|open| {
            let here = open.device();
            let members = open.members()?;
            let (known, aside) = open
                .store
                .read(|tx| Ok::<_, AppError>((tx.destinations()?, tx.count_set_aside()?)))?;
            let set_aside = |device: DeviceId| {
                let of = |actor| members.device_of(actor).is_some_and(|by| by.id == device);
                let count: u64 = aside.iter().filter(|(actor, _)| of(*actor)).map(|(_, n)| n).sum();
                u32::try_from(count).unwrap_or(u32::MAX)
            };
            Ok(members
                .devices()
                .iter()
                .map(|device| view::DeviceView {
                    id: device.id.to_string(),
                    name: device.name.clone(),
                    here: device.id == here,
                    platform: device.platform.clone(),
                    added: device.joined.cast_signed(),
                    fingerprint: fingerprint(&device.public),
                    last_seen: known
                        .iter()
                        .find(|to| to.device == device.id)
                        .and_then(|to| to.last_seen_ms),
                    removed: device.removal.is_some(),
                    removed_time: device.removal.as_ref().map(|removal| removal.time.cast_signed()),
                    removed_by: crate::removal::by_whom(&members, device),
                    quarantined: set_aside(device.id),
                })
                .collect())
        })
    }

    /// Gives a device another name, on all devices.
    pub fn rename_device(&self, id: &str, name: &str) -> Result<view::Done, AppError> {
        let device: DeviceId = id
            .parse()
            .map_err(|_| AppError::NoSuchItem { what: "device", given: id.to_owned() })?;
        let name = name.trim();
        if name.is_empty() || name.chars().count() > 64 {
            return Err(AppError::Invalid("Give the device a name of 1 to 64 characters.".into()));
        }
        self.with(|open| {
            let now = open.now_ms().cast_unsigned();
            if !open.members()?.is_active(device) {
                return Err(AppError::NoSuchItem { what: "device", given: id.to_owned() });
            }
            let record =
                holdfast_vault::membership::rename(open.vault(), &open.keys, device, name, now)?;
            open.store.write(|tx| tx.add_membership(&record))?;
            Ok(view::Done {
                ids: vec![id.to_owned()],
                label: format!("Device renamed to {name}"),
                skipped: Vec::new(),
            })
        })
        .inspect(|_| self.tell(view::Changed::anything(0)))
    }

    /// Writes a bundle without lists marked Nearby.
    pub fn export_bundle(
        &self,
        request: &view::ExportRequest,
        path: &Path,
    ) -> Result<view::ExportResult, AppError> {
        self.export_bundle_with(request, false, path)
    }

    /// Writes a bundle. `nearby` is whether the person ticked that lists marked Nearby go along this
    /// time.
    pub fn export_bundle_with(
        &self,
        request: &view::ExportRequest,
        nearby: bool,
        path: &Path,
    ) -> Result<view::ExportResult, AppError> {
        let exported = self.with(|open| {
            open.before_writing()?;
            let mut rng = OsRng;
            let people = open.people()?;
            let (exported, recipient) = match request {
                view::ExportRequest::Full => {
                    let request = ExportRequest { scope: ExportScope::Full, nearby };
                    (
                        bundle::export(&mut open.session(&mut rng), request, path)?,
                        "all devices".into(),
                    )
                }
                view::ExportRequest::Update { device } => {
                    let device = device
                        .as_deref()
                        .map(|id| {
                            id.parse::<DeviceId>().map_err(|_| AppError::NoSuchItem {
                                what: "device",
                                given: id.into(),
                            })
                        })
                        .transpose()?;
                    let scope = ExportScope::Update { device };
                    let request = ExportRequest { scope, nearby };
                    let name =
                        device.map_or_else(|| "all devices".into(), |id| people.device(id).name);
                    (bundle::export(&mut open.session(&mut rng), request, path)?, name)
                }
                view::ExportRequest::Invite { passphrase } => {
                    let passphrase = Passphrase::chosen(passphrase)?;
                    let exported = bundle::invite(&mut open.session(&mut rng), &passphrase, path)?;
                    (exported, "a new device".into())
                }
            };
            Ok(view::ExportResult {
                file: file_name(path),
                changes: exported.changes as u32,
                bytes: exported.bytes,
                recipient,
            })
        })?;
        self.tell(view::Changed::anything(0));
        Ok(exported)
    }

    /// What importing a bundle would do. Changes nothing.
    pub fn inspect_bundle(&self, path: &Path) -> Result<view::BundlePreview, AppError> {
        self.with(|open| {
            let mut rng = OsRng;
            let preview = bundle::inspect(&mut open.session(&mut rng), path)?;
            Ok(self::preview(preview, file_name(path)))
        })
    }

    /// Imports a bundle. One that deletes most of a list or of the vault needs to be confirmed.
    pub fn import_bundle(
        &self,
        path: &Path,
        confirmed: bool,
    ) -> Result<view::ImportResult, AppError> {
        let imported = self.with(|open| {
            open.before_writing()?;
            let mut rng = OsRng;
            let imported = bundle::import(&mut open.session(&mut rng), path, confirmed)?;
            if let Some(keyring) = imported.keyring {
                open.keep_keyring(keyring)?;
            }
            open.note_twins()?;
            open.note_set_aside()?;
            let report = imported.preview;
            Ok(view::ImportResult {
                exchange: imported.exchange.to_string(),
                adds: report.adds as u32,
                updates: report.updates as u32,
                deletes: report.deletes as u32,
                conflicts: report.conflicts as u32,
                merged: report.merged as u32,
            })
        })?;
        self.tell(view::Changed::anything(0));
        Ok(imported)
    }

    /// Whether a file is an invitation, and for which vault.
    pub fn inspect_invitation(&self, path: &Path) -> Result<view::InvitationFile, AppError> {
        let file = holdfast_store::plain_file::open(path, bundle::LARGEST)
            .map_err(AppError::file(path))?;
        let reader = BundleReader::open(file)?;
        if reader.header().kind != bundle::format::BundleKind::Invitation {
            return Err(BundleError::NotAnInvitation.into());
        }
        Ok(view::InvitationFile {
            token: String::new(),
            file: file_name(path),
            from: String::new(),
        })
    }

    /// Makes this a device of the vault that an invitation bundle comes from.
    pub fn join(
        &self,
        path: &Path,
        invite_passphrase: &str,
        new: &NewDevice<'_>,
    ) -> Result<(), AppError> {
        self.join_bringing(path, invite_passphrase, new, None)
    }

    /// The same for a device that may have a vault: what it has comes along, with `lists` for lists that
    /// both have. Its own vault is kept ([`crate::joining`]).
    pub fn join_bringing(
        &self,
        path: &Path,
        invite_passphrase: &str,
        new: &NewDevice<'_>,
        lists: Option<SameLists>,
    ) -> Result<(), AppError> {
        let has_vault = self.has_vault();
        if has_vault && lists.is_none() {
            return Err(AppError::VaultExists(self.home.path().display().to_string()));
        }
        if !has_vault {
            self.refuse_in_place_of_another(new)?;
        }
        let before = match lists.filter(|_| has_vault) {
            Some(lists) => Some((lists, self.successor(new)?)),
            None => None,
        };
        let keys = DeviceKeys::generate(&mut OsRng);
        let actor = crate::session::new_actor(&keys);
        self.introduction(new.name, actor)?;
        let passphrase = Passphrase::typed(invite_passphrase);
        let wall_ms = self.clock.now_ms();
        let make_vault = |database: &Path| {
            let joining = Joining {
                passphrase: &passphrase,
                keys: &keys,
                name: new.name.trim(),
                platform: std::env::consts::OS,
                actor,
                wall_ms,
            };
            let make = |vault| Store::create(database, vault).map_err(AppError::from);
            let Joined { store, keyring, .. } = bundle::join(path, joining, make)?;
            Ok((store, keys, keyring))
        };
        if let Some((lists, successor)) = before {
            // An invitation brings all that its maker had.
            self.change_vault(&successor, actor, Along::at_once(lists), make_vault)?;
            self.bring_along_at_once()?;
        } else {
            let open = self.establish(new, actor, make_vault)?;
            self.adopt(open);
        }
        Ok(())
    }

    /// [`App::join`], as the window asks for it.
    pub fn join_vault(
        &self,
        path: &Path,
        invite_passphrase: &str,
        device_name: &str,
        key_store: view::KeyStore,
        passphrase: Option<&str>,
    ) -> Result<view::Boot, AppError> {
        let new = NewDevice {
            name: device_name,
            key_store: Some(boot::chosen(key_store)),
            passphrase,
            set_aside: None,
        };
        self.join(path, invite_passphrase, &new)?;
        self.boot()
    }
}

/// A preview as people see it. There is no token: the caller knows what it is about.
pub(crate) fn preview(preview: Preview, file: String) -> view::BundlePreview {
    view::BundlePreview {
        token: String::new(),
        file,
        from: preview.from_name,
        made: preview.made_ms,
        adds: preview.adds as u32,
        updates: preview.updates as u32,
        deletes: preview.deletes as u32,
        conflicts: preview.conflicts as u32,
        already: preview.already as u32,
        items: preview.items.iter().map(preview_item).collect(),
        notices: preview.notices,
    }
}

fn preview_item(item: &ItemChange) -> view::PreviewItem {
    view::PreviewItem {
        id: item.id.to_string(),
        kind: item.kind.clone(),
        title: item.title.clone(),
        what: if item.conflict {
            view::PreviewChange::Conflict
        } else {
            match item.event {
                ItemEvent::Added => view::PreviewChange::Added,
                ItemEvent::Changed => view::PreviewChange::Changed,
                ItemEvent::Deleted | ItemEvent::Withdrawn => view::PreviewChange::Deleted,
            }
        },
    }
}

fn file_name(path: &Path) -> String {
    path.file_name()
        .map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}
