//! Bundle files.

use super::keys::DeviceHand;
use super::pack::{Value, bin, bytes, map};
use super::records::{Vector, vector};
use super::sealing::Id;

/// Kinds of sections.
pub(crate) const RECORDS: u8 = 2;
pub(crate) const BATCH: u8 = 3;
pub(crate) const CHUNK: u8 = 4;
pub(crate) const SIGNATURE: u8 = 5;
pub(crate) const SNAPSHOT: u8 = 6;
pub(crate) const HANDOVER: u8 = 7;

/// What is in a bundle, by section.
#[derive(Debug, Clone, Default)]
pub(crate) struct Bundle {
    pub(crate) actor: Id,
    pub(crate) holds: Vector,
    pub(crate) since: Vector,
    pub(crate) made: u64,
    pub(crate) changes: u64,
    /// The sections after the signature.
    pub(crate) sections: Vec<(u8, Vec<u8>)>,
}

impl Bundle {
    /// The bytes of the file, its header signed by a device.
    pub(crate) fn bytes(&self, vault: Id, by: &DeviceHand) -> Vec<u8> {
        let of = |kind: u8| self.sections.iter().filter(|(of, _)| *of == kind).count() as u64;
        let counts = map([
            ("batches", Value::from(of(BATCH))),
            ("changes", Value::from(self.changes)),
            ("chunks", Value::from(of(CHUNK))),
            ("pieces", Value::from(of(SNAPSHOT))),
        ]);
        let handovers: Vec<u8> = self
            .sections
            .iter()
            .filter(|(kind, _)| *kind == HANDOVER)
            .flat_map(|(_, sealed)| *blake3::hash(sealed).as_bytes())
            .collect();
        let handovers = if handovers.is_empty() {
            Value::Nil
        } else {
            bin(blake3::hash(&handovers).as_bytes())
        };
        let header = bytes(&map([
            ("format", Value::from(1)),
            ("kind", Value::from("update")),
            ("vault", bin(&vault)),
            ("from", bin(&by.id())),
            ("actor", bin(&self.actor)),
            ("made", Value::from(self.made)),
            ("holds", vector(&self.holds)),
            ("since", vector(&self.since)),
            ("counts", counts),
            ("handovers", handovers),
        ]));
        let mut out = b"HOLDFAST".to_vec();
        out.extend(1_u32.to_be_bytes());
        out.extend((header.len() as u32).to_be_bytes());
        out.extend(&header);
        let signature = by.sign_for("bundle header", &header).to_vec();
        let sections = [(SIGNATURE, signature)].into_iter().chain(self.sections.iter().cloned());
        let mut count = 0_u32;
        for (kind, content) in sections {
            out.push(kind);
            out.extend((content.len() as u32).to_be_bytes());
            out.extend(content);
            count += 1;
        }
        out.push(0);
        out.extend(36_u32.to_be_bytes());
        out.extend(count.to_be_bytes());
        let sum = blake3::hash(&out);
        out.extend(sum.as_bytes());
        out
    }
}
