//! Runs histories of the simulator and prints what they exercised. Exits with an error when one broke
//! an invariant; where a bug was planted, when none did.

use clap::Parser;
use holdfast_oplog::planted::{Bug, plant};
use holdfast_tests::sim::adversary;
use holdfast_tests::sim::{Options, Outcome, Report, minimise, run, run_many};
use std::collections::BTreeMap;
use std::process::ExitCode;

#[derive(Parser)]
#[command(name = "sim", about = "Runs histories of several devices against an oracle")]
struct Arguments {
    /// How many histories
    #[arg(long, default_value_t = 100)]
    seeds: u64,
    /// The seed of the first
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Histories in which one device is hostile
    #[arg(long, conflicts_with_all = ["minimise", "find"])]
    adversary: bool,
    /// With an adversary: only acts whose rows in the table begin so, separated by commas
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// How many devices each has, from 2 to 8
    #[arg(long)]
    devices: Option<usize>,
    /// Only the first steps of each
    #[arg(long)]
    steps: Option<usize>,
    /// Steps that are left out, separated by commas
    #[arg(long, value_delimiter = ',')]
    skip: Vec<usize>,
    /// Print what happens
    #[arg(long)]
    tell: bool,
    /// Make the first failing history shorter
    #[arg(long)]
    minimise: bool,
    /// Print the seeds of the histories in which this row of the table was not zero
    #[arg(long, value_name = "ROW")]
    find: Option<String>,
    /// Plant a bug in the engine; `all` plants one after the other. With an adversary those that only it
    /// makes use of
    #[arg(long)]
    plant: Option<String>,
}

impl Arguments {
    fn range(&self) -> std::ops::Range<u64> {
        self.seed..self.seed.saturating_add(self.seeds)
    }

    fn kinds(&self) -> Vec<&str> {
        self.only.iter().map(String::as_str).collect()
    }

    fn options(&self, seed: u64) -> Options {
        Options {
            devices: self.devices,
            steps: self.steps,
            skip: self.skip.iter().copied().collect(),
            tell: self.tell,
            ..Options::new(seed)
        }
    }
}

/// Runs the histories, as many at a time as the machine has processors.
fn histories(arguments: &Arguments) -> Report {
    run_many(
        arguments.range(),
        |seed| arguments.options(seed),
        |seed, outcome| {
            if arguments.find.as_ref().is_some_and(|row| outcome.tally.of_row(row) > 0) {
                println!("seed {seed}");
            }
        },
    )
}

/// The first line of what a history broke.
fn first_line(outcome: &Outcome) -> String {
    line(outcome.failure.as_deref().unwrap_or_default())
}

/// Says how to see a failing history again, in as few steps as were found.
fn shorter(options: &Options) {
    let short = minimise(options);
    let steps = short.steps.unwrap_or_default();
    println!("  {} steps do: {}", steps - short.skip.len(), first_line(&run(&short)));
    print!("  cargo xtask sim --seeds 1 --seed {} --steps {steps} --tell", options.seed);
    if !short.skip.is_empty() {
        let skip: Vec<String> = short.skip.iter().map(ToString::to_string).collect();
        print!(" --skip {}", skip.join(","));
    }
    println!();
}

fn search(arguments: &Arguments) -> ExitCode {
    let report = histories(arguments);
    print!("{report}");
    if arguments.minimise
        && let Some(seed) = report.failures.keys().next()
    {
        shorter(&arguments.options(*seed));
    }
    if report.failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Histories in which one device is hostile, and the table of what it tried.
fn hostile(arguments: &Arguments) -> ExitCode {
    if arguments.tell {
        let (seed, only) = (arguments.seed, arguments.only.clone());
        let outcome = adversary::run(&adversary::Options { seed, tell: true, only, plant: None });
        println!("{}", outcome.failure.as_deref().unwrap_or("no invariant was broken"));
        return if outcome.failure.is_none() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    let report = adversary::run_many(arguments.range(), &arguments.kinds(), None);
    print!("{report}");
    if report.failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The first line of what somebody said.
fn line(words: &str) -> String {
    words.lines().next().unwrap_or_default().to_owned()
}

/// Plants one bug after the other, and says in how many histories each was found.
fn planted(arguments: &Arguments, name: &str) -> ExitCode {
    let among = if arguments.adversary { &Bug::WEAKNESSES } else { &Bug::ALL };
    let bugs: Vec<Bug> = match name {
        "all" => among.to_vec(),
        name => Bug::named(name, among).into_iter().collect(),
    };
    if bugs.is_empty() {
        let names: Vec<&str> = among.iter().map(|bug| bug.name()).collect();
        eprintln!("there is no such bug: choose {} or all", names.join(", "));
        return ExitCode::FAILURE;
    }
    let mut missed = false;
    println!("| planted | found in | of histories | first seed | what it broke there |");
    println!("|---|---:|---:|---:|---|");
    for bug in bugs {
        plant(bug);
        let found: BTreeMap<u64, String> = if arguments.adversary {
            let report = adversary::run_many(arguments.range(), &arguments.kinds(), None);
            report.failures.iter().map(|(seed, words)| (*seed, line(words))).collect()
        } else {
            let report = histories(arguments);
            report.failures.iter().map(|(seed, outcome)| (*seed, first_line(outcome))).collect()
        };
        let first = found.iter().next();
        let (seed, broke) = first
            .map_or((String::from("none"), ""), |(seed, words)| (seed.to_string(), words.as_str()));
        println!("| `{}` | {} | {} | {seed} | {broke} |", bug.name(), found.len(), arguments.seeds);
        if let Some((seed, _)) = first.filter(|_| arguments.minimise) {
            shorter(&arguments.options(*seed));
        }
        missed |= found.is_empty();
    }
    if missed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    // What breaks is told at the end, in order.
    std::panic::set_hook(Box::new(|_| {}));
    let bugs = Bug::ALL.into_iter().chain(Bug::WEAKNESSES).collect::<Vec<_>>();
    if let Some(bug) = arguments.plant.as_ref().and_then(|name| Bug::named(name, &bugs)) {
        plant(bug);
    }
    match &arguments.plant {
        Some(name) if !arguments.tell => planted(&arguments, name),
        _ if arguments.adversary => hostile(&arguments),
        _ => search(&arguments),
    }
}
