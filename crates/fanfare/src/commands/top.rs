//! `fanfare top`: a server in numbers, on a terminal.

use super::Command;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::interrupt::on_interrupt;
use crate::remote::{Remote, ServerArgs};
use crate::showing::{Paint, write_line};
use crate::watching::{Late, Look, Screen, Sort, View, draw, look};
use clap::{ArgMatches, Args, FromArgMatches};
use fanfare_proto::parse_duration;
use ratatui::DefaultTerminal;
use ratatui::crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Duration;

pub const COMMAND: Command = Command {
    name: "top",
    about: "Watch a server: sessions, rates, lag, commits, memory, channels",
    examples: &[
        ("This machine's server", "fanfare top"),
        ("Only some channels, the largest first", "fanfare top 'logs/**' --sort size"),
        ("One frame, for a script or a report", "fanfare top --once"),
    ],
    arguments: Options::augment_args,
    run,
};

#[derive(Args)]
struct Options {
    /// Only channels that this pattern means
    #[arg(default_value = "**")]
    pattern: String,

    /// By what channels are sorted; the arrows left and right change it
    #[arg(long, value_enum, default_value_t)]
    sort: Sort,

    /// How long between two looks: 200ms to 1m
    #[arg(long, value_name = "DURATION", default_value = "2s", value_parser = interval)]
    every: Duration,

    /// Look twice, print one frame of 80 by 24 as plain text, and end
    #[arg(long)]
    once: bool,

    #[command(flatten)]
    server: ServerArgs,
}

/// How often the keyboard is looked at.
const KEYS_EVERY: Duration = Duration::from_millis(100);
/// A look that takes longer is late.
const LATE: Duration = Duration::from_secs(3);
/// What every terminal has, at least.
const PLAIN: (u16, u16) = (80, 24);

fn interval(text: &str) -> Result<Duration, String> {
    let every = parse_duration(text)?;
    let allowed = Duration::from_millis(200)..=Duration::from_secs(60);
    allowed.contains(&every).then_some(every).ok_or_else(|| "200ms to 1m are allowed".to_owned())
}

fn run(matches: &ArgMatches) -> Result<Exit, Failure> {
    let options =
        Options::from_arg_matches(matches).map_err(|error| Failure::new(Exit::USAGE, error.to_string()))?;
    if !options.once && !io::stdout().is_terminal() {
        return Err(Failure::new(Exit::USAGE, "this is shown on a terminal, and stdout is none")
            .next("with --once, one frame is printed as plain text"));
    }
    let remote = options.server.remote()?;
    // Whatever is wrong with the server is said before the terminal is taken.
    let first = remote.wait(look(&remote.client, &options.pattern))?;
    if options.once { print(&options, &remote, &first) } else { watch(&options, &remote, first) }
}

fn print(options: &Options, remote: &Remote, first: &Look) -> Result<Exit, Failure> {
    std::thread::sleep(options.every);
    let second = remote.wait(look(&remote.client, &options.pattern))?;
    let view = View::new(first, &second, options.sort);
    let (address, paint) = (remote.client.address(), Paint::stdout());
    let screen = Screen { address, sort: options.sort, first: 0, late: None, keys: false, paint };
    write_line(screen.text(&view, PLAIN.0, PLAIN.1).as_bytes())?;
    Ok(Exit::DONE)
}

fn watch(options: &Options, remote: &Remote, first: Look) -> Result<Exit, Failure> {
    let ended = Arc::new(AtomicBool::new(false));
    let told = ended.clone();
    on_interrupt(move || told.store(true, Relaxed))?;
    let looks = looks(options, remote);
    let failed = |error: io::Error| Failure::io("the terminal cannot be used", &error);
    let terminal = ratatui::try_init().map_err(failed)?;
    let address = remote.client.address();
    let (sort, every) = (options.sort, options.every);
    let top = Top { address, sort, every, first: 0, before: None, now: first, trouble: None };
    let shown = top.run(terminal, &looks, &ended);
    ratatui::restore();
    shown.map_err(failed)?;
    Ok(Exit::DONE)
}

/// Looks again and again, until nobody takes what was seen.
fn looks(options: &Options, remote: &Remote) -> Receiver<Result<Look, Failure>> {
    let (sender, receiver) = sync_channel(1);
    let (client, pattern, every) = (remote.client.clone(), options.pattern.clone(), options.every);
    remote.spawn(async move {
        loop {
            tokio::time::sleep(every).await;
            if sender.send(look(&client, &pattern).await).is_err() {
                return;
            }
        }
    });
    receiver
}

/// The terminal's view of a server.
struct Top<'a> {
    address: &'a str,
    sort: Sort,
    every: Duration,
    /// The first channel that is shown.
    first: usize,
    before: Option<Look>,
    now: Look,
    /// What went wrong with the last look.
    trouble: Option<String>,
}

impl Top<'_> {
    fn run(
        mut self,
        mut terminal: DefaultTerminal,
        looks: &Receiver<Result<Look, Failure>>,
        ended: &AtomicBool,
    ) -> io::Result<()> {
        while !ended.load(Relaxed) {
            terminal.draw(|frame| {
                let view = View::new(self.before.as_ref().unwrap_or(&self.now), &self.now, self.sort);
                let (late, paint) = (self.late(), Paint::stdout());
                let (address, sort, first) = (self.address, self.sort, self.first);
                draw(frame, &view, &Screen { address, sort, first, late, keys: true, paint });
            })?;
            if event::poll(KEYS_EVERY)?
                && let Event::Key(key) = event::read()?
                && self.press(key)
            {
                return Ok(());
            }
            match looks.try_recv() {
                Ok(Ok(look)) => {
                    self.before = Some(std::mem::replace(&mut self.now, look));
                    self.trouble = None;
                }
                Ok(Err(failure)) => self.trouble = Some(failure.what),
                Err(_) => {}
            }
        }
        Ok(())
    }

    /// How late the next numbers are, once that is worth telling.
    fn late(&self) -> Option<Late<'_>> {
        let (by, why) = (self.now.at.elapsed(), self.trouble.as_deref());
        (why.is_some() || by > self.every + LATE).then_some(Late { by, why })
    }

    /// Does what a key means. Answers whether that is to quit.
    fn press(&mut self, key: KeyEvent) -> bool {
        let last = self.now.channels.len().saturating_sub(1);
        match key.code {
            _ if key.kind == KeyEventKind::Release => {}
            KeyCode::Char('q') | KeyCode::Esc => return true,
            KeyCode::Char('c') if key.modifiers.contains(KeyModifiers::CONTROL) => return true,
            KeyCode::Right => self.sort = self.sort.beside(1),
            KeyCode::Left => self.sort = self.sort.beside(4),
            KeyCode::Down => self.first = (self.first + 1).min(last),
            KeyCode::Up => self.first = self.first.saturating_sub(1),
            KeyCode::PageDown => self.first = (self.first + 10).min(last),
            KeyCode::PageUp => self.first = self.first.saturating_sub(10),
            KeyCode::Home => self.first = 0,
            _ => {}
        }
        false
    }
}
