//! The thread that owns the file, and the handle that its users have.

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::damage::{beside, readable, set_aside};
use super::file::OutboxFile;
use super::settings::OutboxSettings;
use super::work::{OutboxError, Reply, Stream, Work};
use crate::io::private;

/// Pause before a file that cannot be opened is tried again.
const AGAIN: Duration = Duration::from_secs(10);

/// Rows of a damaged file that are saved together.
const SAVED_TOGETHER: usize = 500;

/// A handle; clones lead to the same file. The thread ends when the last is dropped.
#[derive(Debug, Clone)]
pub struct Outbox {
    commands: Sender<Command>,
    obstacle: Arc<Mutex<Option<String>>>,
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
        let keeper =
            Keeper { settings, state: State::Closed(None), obstacle: Arc::clone(&obstacle) };
        std::thread::Builder::new().name("outbox".to_owned()).spawn(move || keeper.run(&inbox))?;
        Ok(Self { commands, obstacle })
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

    /// Why nothing can be kept on disk right now.
    pub fn obstacle(&self) -> Option<String> {
        self.obstacle.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

struct Keeper {
    settings: OutboxSettings,
    state: State,
    obstacle: Arc<Mutex<Option<String>>>,
}

enum State {
    /// When it could not be opened, and why.
    Closed(Option<(Instant, OutboxError)>),
    Open {
        file: OutboxFile,
        /// Held, not read: its lock tells other processes that the file is in use.
        _lock: File,
    },
}

impl Keeper {
    fn run(mut self, inbox: &Receiver<Command>) {
        while let Ok(Command { stream, work, reply }) = inbox.recv() {
            let result = self.work(stream, &work);
            let obstacle = result.as_ref().err().map(|error| error.message.clone());
            *self.obstacle.lock().unwrap_or_else(PoisonError::into_inner) = obstacle;
            // Whoever does not wait any more is stopping.
            _ = reply.send(result);
        }
    }

    fn work(&mut self, stream: Stream, work: &Work) -> Result<Reply, OutboxError> {
        match self.file()?.work(stream, work) {
            Err(error) if error.damaged => {
                self.state = State::Closed(None);
                let aside = self.begin_anew()?;
                let reply = self.file()?.work(stream, work)?;
                Ok(Reply { set_aside: Some(aside), ..reply })
            }
            other => other,
        }
    }

    /// The open file; a closed one is opened.
    fn file(&mut self) -> Result<&mut OutboxFile, OutboxError> {
        if let State::Closed(tried) = &self.state {
            if let Some((_, error)) = tried.as_ref().filter(|(at, _)| at.elapsed() < AGAIN) {
                return Err(error.clone());
            }
            self.state = match self.open() {
                Ok((file, lock)) => State::Open { file, _lock: lock },
                Err(error) => State::Closed(Some((Instant::now(), error))),
            };
        }
        match &mut self.state {
            State::Open { file, .. } => Ok(file),
            State::Closed(Some((_, error))) => Err(error.clone()),
            State::Closed(None) => {
                Err(OutboxError { message: "the outbox is closed".to_owned(), damaged: false })
            }
        }
    }

    fn open(&self) -> Result<(OutboxFile, File), OutboxError> {
        let file = &self.settings.file;
        let cannot = |error: std::io::Error| OutboxError {
            message: format!("{} cannot be opened: {error}", file.display()),
            damaged: false,
        };
        if let Some(folder) = file.parent() {
            private::make_folder(folder).map_err(cannot)?;
        }
        let mut for_lock = OpenOptions::new();
        for_lock.read(true).write(true).create(true).truncate(false);
        let lock = private::open(&beside(file, ".lock"), &mut for_lock).map_err(cannot)?;
        lock.try_lock().map_err(|_| OutboxError {
            message: format!("{} is used by another Butler SOS", file.display()),
            damaged: false,
        })?;
        // Made before the database makes it, which would let others read.
        private::claim(file).map_err(cannot)?;
        match OutboxFile::open(&self.settings) {
            Ok(open) => Ok((open, lock)),
            Err(error) if error.damaged => {
                let aside = set_aside(file).map_err(cannot)?;
                log::warn!(
                    "OUTBOX: {error}. It is kept as {}, and what can be read of it is saved",
                    aside.display()
                );
                let mut fresh = OutboxFile::open(&self.settings)?;
                save(&mut fresh, &aside)?;
                Ok((fresh, lock))
            }
            Err(error) => Err(error),
        }
    }

    /// The file turned out to be damaged while it was in use.
    fn begin_anew(&mut self) -> Result<PathBuf, OutboxError> {
        let file = &self.settings.file;
        let aside = set_aside(file).map_err(|error| OutboxError {
            message: format!("{} is damaged and cannot be renamed: {error}", file.display()),
            damaged: false,
        })?;
        save(self.file()?, &aside)?;
        Ok(aside)
    }
}

/// Saves what can be read of a damaged file.
fn save(fresh: &mut OutboxFile, damaged: &Path) -> Result<(), OutboxError> {
    for stream in Stream::ALL {
        let rows = readable(damaged, stream);
        for some in rows.chunks(SAVED_TOGETHER) {
            fresh.work(stream, &Work { append: some.to_vec(), ..Work::default() })?;
        }
    }
    Ok(())
}
