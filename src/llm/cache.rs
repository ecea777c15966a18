//! Answers that were given, so that the same is not asked twice: in memory, and in a folder where there is
//! one. Another provider, model, address, prompt or decision is another question.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{Options, address};
use crate::analysis::opinion::{PROMPT_VERSION, Question};
use crate::state;

/// How long an answer holds that counts.
const GOOD_FOR: SignedDuration = SignedDuration::from_hours(14 * 24);
/// How long one is kept that does not count: a model may do better the next time, but not each time.
const BAD_FOR: SignedDuration = SignedDuration::from_hours(1);
/// Most answers that are kept, each of some kilobytes.
const MOST: usize = 500;

/// Answers by what was asked.
#[derive(Debug, Default)]
pub struct Cache {
    /// `None` where nothing can be kept between runs.
    folder: Option<PathBuf>,
    known: BTreeMap<String, Entry>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    asked_at: Timestamp,
    /// What was sent of the autoscaler.
    question: Value,
    /// The words of the model.
    answer: String,
}

impl Cache {
    /// Kept below the folder of the state, if there is one.
    pub fn of_user() -> Self {
        Self::in_folder(state::folder().map(|it| it.join("opinions")))
    }

    pub(super) fn in_folder(folder: Option<PathBuf>) -> Self {
        Self {
            folder,
            known: BTreeMap::new(),
        }
    }

    /// The words that were given to as good as the same question, and that question.
    pub fn get(
        &mut self,
        options: &Options,
        question: &Question,
        now: Timestamp,
    ) -> Option<(Question, String)> {
        let name = name(options, question);
        if !self.known.contains_key(&name) {
            let entry = self.folder.as_ref().and_then(|it| read(&path(it, &name)))?;
            self.known.insert(name.clone(), entry);
        }
        let Entry {
            asked_at,
            question: asked,
            answer,
        } = self.known.get(&name)?;
        let age = now.duration_since(*asked_at).abs();
        if age > GOOD_FOR || !question.is_answered_with(asked) {
            return None;
        }
        let asked = question.as_asked(asked.clone());
        if age > BAD_FOR && asked.judge(answer).is_err() {
            return None;
        }
        Some((asked, answer.clone()))
    }

    /// Keeps what was answered. That it cannot be written down is no loss but of money.
    pub fn put(&mut self, options: &Options, question: &Question, answer: &str, now: Timestamp) {
        let name = name(options, question);
        let entry = Entry {
            asked_at: now,
            question: question.value().clone(),
            answer: answer.to_owned(),
        };
        if let Some(folder) = &self.folder
            && let Err(error) = write(folder, &name, &entry)
        {
            let folder = folder.display();
            tracing::debug!(%error, "an answer was not kept in {folder}");
        }
        self.known.insert(name, entry);
        while self.known.len() > MOST {
            let oldest = self.known.iter().min_by_key(|it| it.1.asked_at);
            let Some(oldest) = oldest.map(|it| it.0.clone()) else {
                break;
            };
            self.known.remove(&oldest);
        }
    }
}

/// A name that says nothing of what was asked. Neither key nor password are a part of it.
fn name(options: &Options, question: &Question) -> String {
    let asked = json!({
        "promptVersion": PROMPT_VERSION,
        "provider": options.provider.as_str(),
        "model": options.model,
        "server": address::shown(&address::base(options)),
        "decision": question.decision(),
        // Those of pseudonyms are others.
        "names": question.value()["autoscaler"],
    });
    let digest = Sha256::digest(asked.to_string());
    digest
        .iter()
        .take(16)
        .map(|it| format!("{it:02x}"))
        .collect()
}

fn path(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}.json"))
}

/// What cannot be read is as good as nothing.
fn read(path: &Path) -> Option<Entry> {
    serde_json::from_slice(&fs::read(path).ok()?).ok()
}

fn write(folder: &Path, name: &str, entry: &Entry) -> std::io::Result<()> {
    state::create_private_folder(folder)?;
    state::atomic_write(&path(folder, name), &serde_json::to_vec(entry)?)?;
    prune(folder)
}

/// Removes the oldest of too many.
fn prune(folder: &Path) -> std::io::Result<()> {
    let mut files = Vec::new();
    for file in fs::read_dir(folder)? {
        let file = file?;
        if file.path().extension().is_some_and(|it| it == "json") {
            files.push((file.metadata()?.modified()?, file.path()));
        }
    }
    files.sort();
    let too_many = files.len().saturating_sub(MOST);
    for (_, path) in files.into_iter().take(too_many) {
        // Another process may have removed it.
        let _ = fs::remove_file(path);
    }
    Ok(())
}
