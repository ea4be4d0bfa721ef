//! Runs histories of the simulator and prints what they exercised. Exits with an error when one broke
//! an invariant, unless a bug was planted: then it says in how many histories the bug was found.

use clap::Parser;
use holdfast_tests::sim::{Options, Tally, minimise, run};
use std::process::ExitCode;
use std::time::Instant;

#[derive(Parser)]
#[command(name = "sim", about = "Runs histories of several devices against an oracle")]
struct Arguments {
    /// How many histories
    #[arg(long, default_value_t = 100)]
    seeds: u64,
    /// The seed of the first
    #[arg(long, default_value_t = 0)]
    seed: u64,
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
    /// Make failing histories shorter
    #[arg(long)]
    minimise: bool,
    /// Plant a bug in the engine
    #[arg(long)]
    plant: Option<String>,
}

/// Says what a failing history broke, and how to see it again.
fn tell(arguments: &Arguments, options: &Options, failure: &str) {
    println!("seed {} broke an invariant: {failure}", options.seed);
    if arguments.minimise {
        let short = minimise(options);
        let skip: Vec<String> = short.skip.iter().map(ToString::to_string).collect();
        let steps = short.steps.unwrap_or_default();
        let again = run(&short).failure.unwrap_or_default();
        println!("  {} steps do: {again}", steps - short.skip.len());
        print!("  cargo xtask sim --seeds 1 --seed {} --steps {steps} --tell", options.seed);
        if !skip.is_empty() {
            print!(" --skip {}", skip.join(","));
        }
        println!();
    }
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let options = |seed| Options {
        devices: arguments.devices,
        steps: arguments.steps,
        skip: arguments.skip.iter().copied().collect(),
        tell: arguments.tell,
        ..Options::new(seed)
    };
    // What breaks is told in order below.
    std::panic::set_hook(Box::new(|_| {}));
    let start = Instant::now();
    let mut tally = Tally::default();
    let mut failed = 0;
    for seed in arguments.seed..arguments.seed.saturating_add(arguments.seeds) {
        let options = options(seed);
        let outcome = run(&options);
        tally.join(&outcome.tally);
        if let Some(failure) = outcome.failure {
            failed += 1;
            tell(&arguments, &options, &failure);
        }
    }
    let seconds = start.elapsed().as_secs_f64();
    let rate = arguments.seeds as f64 / seconds.max(1e-9);
    print!("{tally}");
    println!("{} histories in {seconds:.1} s: {rate:.0} per second", arguments.seeds);
    println!("{failed} of {} broke an invariant", arguments.seeds);
    if failed > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
