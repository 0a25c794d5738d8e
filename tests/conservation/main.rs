//! Conservation under fire: the real program, a database that records what it stored, and faults at
//! random. After each round [`rules`] must hold.
//!
//! `cargo test --test conservation -- [--rounds N] [--seed S] [--only FAULT] [--long]
//! [--storm] [--program FILE]`; a run that fails prints the seed, round and fault with which it can be repeated. Which faults come in which
//! order follows from the seed, what they meet does not: the program runs in real time.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "it speaks to whoever runs it")]

mod campaign;
mod config;
mod database;
mod faults;
mod producer;
mod rules;

use std::process::ExitCode;
use std::time::Instant;

use fastrand::Rng;

use campaign::Campaign;
use faults::Fault;

/// Rounds of a run that names no number.
const ROUNDS: u32 = 40;

/// The seed of a run that names none: the same faults decide what lands.
const SEED: u64 = 15;

/// Rounds that share a folder, so that a round meets what earlier ones have left.
const OF_A_CAMPAIGN: u32 = 10;

/// Malformed datagrams of each burst in a storm: 3,000 a second and more.
const OF_A_STORM: u32 = 40;

struct Choices {
    rounds: u32,
    seed: u64,
    only: Option<Fault>,
    is_long: bool,
    /// Thousands of errors a second, by datagrams that no decoder takes.
    is_storm: bool,
    /// Which program; that of this build when none is named.
    program: String,
}

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match choices(&words) {
        Ok(Some(choices)) => run(&choices),
        // A filter for tests with names: this is none.
        Ok(None) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// `None` when the words are those of a run of tests by name.
fn choices(words: &[String]) -> Result<Option<Choices>, String> {
    let seed = SEED;
    let program = env!("CARGO_BIN_EXE_butler-sos").to_owned();
    let mut choices =
        Choices { rounds: ROUNDS, seed, only: None, is_long: false, is_storm: false, program };
    let mut words = words.iter().map(String::as_str);
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or_else(|| format!("{word} needs a value"));
        match word {
            "--rounds" => choices.rounds = number(value()?)?,
            "--seed" => choices.seed = number(value()?)?,
            "--only" => {
                let name = value()?;
                let fault = Fault::ALL.into_iter().find(|fault| format!("{fault:?}") == name);
                choices.only = Some(fault.ok_or_else(|| format!("no fault {name}"))?);
            }
            "--program" => choices.program = value()?.to_owned(),
            "--long" => choices.is_long = true,
            "--storm" => choices.is_storm = true,
            _ => return Ok(None),
        }
    }
    Ok(Some(choices))
}

fn number<T: std::str::FromStr>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("{text} is no number"))
}

fn run(choices: &Choices) -> ExitCode {
    let Choices { rounds, seed, .. } = *choices;
    println!("conservation: --rounds {rounds} --seed {seed}");
    let begun = Instant::now();
    let mut rng = Rng::with_seed(seed);
    let (mut errors, mut events) = (0, 0);
    let mut round = 0;
    while round < rounds {
        let malformed = if choices.is_storm { OF_A_STORM } else { 0 };
        let mut campaign = Campaign::start(&choices.program, choices.is_long, malformed);
        for _ in 0..OF_A_CAMPAIGN.min(rounds - round) {
            round += 1;
            let fault = choices.only.unwrap_or_else(|| Fault::any(&mut rng));
            let at = Instant::now();
            let result =
                faults::perform(fault, &mut campaign, &mut rng).and_then(|()| campaign.verify());
            match result {
                Ok(stored) => println!(
                    "round {round} {fault:?}: {} errors, {} events stored, {:.1} s",
                    stored.errors,
                    stored.events,
                    at.elapsed().as_secs_f64()
                ),
                Err(difference) => {
                    println!("FAILED: --seed {seed}, round {round}, {fault:?}: {difference}");
                    campaign.print_log();
                    return ExitCode::FAILURE;
                }
            }
        }
        let stored = campaign.stored();
        errors += stored.errors;
        events += stored.events;
    }
    println!(
        "{round} rounds with seed {seed}: {errors} errors each stored once, {events} events, {:.0} s",
        begun.elapsed().as_secs_f64()
    );
    ExitCode::SUCCESS
}
