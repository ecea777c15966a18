//! Asks which recommendations to apply, shows what they change, and asks again.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, IsTerminal};
use std::process::{Command, Stdio};

use dialoguer::console::Term;
use dialoguer::theme::Theme;
use tokio::task;

use crate::analysis::assessment::RiskLevel;
use crate::cli::context::Context;
use crate::cli::sources::finished;
use crate::error::{Error, Exit};
use crate::lifecycle::record::Record;
use crate::output::picker::{Choices, choices, details};
use crate::output::summary::counted;
use crate::store::Stored;

/// What dialoguer puts before a line to pick, and a column that stays free, since terminals break
/// lines that fill them.
const MARK: usize = "> [x] ".len() + 1;

/// What came of asking.
pub(super) enum Answer {
    Apply(Vec<Stored>),
    /// Nothing is to be done, which was told.
    Nothing(Exit),
}

/// Asks at the terminal; blocks no other work.
///
/// # Errors
/// Where nobody can be asked.
pub(super) async fn ask(cx: &Context, all: Vec<Stored>) -> Result<Answer, Error> {
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return Err(Error::Usage {
            message: "there is nobody to ask which recommendations to apply".to_owned(),
            hint: Some("name them, or pass --yes to apply all that are approved".to_owned()),
        });
    }
    cx.progress().finish();
    let mut terminal = Terminal::kept(cx);
    let dialog = Dialog { cx: cx.clone() };
    let answer = finished(task::spawn_blocking(move || dialog.hold(all)).await);
    terminal.is_over = match &answer {
        Ok(Answer::Apply(_)) => true,
        Ok(Answer::Nothing(exit)) => *exit != Exit::Interrupted,
        Err(_) => false,
    };
    answer
}

/// The terminal as it was: Ctrl-C or another signal may end the run while a dialog waits for a key.
struct Terminal<'a> {
    cx: &'a Context,
    /// As `stty` prints and takes them.
    settings: Option<String>,
    is_over: bool,
}

impl<'a> Terminal<'a> {
    fn kept(cx: &'a Context) -> Self {
        let printed = Command::new("stty")
            .arg("-g")
            .stdin(Stdio::inherit())
            .output();
        let settings = printed.ok().filter(|it| it.status.success());
        Self {
            cx,
            settings: settings.and_then(|it| String::from_utf8(it.stdout).ok()),
            is_over: false,
        }
    }
}

impl Drop for Terminal<'_> {
    fn drop(&mut self) {
        if self.is_over {
            return;
        }
        // Whoever ended the run can do no more about a terminal that is gone.
        let _ = Term::stderr().show_cursor();
        if let Some(settings) = &self.settings {
            let _ = Command::new("stty").arg(settings.trim()).status();
        }
        self.cx.note("\nnothing was applied");
    }
}

struct Dialog {
    cx: Context,
}

impl Dialog {
    fn hold(&self, all: Vec<Stored>) -> Result<Answer, Error> {
        let exit = match self.decided(all) {
            Ok(picked) if !picked.is_empty() => return Ok(Answer::Apply(picked)),
            Ok(_) => {
                self.cx.note("nothing was applied");
                Exit::Clean
            }
            // Ctrl-C is no error: it was sent on as the signal that it stands for.
            Err(dialoguer::Error::IO(it)) if it.kind() == io::ErrorKind::Interrupted => {
                Exit::Interrupted
            }
            Err(dialoguer::Error::IO(source)) => return Err(Error::Start(source)),
        };
        Ok(Answer::Nothing(exit))
    }

    /// Those that are to be applied; none where somebody leaves the dialog.
    fn decided(&self, all: Vec<Stored>) -> dialoguer::Result<Vec<Stored>> {
        let mut picked = self.picked(all)?;
        if picked.is_empty() {
            return Ok(picked);
        }
        let width = self.cx.width_of_notes();
        for stored in &picked {
            self.cx.note(&details(&stored.record, width));
        }
        if !confirmed(picked.len())? {
            return Ok(vec![]);
        }
        let mut named = vec![];
        for stored in &picked {
            let record = &stored.record;
            let is_named = record.proposal.risk < RiskLevel::High || is_typed(record)?;
            if !is_named {
                let title = record.title();
                self.cx
                    .note(&format!("{title} is left out: its name was not typed"));
            }
            named.push(is_named);
        }
        let mut named = named.into_iter();
        picked.retain(|_| named.next() == Some(true));
        Ok(picked)
    }

    fn picked(&self, mut all: Vec<Stored>) -> dialoguer::Result<Vec<Stored>> {
        let records: Vec<&Record> = all.iter().map(|it| &it.record).collect();
        let choices = choices(&records, self.cx.width_of_notes().saturating_sub(MARK));
        let look = Look::of(&choices, self.cx.styles_notes());
        let rows = usize::from(Term::stderr().size().0);
        let picked = dialoguer::MultiSelect::with_theme(&look)
            .with_prompt("Apply which? space: pick, a: all, enter: go on, esc: leave")
            .items(choices.lines.iter().map(|it| &it.plain))
            // The prompt has two lines.
            .max_length(rows.saturating_sub(1))
            .report(false)
            .interact_opt()?;
        let mut picked = picked.unwrap_or_default().into_iter().peekable();
        let mut index = 0;
        all.retain(|_| {
            let is_picked = picked.next_if_eq(&index).is_some();
            index += 1;
            is_picked
        });
        Ok(all)
    }
}

fn confirmed(count: usize) -> dialoguer::Result<bool> {
    let confirmed = dialoguer::Confirm::new()
        .with_prompt(format!("Apply {}?", counted(count, "recommendation")))
        .default(false)
        .interact_opt()?;
    Ok(confirmed == Some(true))
}

/// What is risky has to be typed.
fn is_typed(record: &Record) -> dialoguer::Result<bool> {
    let name = &record.name;
    let prompt = format!(
        "{} is of high risk. Type {name} to apply it",
        record.title()
    );
    let typed: String = dialoguer::Input::new()
        .with_prompt(prompt)
        .allow_empty(true)
        .interact_text()?;
    Ok(typed.trim() == name)
}

/// dialoguer measures lines by their bytes, so that it gets them without styles, which come in here.
struct Look {
    header: String,
    styled: BTreeMap<String, String>,
}

impl Look {
    fn of(choices: &Choices, has_styles: bool) -> Self {
        let lines = choices.lines.iter().filter(|_| has_styles);
        let styled = lines.map(|it| (it.plain.clone(), it.styled.clone()));
        Self {
            header: choices.header.clone(),
            styled: styled.collect(),
        }
    }
}

impl Theme for Look {
    fn format_multi_select_prompt(&self, f: &mut dyn fmt::Write, prompt: &str) -> fmt::Result {
        write!(f, "{prompt}\n      {}", self.header)
    }

    fn format_multi_select_prompt_item(
        &self,
        f: &mut dyn fmt::Write,
        text: &str,
        checked: bool,
        active: bool,
    ) -> fmt::Result {
        let text = self.styled.get(text).map_or(text, String::as_str);
        let arrow = if active { '>' } else { ' ' };
        let mark = if checked { 'x' } else { ' ' };
        write!(f, "{arrow} [{mark}] {text}")
    }
}
