//! What one device may cost the others, at most, in what they keep: asked of every honest device, and
//! written down apart from the engine, so that a bound which is raised there is seen here. They are those of
//! the table in docs/encryption.md ("What one device can cost the others"), which a test compares.

/// Identities of one device that count.
pub(super) const IDENTITIES: usize = 64;
/// Handovers that are kept.
pub(super) const HANDOVERS: usize = 256;
/// Membership records that are kept in all.
pub(super) const RECORDS: usize = 12_288;
/// Their bytes.
pub(super) const RECORD_BYTES: usize = 3840 * 1024;
/// Records of devices that are not known, in all.
pub(super) const UNKNOWN: usize = 512;
/// Changes that are set aside in all.
pub(super) const SET_ASIDE: u64 = 16_384;
/// Devices that one device lets in.
const ADMITTED: usize = 64;
/// Removals of one device, and what it says of others' records.
const SAID: usize = 512;
/// Names, keys and open invitations of one device, each.
const FEW: usize = 64;
/// Keys that it hands on to each other device that says that it lacks them.
const HANDED_ON: usize = 32;
/// More devices than there are in a history.
const OTHERS: usize = 8;
/// Its records that do not count, or are of a kind that is not known.
const IDLE: usize = 64;

/// Records of a kind that are kept of one device. Those that do not count are not told from those that do.
pub(super) fn of_one(kind: &str) -> usize {
    let counting = match kind {
        "remove" | "accept" => SAID,
        "rename" => FEW,
        "keys" => FEW + HANDED_ON * OTHERS,
        "lacks" => IDLE,
        "actor" => IDENTITIES,
        "invite" => FEW + ADMITTED,
        "genesis" | "join" => ADMITTED,
        _ => 0,
    };
    counting + IDLE
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The rows of the table, as numbers: what is said of one device, and of all.
    fn table() -> Vec<(String, String, String)> {
        let document = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/encryption.md");
        let text = std::fs::read_to_string(document).unwrap();
        let (_, text) = text.split_once("### What one device can cost the others").unwrap();
        let rows = text.lines().skip_while(|line| !line.starts_with('|')).skip(2);
        let rows = rows.take_while(|line| line.starts_with('|'));
        rows.map(|row| {
            let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
            (cells[0].to_owned(), cells[1].to_owned(), cells[2].to_owned())
        })
        .collect()
    }

    /// A bound that is changed in the document, or here, is changed in both.
    #[test]
    fn the_limits_are_those_of_the_document() {
        let table = table();
        let row = |begins: &str| {
            let found = table.iter().find(|(what, ..)| what.starts_with(begins));
            found.unwrap_or_else(|| panic!("no row about {begins}"))
        };
        let number = |cell: &str| -> usize {
            let digits = cell.chars().take_while(|c| c.is_ascii_digit() || *c == ' ');
            let digits: String = digits.filter(char::is_ascii_digit).collect();
            digits.parse().unwrap_or_else(|_| panic!("no number in '{cell}'"))
        };
        assert_eq!(number(&row("devices that it lets in").1), ADMITTED);
        assert_eq!(number(&row("writing identities").1), IDENTITIES);
        assert_eq!(number(&row("removals;").1), SAID);
        assert_eq!(number(&row("keys; names;").1), FEW);
        assert_eq!(number(&row("`lacks`; records that do not count").1), IDLE);
        assert_eq!(number(&row("records whose signer is not known").2), UNKNOWN);
        let all = row("all membership records").2.clone();
        assert_eq!(number(&all), RECORDS);
        assert!(all.ends_with("3.75 MiB") && RECORD_BYTES == 15 * 1024 * 1024 / 4, "{all}");
        assert_eq!(number(&row("handovers").2), HANDOVERS);
        assert_eq!(number(&row("changes that a removed device").2), SET_ASIDE as usize);
    }
}
