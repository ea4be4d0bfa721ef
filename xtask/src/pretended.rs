//! Dates and zones that a test run pretends. What a test says may not depend on the day on which it
//! runs, nor on where: the tests run under each of these moments.

use std::process::Command;

/// One moment in one place.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    /// The step's name, for the person.
    pub interface: &'static str,
    /// The same for the Rust tests.
    pub rust: &'static str,
    /// RFC 3339.
    time: &'static str,
    /// IANA name.
    zone: &'static str,
}

/// Days on which something is unusual, in zones on both sides of Greenwich and half an hour off.
pub const MOMENTS: [Moment; 4] = [
    Moment {
        interface: "interface: 29 February",
        rust: "tests: 29 February",
        time: "2028-02-29T12:00:00Z",
        zone: "America/Los_Angeles",
    },
    Moment {
        interface: "interface: summer time starts",
        rust: "tests: summer time starts",
        // Half an hour before two o'clock becomes three.
        time: "2027-03-28T01:30:00+01:00",
        zone: "Europe/Berlin",
    },
    Moment {
        interface: "interface: New Year's Eve",
        rust: "tests: New Year's Eve",
        time: "2026-12-31T23:50:00+13:00",
        zone: "Pacific/Auckland",
    },
    Moment {
        interface: "interface: before midnight",
        rust: "tests: before midnight",
        time: "2028-02-29T23:40:00-03:30",
        zone: "America/St_Johns",
    },
];

impl Moment {
    /// Lets what `command` starts believe in this moment: the interface's tests by `HOLDFAST_PRETEND`
    /// (ui/tests/pretend.ts), the programs by `HOLDFAST_TEST_CLOCK`.
    pub fn pretend<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command
            .env("TZ", self.zone)
            .env("HOLDFAST_PRETEND", self.time)
            .env("HOLDFAST_TEST_CLOCK", self.time)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_started_believes_in_the_moment_and_the_zone() {
        for moment in MOMENTS {
            let mut command = Command::new("true");
            moment.pretend(&mut command);
            let given: Vec<_> = command
                .get_envs()
                .filter_map(|(name, value)| Some((name.to_str()?, value?.to_str()?)))
                .collect();
            assert!(given.contains(&("TZ", moment.zone)));
            assert!(given.contains(&("HOLDFAST_PRETEND", moment.time)));
            assert!(given.contains(&("HOLDFAST_TEST_CLOCK", moment.time)));
        }
    }
}
