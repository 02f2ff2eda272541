//! What a page of the documentation asks its reader to do.
//!
//! In: Markdown. Out: [`Step`]s in the order of the page. Invariant: pure; a code block for a shell
//! that is not a `console` block, or one with an unknown word, is an error and never left out.

/// When a command is run, in the order in which the tiers grow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Tier {
    /// In `make test`.
    Quick,
    /// In `make test-all`: what installs tools or takes minutes.
    Slow,
    /// In `make test-hermetic`, and so in `make test-all`: what needs a container.
    Hermetic,
}

/// One thing that a reader does.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Writes a file. The path is relative to the directory in which the reader is.
    File { path: String, text: String },
    /// Types a command.
    Command(Command),
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Command {
    /// Without the `$ `; with its continuation lines.
    pub(crate) text: String,
    /// Lines that the page shows below the command.
    pub(crate) shown: Vec<String>,
    /// How the command has to end.
    pub(crate) exit: u8,
    pub(crate) tier: Tier,
    /// The command is a target of the Makefile or a chore: the gate itself.
    pub(crate) is_gate: bool,
}

/// Languages of blocks whose commands are not run.
const SHELLS: [&str; 6] = ["sh", "bash", "shell", "zsh", "shell-session", "terminal"];

/// Every file and command of a page, in its order.
pub(crate) fn steps(markdown: &str) -> Result<Vec<Step>, String> {
    let mut steps = Vec::new();
    let mut before = "";
    let mut lines = markdown.lines();
    while let Some(line) = lines.next() {
        let Some(info) = line.strip_prefix("```") else {
            if !line.trim().is_empty() {
                before = line;
            }
            continue;
        };
        let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        let mut words = info.split([' ', ',']);
        let language = words.next().unwrap_or_default();
        if SHELLS.contains(&language) {
            return Err(format!(
                "a block in `{language}` is never run: use `console`"
            ));
        }
        if language == "console" {
            steps.extend(commands(&block, words)?.into_iter().map(Step::Command));
        } else if let Some(path) = named_file(before) {
            let text = block.join("\n") + "\n";
            steps.push(Step::File { path, text });
        }
        before = "";
    }
    Ok(steps)
}

/// The file that the line before a block names: `` `src/lib.rs`: ``, with words behind the name
/// where they say more.
fn named_file(line: &str) -> Option<String> {
    let (path, rest) = line.strip_prefix('`')?.split_once('`')?;
    (rest.ends_with(':') && path.contains('.')).then(|| path.to_owned())
}

fn commands<'a>(
    block: &[&str],
    words: impl Iterator<Item = &'a str>,
) -> Result<Vec<Command>, String> {
    let (mut tier, mut exit, mut is_gate) = (Tier::Quick, 0, false);
    for word in words {
        match word {
            "gate" => is_gate = true,
            "slow" => tier = Tier::Slow,
            "hermetic" => tier = Tier::Hermetic,
            _ => {
                let code = word
                    .strip_prefix("exit-")
                    .and_then(|code| code.parse().ok());
                exit = code.ok_or_else(|| format!("`{word}` is not a word for a console block"))?;
            }
        }
    }
    let mut commands: Vec<Command> = Vec::new();
    let mut goes_on = false;
    for line in block {
        if let Some(text) = line.strip_prefix("$ ") {
            let (text, shown) = (text.to_owned(), Vec::new());
            commands.push(Command {
                text,
                shown,
                exit,
                tier,
                is_gate,
            });
        } else if let Some(command) = commands.last_mut() {
            if goes_on {
                command.text.push('\n');
                command.text.push_str(line);
            } else {
                command.shown.push((*line).to_owned());
            }
        } else {
            return Err(format!(
                "a console block begins with `{line}` and not with `$ `"
            ));
        }
        let is_command = goes_on || line.starts_with("$ ");
        goes_on = is_command && line.ends_with('\\');
    }
    Ok(commands)
}

/// The tiers that a page needs: one run of the page for each.
pub(crate) fn tiers(steps: &[Step]) -> Vec<Tier> {
    let mut tiers: Vec<Tier> = steps
        .iter()
        .filter_map(|step| match step {
            Step::Command(command) => Some(command.tier),
            Step::File { .. } => None,
        })
        .collect();
    tiers.sort();
    tiers.dedup();
    tiers
}
