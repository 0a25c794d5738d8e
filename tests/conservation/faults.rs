//! What goes wrong. Each fault ends with the program running and a database that answers.

use std::fs::{self, File, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

use actors::domain::errors::{Category, ErrorOccurred, ErrorPoint, Failure, Origin};
use actors::domain::point::Stamp;
use actors::io::error_log::ErrorStore;
use chrono::{NaiveDate, Utc};
use fastrand::Rng;

use crate::campaign::Campaign;
use crate::database::Mode;
use crate::rules::REPORTS;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// SIGKILL, and another start.
    Kill,
    /// SIGKILL while nothing is stored.
    KillWhileAway,
    /// SIGTERM, and another start.
    Stop,
    /// SIGTERM while nothing is stored.
    StopWhileAway,
    /// SIGSTOP, later SIGCONT.
    Pause,
    Refuse,
    Hang,
    StoreLate,
    StoreAndCut,
    /// Killed when much was stored and nothing confirmed.
    StoreCutAndKill,
    TooMany,
    InternalError,
    Unavailable,
    /// The history is cut at a border of 4 KiB while the program is off.
    CutHistory,
    /// 4 KiB of it are zero.
    ZeroHistory,
    CutOutbox,
    ZeroOutbox,
    /// The history is deleted while it is in use.
    DeleteHistory,
    /// The data folder cannot be used at the start, and can later.
    FolderAway,
    /// The clock was an hour ahead before this start.
    ClockSetBack,
    /// Another process is given the same history.
    Rival,
}

impl Fault {
    pub(crate) const ALL: [Self; 21] = [
        Self::Kill,
        Self::KillWhileAway,
        Self::Stop,
        Self::StopWhileAway,
        Self::Pause,
        Self::Refuse,
        Self::Hang,
        Self::StoreLate,
        Self::StoreAndCut,
        Self::StoreCutAndKill,
        Self::TooMany,
        Self::InternalError,
        Self::Unavailable,
        Self::CutHistory,
        Self::ZeroHistory,
        Self::CutOutbox,
        Self::ZeroOutbox,
        Self::DeleteHistory,
        Self::FolderAway,
        Self::ClockSetBack,
        Self::Rival,
    ];

    pub(crate) fn any(rng: &mut Rng) -> Self {
        Self::ALL[rng.usize(..Self::ALL.len())]
    }
}

type Done = Result<(), String>;

pub(crate) fn perform(fault: Fault, campaign: &mut Campaign, rng: &mut Rng) -> Done {
    // Something is under way when it begins.
    last(rng, 500);
    match fault {
        Fault::Kill => restart(campaign, true, |_| Ok(())),
        Fault::Stop => restart(campaign, false, |_| Ok(())),
        Fault::KillWhileAway | Fault::StopWhileAway => {
            campaign.database.set(away(rng));
            last(rng, 2_000);
            restart(campaign, fault == Fault::KillWhileAway, |_| Ok(()))?;
            last(rng, 1_000);
            campaign.database.restart();
            Ok(())
        }
        Fault::Pause => {
            campaign.program()?.signal("STOP");
            last(rng, if campaign.is_long { 60_000 } else { 3_000 });
            campaign.program()?.signal("CONT");
            Ok(())
        }
        Fault::Refuse => {
            campaign.database.stop();
            outage(campaign, rng)
        }
        Fault::Hang => answers(campaign, rng, Mode::Hang),
        Fault::StoreLate => answers(campaign, rng, Mode::StoreLate),
        Fault::StoreAndCut => answers(campaign, rng, Mode::StoreAndCut),
        Fault::StoreCutAndKill => {
            campaign.database.set(Mode::StoreAndCut);
            last(rng, 1_000);
            restart(campaign, true, |_| Ok(()))?;
            outage(campaign, rng)
        }
        Fault::TooMany => answers(campaign, rng, Mode::Refuse(429)),
        Fault::InternalError => answers(campaign, rng, Mode::Refuse(500)),
        Fault::Unavailable => answers(campaign, rng, Mode::Refuse(503)),
        Fault::CutHistory | Fault::CutOutbox | Fault::ZeroHistory | Fault::ZeroOutbox => {
            damage(fault, campaign, rng)
        }
        Fault::DeleteHistory => delete(campaign),
        Fault::FolderAway => folder_away(campaign, rng),
        Fault::ClockSetBack => clock_set_back(campaign, rng),
        Fault::Rival => rival(campaign),
    }
}

/// Goes on for up to so many milliseconds.
fn last(rng: &mut Rng, most: u64) {
    sleep(Duration::from_millis(rng.u64(most / 4..=most)));
}

/// One of the ways in which nothing is stored.
fn away(rng: &mut Rng) -> Mode {
    [Mode::Hang, Mode::Refuse(503), Mode::Refuse(500)][rng.usize(..3)]
}

fn answers(campaign: &mut Campaign, rng: &mut Rng, mode: Mode) -> Done {
    campaign.database.set(mode);
    outage(campaign, rng)
}

fn outage(campaign: &mut Campaign, rng: &mut Rng) -> Done {
    last(rng, if campaign.is_long { 60_000 } else { 3_000 });
    campaign.database.restart();
    Ok(())
}

/// Ends the program, and starts it when `meanwhile` is done. What the history knows of today then
/// is what the next start counts from.
fn restart(
    campaign: &mut Campaign,
    is_kill: bool,
    meanwhile: impl FnOnce(&mut Campaign) -> Done,
) -> Done {
    campaign.end(is_kill)?;
    let today = Utc::now().date_naive();
    let count = of_day(campaign, today)?;
    meanwhile(campaign)?;
    let after = of_day(campaign, today);
    campaign.launch()?;
    // A file that was damaged meanwhile is checked by what it says itself.
    if after == Ok(count) && count > 0 {
        let line = campaign.line_with("errors of today read back")?;
        let expected = format!("ERROR HISTORY: {count} errors of today read back");
        if !line.contains(&expected) && Utc::now().date_naive() == today {
            return Err(format!("{line:?} instead of {count}"));
        }
    }
    Ok(())
}

fn of_day(campaign: &mut Campaign, day: NaiveDate) -> Result<usize, String> {
    let rows = campaign.learn()?;
    Ok(rows.keys().filter(|(stamp, _)| Stamp(*stamp).to_utc().date_naive() == day).count())
}

fn damage(fault: Fault, campaign: &mut Campaign, rng: &mut Rng) -> Done {
    let is_history = matches!(fault, Fault::CutHistory | Fault::ZeroHistory);
    let file = if is_history { &campaign.files.history } else { &campaign.files.outbox };
    let (file, is_cut) = (file.clone(), matches!(fault, Fault::CutHistory | Fault::CutOutbox));
    if !is_history {
        // So that there is something in it.
        campaign.database.set(away(rng));
        last(rng, 2_000);
    }
    let is_kill = rng.bool();
    campaign.end(is_kill)?;
    let mut is_told = is_history && of_day(campaign, Utc::now().date_naive())? > 0;
    let blocks = fs::metadata(&file).map_or(0, |about| about.len() / BLOCK);
    if blocks > 0 {
        let block = rng.u64(..blocks);
        println!(
            "  block {block} of {blocks}, after {}",
            if is_kill { "SIGKILL" } else { "SIGTERM" }
        );
        if is_history && is_cut && block == 0 {
            // An empty file is a new one: nobody can say that there was more.
            campaign.damaged.clone_from(&campaign.known);
            is_told = false;
        }
        spoil(&file, block, is_cut).map_err(|error| format!("{}: {error}", file.display()))?;
    }
    campaign.database.restart();
    campaign.launch()?;
    if is_told {
        // Before, what can be read is not in the new file yet.
        campaign.line_with_one_of(&["errors of today read back", REPORTS[0]])?;
    }
    Ok(())
}

/// What is recorded until the program notices is in a file that nobody can read any more.
fn delete(campaign: &mut Campaign) -> Done {
    // One that has its stamp is in the file a little later.
    let begin = now() - 10_000_000_000;
    campaign.learn()?;
    // In pieces, as it may happen.
    for end in ["", "-wal", "-shm"] {
        _ = fs::remove_file(beside(&campaign.files.history, end));
    }
    campaign.line_with("was deleted or replaced while it was in use")?;
    campaign.nameless.push(begin..=now());
    Ok(())
}

/// As stamps are.
fn now() -> i64 {
    Utc::now().timestamp_nanos_opt().unwrap_or(i64::MAX)
}

const BLOCK: u64 = 4_096;

fn spoil(file: &Path, block: u64, is_cut: bool) -> std::io::Result<()> {
    let mut file: File = OpenOptions::new().write(true).open(file)?;
    if is_cut {
        return file.set_len(block * BLOCK);
    }
    file.seek(SeekFrom::Start(block * BLOCK))?;
    file.write_all(&[0; BLOCK as usize])
}

fn folder_away(campaign: &mut Campaign, rng: &mut Rng) -> Done {
    let data = campaign.files.data.clone();
    let aside = data.with_extension("aside");
    let failed = |error: std::io::Error| format!("{}: {error}", data.display());
    campaign.end(rng.bool())?;
    campaign.learn()?;
    fs::rename(&data, &aside).map_err(failed)?;
    // A file where the folder should be: this stops an administrator's account as well.
    fs::write(&data, "").map_err(failed)?;
    campaign.launch()?;
    last(rng, 2_000);
    fs::remove_file(&data).map_err(failed)?;
    fs::rename(&aside, &data).map_err(failed)?;
    campaign.line_with("ERROR HISTORY: The file can be used now").map(|_| ())
}

/// RecordedRequest from the program a clock that was set back is a history with stamps that lie ahead.
fn clock_set_back(campaign: &mut Campaign, rng: &mut Rng) -> Done {
    let from = [Duration::ZERO, Duration::from_secs(1), Duration::from_secs(3_600)][rng.usize(..3)];
    restart(campaign, rng.bool(), |campaign| {
        let now = Utc::now().timestamp_micros() + from.as_micros() as i64;
        let point = |micros: i64| {
            let origin = Origin::HealthApi { server: "ahead".into(), host: "127.0.1.1:1".into() };
            let failure = Failure::local(Category::Unknown, "from before");
            ErrorPoint::new(Stamp((now + micros) * 1_000), ErrorOccurred { origin, failure })
        };
        // Close together, so that stamps of the next seconds would meet them.
        let points: Vec<ErrorPoint> = (0..3_000).map(|number| point(number * 500)).collect();
        let store = ErrorStore::open(&campaign.files.history);
        store.and_then(|mut store| store.insert(&points)).map_err(|error| error.to_string())?;
        Ok(())
    })
}

fn rival(campaign: &mut Campaign) -> Done {
    let mut rival = campaign.begin(&campaign.files.rival);
    rival.line_with("is used by another Butler SOS");
    rival.terminate();
    match rival.wait() {
        Some(0) => Ok(()),
        code => Err(format!("the other process ended with {code:?}")),
    }
}

fn beside(file: &Path, end: &str) -> std::path::PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(end);
    name.into()
}
