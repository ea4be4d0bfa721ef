//! What the runners said at the end, gathered into one closing summary.

use std::time::Duration;

/// How many tests a runner counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Tests that ran and held.
    pub passed: u64,
    /// Tests that ran and did not hold.
    pub failed: u64,
    /// Tests that did not run.
    pub skipped: u64,
}

/// One step of a test run.
#[derive(Debug)]
pub struct Step {
    /// What was run, for the person.
    pub name: &'static str,
    /// Whether it succeeded.
    pub succeeded: bool,
    /// The runner's own last word, where it has one.
    pub closing: Option<String>,
    /// What it counted; nothing for lints.
    pub counts: Counts,
    /// How long it took.
    pub took: Duration,
}

/// How the closing line of nextest begins.
const NEXTEST: &str = "Summary [";

/// Adds up what the lines of a runner count, and keeps the last line that counts something. Knows
/// the closing lines of nextest, cargo test and vitest. Nextest counts everything in one line of its
/// own; what the tests printed beside it (each is a cargo test to itself) is not counted again.
pub fn read(lines: &[String]) -> (Counts, Option<String>) {
    let is_nextest = lines.iter().any(|line| line.trim().starts_with(NEXTEST));
    let mut counts = Counts::default();
    let mut closing = None;
    for line in lines {
        let text = line.trim();
        let words: Vec<&str> =
            text.split(|c: char| c.is_whitespace() || ",;|()".contains(c)).collect();
        // "Tests", not "Test Files": vitest counts both.
        let counts_tests = if is_nextest {
            text.starts_with(NEXTEST)
        } else {
            text.starts_with("test result:") || words.first() == Some(&"Tests")
        };
        if !counts_tests {
            continue;
        }
        let words: Vec<&str> = words.into_iter().filter(|word| !word.is_empty()).collect();
        for pair in words.windows(2) {
            let [number, what] = pair else { continue };
            let Ok(number) = number.parse::<u64>() else { continue };
            match *what {
                "passed" => counts.passed += number,
                "failed" | "timed" => counts.failed += number,
                "skipped" | "ignored" => counts.skipped += number,
                _ => {}
            }
        }
        closing = Some(text.to_owned());
    }
    (counts, closing)
}

/// Prints all steps and the total, in a form that people and machines read.
pub fn print(steps: &[Step]) {
    println!("\nSummary of the test run");
    let mut total = Counts::default();
    for step in steps {
        let mark = if step.succeeded { "ok    " } else { "FAILED" };
        println!(
            "  {mark} {:<28} {:>5} s  {}",
            step.name,
            step.took.as_secs(),
            step.closing.as_deref().unwrap_or("")
        );
        total.passed += step.counts.passed;
        total.failed += step.counts.failed;
        total.skipped += step.counts.skipped;
        // A runner that could not run, or a lint, counts as one.
        if !step.succeeded && step.counts.failed == 0 {
            total.failed += 1;
        }
    }
    println!();
    if total.skipped > 0 {
        println!("{} passed, {} failed, {} skipped", total.passed, total.failed, total.skipped);
    } else {
        println!("{} passed, {} failed", total.passed, total.failed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Counts {
        read(&text.lines().map(str::to_owned).collect::<Vec<_>>()).0
    }

    #[test]
    fn closing_lines_of_the_runners_are_read() {
        let nextest =
            "     Summary [   1.204s] 21 tests run: 19 passed (1 slow), 2 failed, 3 skipped";
        assert_eq!(of(nextest), Counts { passed: 19, failed: 2, skipped: 3 });
        let shown = format!(
            "test result: ok. 1 passed; 0 failed; 0 ignored\n{nextest}\n\
                             test result: FAILED. 0 passed; 1 failed; 0 ignored"
        );
        assert_eq!(of(&shown), Counts { passed: 19, failed: 2, skipped: 3 });
        let cargo = "test result: ok. 4 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out\n\
                     test result: FAILED. 2 passed; 1 failed; 0 ignored; 0 measured";
        assert_eq!(of(cargo), Counts { passed: 6, failed: 1, skipped: 1 });
        let vitest =
            " Test Files  3 passed (3)\n      Tests  1 failed | 11 passed | 2 skipped (14)";
        assert_eq!(of(vitest), Counts { passed: 11, failed: 1, skipped: 2 });
        assert_eq!(of("7 passed somewhere else"), Counts::default());
    }
}
