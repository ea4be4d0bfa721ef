use crate::{StoreError, Tx};
use holdfast_oplog::{DeviceId, VersionVector, encode};
use rusqlite::{OptionalExtension, Row};
use serde_json::Value as Json;

/// Which way an exchange went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Out of this device.
    Sent,
    /// Into this device.
    Received,
}

/// An exchange that took place.
#[derive(Debug, Clone)]
pub struct Exchange {
    /// Number on this device.
    pub id: i64,
    /// Which way.
    pub direction: Direction,
    /// What carried it: `bundle`.
    pub carrier: String,
    /// With whom, where that is one device.
    pub device: Option<DeviceId>,
    /// When, by this device's clock.
    pub time_ms: i64,
    /// Name of the bundle or of the device.
    pub name: String,
    /// What came, went, merged and was set aside.
    pub report: Json,
}

/// Whose exchanges are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum With<'a> {
    /// What came from a device, and what went out for it or for all devices, by whatever carried it.
    /// Invitations are for a device that is none yet.
    Device(DeviceId),
    /// What one carrier carried, whoever wrote it.
    Carrier(&'a str),
}

/// What a destination is known to hold.
#[derive(Debug, Clone)]
pub struct Destination {
    /// The device.
    pub device: DeviceId,
    /// What it held when it was last heard of.
    pub holds: VersionVector,
    /// When that was, in milliseconds.
    pub last_seen_ms: Option<i64>,
    /// When something was last exported for it.
    pub last_export_ms: Option<i64>,
}

impl Tx<'_> {
    /// Opens the record of an exchange; its number goes with the changes that it brings.
    pub fn begin_exchange(
        &self,
        direction: Direction,
        carrier: &str,
        device: Option<DeviceId>,
        time_ms: i64,
        name: &str,
    ) -> Result<i64, StoreError> {
        let direction = match direction {
            Direction::Sent => "sent",
            Direction::Received => "received",
        };
        self.sql.execute(
            "INSERT INTO exchanges (direction, carrier, device, time_ms, name, report)
             VALUES (?1, ?2, ?3, ?4, ?5, '{}')",
            (direction, carrier, device.map(|d| d.0), time_ms, name),
        )?;
        Ok(self.sql.last_insert_rowid())
    }

    /// Says with whom an exchange was, once that is known.
    pub fn name_exchange(
        &self,
        id: i64,
        device: Option<DeviceId>,
        name: &str,
    ) -> Result<(), StoreError> {
        self.sql.execute(
            "UPDATE exchanges SET device = ?2, name = ?3 WHERE id = ?1",
            (id, device.map(|d| d.0), name),
        )?;
        Ok(())
    }

    /// Drops the record of an exchange that moved nothing.
    pub fn forget_exchange(&self, id: i64) -> Result<(), StoreError> {
        self.sql.execute("DELETE FROM exchanges WHERE id = ?1", [id])?;
        Ok(())
    }

    /// Writes what an exchange did.
    pub fn report_exchange(&self, id: i64, report: &Json) -> Result<(), StoreError> {
        self.sql
            .execute("UPDATE exchanges SET report = ?2 WHERE id = ?1", (id, report.to_string()))?;
        Ok(())
    }

    /// The latest exchanges, newest first.
    pub fn exchanges(&self, limit: usize) -> Result<Vec<Exchange>, StoreError> {
        let mut statement = self.sql.prepare_cached(
            "SELECT id, direction, carrier, device, time_ms, name, report FROM exchanges
             ORDER BY id DESC LIMIT ?1",
        )?;
        let rows = statement.query_map([limit.min(10_000) as i64], exchange)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The latest exchanges of one way, newest first.
    pub fn exchanges_with(
        &self,
        with: With<'_>,
        limit: usize,
    ) -> Result<Vec<Exchange>, StoreError> {
        let (device, carrier) = match with {
            With::Device(device) => (Some(device.0), None),
            With::Carrier(carrier) => (None, Some(carrier)),
        };
        let mut statement = self.sql.prepare_cached(
            "SELECT id, direction, carrier, device, time_ms, name, report FROM exchanges
             WHERE carrier = ?2 OR device = ?1
                OR (?1 IS NOT NULL AND device IS NULL AND direction = 'sent' AND carrier = 'bundle'
                    AND report ->> 'kind' IS NOT 'invitation')
             ORDER BY id DESC LIMIT ?3",
        )?;
        let limit = limit.min(10_000) as i64;
        let rows = statement.query_map((device, carrier, limit), exchange)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// One exchange.
    pub fn exchange(&self, id: i64) -> Result<Option<Exchange>, StoreError> {
        Ok(self
            .sql
            .prepare_cached(
                "SELECT id, direction, carrier, device, time_ms, name, report FROM exchanges WHERE id = ?1",
            )?
            .query_row([id], exchange)
            .optional()?)
    }

    /// What is known of a destination.
    pub fn destination(&self, device: DeviceId) -> Result<Option<Destination>, StoreError> {
        Ok(self.destinations()?.into_iter().find(|known| known.device == device))
    }

    /// All destinations that were ever heard of or exported for.
    pub fn destinations(&self) -> Result<Vec<Destination>, StoreError> {
        let mut statement = self.sql.prepare_cached(
            "SELECT id, holds, last_seen_ms, last_export_ms FROM destinations ORDER BY id",
        )?;
        let mut rows = statement.query([])?;
        let mut destinations = Vec::new();
        while let Some(row) = rows.next()? {
            let holds: Vec<u8> = row.get(1)?;
            destinations.push(Destination {
                device: DeviceId(row.get(0)?),
                holds: VersionVector::read_kept(&holds)
                    .map_err(|error| StoreError::Damaged(error.to_string()))?,
                last_seen_ms: row.get(2)?,
                last_export_ms: row.get(3)?,
            });
        }
        Ok(destinations)
    }

    /// Keeps what is known of a destination.
    pub fn keep_destination(&self, destination: &Destination) -> Result<(), StoreError> {
        self.sql.execute(
            "INSERT INTO destinations (id, kind, holds, last_seen_ms, last_export_ms)
             VALUES (?1, 'device', ?2, ?3, ?4)
             ON CONFLICT (id) DO UPDATE SET holds = excluded.holds,
                last_seen_ms = excluded.last_seen_ms, last_export_ms = excluded.last_export_ms",
            (
                destination.device.0,
                encode(&destination.holds)?,
                destination.last_seen_ms,
                destination.last_export_ms,
            ),
        )?;
        Ok(())
    }
}

fn exchange(row: &Row<'_>) -> rusqlite::Result<Exchange> {
    let direction: String = row.get(1)?;
    let device: Option<[u8; 16]> = row.get(3)?;
    let report: String = row.get(6)?;
    Ok(Exchange {
        id: row.get(0)?,
        direction: if direction == "sent" { Direction::Sent } else { Direction::Received },
        carrier: row.get(2)?,
        device: device.map(DeviceId),
        time_ms: row.get(4)?,
        name: row.get(5)?,
        report: serde_json::from_str(&report).unwrap_or(Json::Null),
    })
}
