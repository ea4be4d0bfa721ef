//! The container of bundle files.

use super::assert_stable;
use crate::{Target, world};
use holdfast_transports::bundle::ExportScope;
use holdfast_transports::bundle::format::{BundleReader, verify};
use std::io::Cursor;

pub(crate) const TARGET: Target = Target { name: "bundle", run, seeds, mutations: 10_000 };

fn seeds() -> Vec<Vec<u8>> {
    let mut world = world::used(4, 30);
    let update = holdfast_transports::bundle::ExportRequest {
        scope: ExportScope::Update { device: None },
        nearby: true,
    };
    vec![world.laptop.export(world::EVERYTHING), world.phone.export(update)]
}

/// Puts the right hash at the end again, as someone with bad intentions could.
pub(super) fn rehashed(data: &[u8]) -> Vec<u8> {
    let mut bytes = data[..data.len().saturating_sub(32)].to_vec();
    let hash = *blake3::hash(&bytes).as_bytes();
    bytes.extend_from_slice(&hash);
    bytes
}

fn run(data: &[u8]) {
    one(data);
    one(&rehashed(data));
}

fn one(data: &[u8]) {
    let verified = verify(Cursor::new(data));
    let opened = BundleReader::open(Cursor::new(data));
    assert_eq!(verified.is_ok(), opened.is_ok(), "the two ways of reading disagree");
    let (Ok(summary), Ok(mut reader)) = (verified, opened) else { return };
    assert_stable(&summary.header, "the header");
    assert_eq!(summary.size, data.len() as u64);
    let mut known = 0;
    while let Some(section) = reader.next_section().expect("a verified bundle") {
        assert!(section.bytes.len() <= section.kind.limit() && section.bytes.len() <= data.len());
        known += 1;
    }
    assert_eq!(known + summary.unknown, summary.sections);
}
