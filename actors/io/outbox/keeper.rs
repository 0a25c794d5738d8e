//! The thread that owns the file, and the handle that its users have.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tokio::sync::oneshot;

use super::damage::each_readable;
use super::file::OutboxFile;
use super::settings::OutboxSettings;
use super::work::{Drops, Level, OutboxError, Reply, Stream, Work};
use crate::domain::metrics::{Family, Labels};
use crate::io::sqlite::{self, OwnError};

/// Pause before a file that cannot be opened is tried again.
const AGAIN: Duration = Duration::from_secs(10);

/// A handle; clones lead to the same file. The thread ends when the last is dropped.
#[derive(Debug, Clone)]
pub struct Outbox {
    commands: Sender<Command>,
    obstacle: Arc<Mutex<Option<String>>>,
    levels: Arc<Mutex<BTreeMap<Stream, Level>>>,
    settings: Arc<OutboxSettings>,
}

struct Command {
    stream: Stream,
    work: Work,
    reply: oneshot::Sender<Result<Reply, OutboxError>>,
}

impl Outbox {
    /// Begins to look after a file. It is opened on its own thread: nobody waits for that, and a
    /// file that cannot be opened is tried again for as long as somebody asks.
    ///
    /// # Errors
    /// When the system has no thread left.
    pub fn open(settings: OutboxSettings) -> std::io::Result<Self> {
        let (commands, inbox) = channel();
        let obstacle = Arc::<Mutex<Option<String>>>::default();
        let levels = Arc::<Mutex<BTreeMap<Stream, Level>>>::default();
        let settings = Arc::new(settings);
        let keeper = Keeper {
            levels: Arc::clone(&levels),
            settings: Arc::clone(&settings),
            state: State::Closed(None),
            set_aside: None,
            dropped: BTreeMap::new(),
            obstacle: Arc::clone(&obstacle),
        };
        std::thread::Builder::new().name("outbox".to_owned()).spawn(move || keeper.run(&inbox))?;
        Ok(Self { commands, obstacle, levels, settings })
    }

    /// Does the work, written through to the disk when this returns.
    ///
    /// # Errors
    /// When nothing of it was done.
    pub async fn work(&self, stream: Stream, work: Work) -> Result<Reply, OutboxError> {
        let ended = || OutboxError { message: "the outbox has ended".to_owned(), damaged: false };
        let (reply, answer) = oneshot::channel();
        self.commands.send(Command { stream, work, reply }).map_err(|_| ended())?;
        answer.await.map_err(|_| ended())?
    }

    /// How much of a stream is on disk, as of the last time that it was written or read; nothing
    /// before the first.
    pub fn level(&self, stream: Stream) -> Level {
        let levels = self.levels.lock().unwrap_or_else(PoisonError::into_inner);
        levels.get(&stream).copied().unwrap_or_default()
    }

    /// Points that are sent out of it in a second at most; `None` as fast as can be.
    pub fn replay(&self) -> Option<u32> {
        self.settings.replay
    }

    /// How much is on disk, for Prometheus.
    pub fn families(&self) -> Vec<Family> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let gauge = |name, help, value: &dyn Fn(Stream, Level) -> u64| {
            Stream::ALL.into_iter().fold(Family::gauge(name, help), |family, stream| {
                let labels = Labels::of(&[("stream", stream.as_str())]);
                family.count(labels, value(stream, self.level(stream)))
            })
        };
        let age = |_, level: Level| {
            let oldest = level.oldest.and_then(|oldest| u64::try_from(oldest).ok());
            oldest.map_or(0, |oldest| now.saturating_sub(oldest))
        };
        vec![
            gauge("butlersos_outbox_points", "Points that wait on disk.", &|_, level| {
                level.points as u64
            }),
            gauge("butlersos_outbox_bytes", "Bytes of points that wait on disk.", &|_, level| {
                level.bytes
            }),
            gauge(
                "butlersos_outbox_oldest_seconds",
                "Age of the oldest point that waits on disk; 0 when none does.",
                &age,
            ),
            gauge(
                "butlersos_outbox_max_bytes",
                "Most bytes that may wait on disk.",
                &|stream, _| self.settings.limit(stream),
            ),
        ]
    }

    /// Why nothing can be kept on disk right now.
    pub fn obstacle(&self) -> Option<String> {
        self.obstacle.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

struct Keeper {
    levels: Arc<Mutex<BTreeMap<Stream, Level>>>,
    settings: Arc<OutboxSettings>,
    state: State,
    /// Where a damaged file was put, until somebody was told.
    set_aside: Option<PathBuf>,
    /// What found no room when rows of that file were saved, until somebody was told.
    dropped: BTreeMap<Stream, Drops>,
    obstacle: Arc<Mutex<Option<String>>>,
}

enum State {
    /// When it could not be opened, and why.
    Closed(Option<(Instant, OutboxError)>),
    Open {
        file: Box<OutboxFile>,
        /// Held, not read: its lock tells other processes that the file is in use.
        _lock: File,
    },
}

impl Keeper {
    fn run(mut self, inbox: &Receiver<Command>) {
        while let Ok(Command { stream, work, reply }) = inbox.recv() {
            let result = self.work(stream, &work);
            let obstacle = result.as_ref().err().map(|error| error.message.clone());
            if let Ok(reply) = &result {
                let mut levels = self.levels.lock().unwrap_or_else(PoisonError::into_inner);
                levels.insert(stream, reply.level);
            }
            *self.obstacle.lock().unwrap_or_else(PoisonError::into_inner) = obstacle;
            // Whoever does not wait any more is stopping.
            _ = reply.send(result);
        }
    }

    fn work(&mut self, stream: Stream, work: &Work) -> Result<Reply, OutboxError> {
        let reply = match self.file()?.work(stream, work) {
            Err(error) if error.damaged => {
                self.state = self.begin_anew(&error)?;
                self.file()?.work(stream, work)?
            }
            other => other?,
        };
        let mut dropped = self.dropped.remove(&stream).unwrap_or_default();
        dropped.add(&reply.dropped);
        Ok(Reply { set_aside: self.set_aside.take(), dropped, ..reply })
    }

    /// The open file; a closed one is opened.
    fn file(&mut self) -> Result<&mut OutboxFile, OutboxError> {
        if let State::Closed(tried) = &self.state {
            if let Some((_, error)) = tried.as_ref().filter(|(at, _)| at.elapsed() < AGAIN) {
                return Err(error.clone());
            }
            let opened = self.open();
            self.state =
                opened.unwrap_or_else(|error| State::Closed(Some((Instant::now(), error))));
        }
        match &mut self.state {
            State::Open { file, .. } => Ok(file),
            State::Closed(Some((_, error))) => Err(error.clone()),
            State::Closed(None) => {
                Err(OutboxError { message: "the outbox is closed".to_owned(), damaged: false })
            }
        }
    }

    fn open(&mut self) -> Result<State, OutboxError> {
        let lock = self.own()?;
        match OutboxFile::open(&self.settings) {
            Ok(file) => Ok(State::Open { file: Box::new(file), _lock: lock }),
            Err(error) if error.damaged => {
                drop(lock);
                self.begin_anew(&error)
            }
            Err(error) => Err(error),
        }
    }

    fn own(&self) -> Result<File, OutboxError> {
        sqlite::own(&self.settings.file).map_err(|error| {
            let message = match error {
                OwnError::InUse => format!("{} {error}", self.settings.file.display()),
                OwnError::Failed { .. } => error.to_string(),
            };
            OutboxError { message, damaged: false }
        })
    }

    /// The file is damaged: another takes its place, with what can be read of it.
    fn begin_anew(&mut self, damage: &OutboxError) -> Result<State, OutboxError> {
        // Closed before it is renamed.
        self.state = State::Closed(None);
        let lock = self.own()?;
        let aside = sqlite::set_aside(&self.settings.file).map_err(|error| OutboxError {
            message: format!("{damage}; it cannot be replaced: {error}"),
            damaged: false,
        })?;
        log::warn!(
            "OUTBOX: {damage}. It is kept as {}, and what can be read of it is saved",
            aside.display()
        );
        let mut file = OutboxFile::open(&self.settings)?;
        self.dropped = save(&mut file, &aside)?;
        self.set_aside = Some(aside);
        Ok(State::Open { file: Box::new(file), _lock: lock })
    }
}

/// Saves what can be read of a damaged file; what went meanwhile for want of room.
fn save(fresh: &mut OutboxFile, damaged: &Path) -> Result<BTreeMap<Stream, Drops>, OutboxError> {
    let mut all = BTreeMap::new();
    for stream in Stream::ALL {
        let mut dropped = Drops::default();
        each_readable(damaged, stream, |append| {
            let reply = fresh.work(stream, &Work { append, ..Work::default() })?;
            dropped.add(&reply.dropped);
            Ok(())
        })?;
        all.insert(stream, dropped);
    }
    Ok(all)
}
