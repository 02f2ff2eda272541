//! The flags of the `plugins` commands.
//!
//! In: words. Out: typed arguments, or what clap has to say. Invariant: only describes; `settings`
//! turns flags into decisions.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::time::Duration;

use bimetal_manifest::schema::Policy;
use bimetal_verify::Trust;
use camino::Utf8PathBuf;
use clap::error::ErrorKind;
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};

use crate::context::{Caller, Context};
use crate::exit_code::ExitCode;
use bimetal_terminal::Printer;

/// Looks at plugins before a Collector loads them.
#[derive(Debug, Parser)]
#[command(
    no_binary_name = true,
    disable_help_subcommand = true,
    subcommand_required = true,
    arg_required_else_help = true,
    max_term_width = 100
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) action: Action,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Action {
    /// Show every file of the plugin directory, good or bad
    ///
    /// Shows kind, type, form, version, toolchain, digest and status of each file. Reads the files,
    /// runs none of their code, and succeeds also when some of them are bad: `check` is the command
    /// that gives verdicts.
    List(DirectoryArgs),
    /// Compare plugins with this Collector before they are loaded
    ///
    /// Decides from the bytes of the file whether the Collector would load it, and prints every
    /// difference with both values, what loading would do, and help. With `--load` a
    /// plugin that passed is also really loaded, in a child process.
    Validate(ValidateArgs),
    /// Print everything that a file says about itself
    ///
    /// Prints the manifest in full, the exported symbols, the libraries that the file needs, and
    /// its digest. Nothing is loaded and nothing is compared. Works for plugins and for the
    /// Collector itself.
    Inspect(InspectArgs),
    /// Verify the whole plugin directory as one set
    ///
    /// Compares every file with the Collector, finds components that occur twice, pairs of plugins
    /// that cannot be used together, and files that differ from `plugins.lock`. Takes the digest of
    /// every file.
    #[command(visible_alias = "check-all")]
    Check(DirectoryArgs),
}

#[derive(Debug, Args)]
pub(crate) struct DirectoryArgs {
    #[command(flatten)]
    pub(crate) common: CommonArgs,
}

#[derive(Debug, Args)]
pub(crate) struct ValidateArgs {
    /// Plugins to validate
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<Utf8PathBuf>,
    /// Also load each plugin that passed, in a child process of the Collector, then all in one
    #[arg(long)]
    pub(crate) load: bool,
    /// How long `--load` waits for one plugin: `500ms`, `30s`, `2m`
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = duration)]
    pub(crate) timeout: Duration,
    /// One of the files that this Collector loaded alone before: `--load` loads it only beside the
    /// others. The builder names what a change left as it was
    #[arg(long, value_name = "FILE", hide = true)]
    pub(crate) loaded: Vec<Utf8PathBuf>,
    #[command(flatten)]
    pub(crate) common: CommonArgs,
}

#[derive(Debug, Args)]
pub(crate) struct InspectArgs {
    /// Plugins or Collectors to inspect
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<Utf8PathBuf>,
    #[command(flatten)]
    pub(crate) common: CommonArgs,
}

#[derive(Debug, Args)]
pub(crate) struct CommonArgs {
    /// The Collector that the plugins are for
    #[arg(long, value_name = "MAIN")]
    pub(crate) main: Option<Utf8PathBuf>,
    /// The plugin directory [default: `$OTELCOL_PLUGINS_DIR`, else what the Collector was built
    /// with]
    #[arg(long, value_name = "DIR")]
    pub(crate) plugins_dir: Option<Utf8PathBuf>,
    /// How much of a Rust plugin must equal the Collector; may be stricter than what the Collector
    /// was built with, never laxer
    #[arg(long, value_name = "POLICY")]
    pub(crate) plugins_policy: Option<PolicyArg>,
    /// Refuse plugins that `plugins.lock` does not list
    #[arg(long)]
    pub(crate) plugins_require_lock: bool,
    /// What lets a file pass that others may write: nothing (`rights`), or a digest in the
    /// directory's `plugins.lock` (`lock`) or in another lock (`lock=FILE`) that only root and this
    /// user can write [default: `$OTELCOL_PLUGINS_TRUST`, else rights]
    #[arg(long, value_name = "TRUST")]
    pub(crate) plugins_trust: Option<Trust>,
    /// Form of the report
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    pub(crate) format: Format,
    /// How many of the packages, modules or crates that one difference folds together are named
    #[arg(long, value_name = "WHICH", default_value = "first")]
    pub(crate) names: Names,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum PolicyArg {
    /// Same compiler, shared crates and profile
    Exact,
    /// Same ABI version, target and features
    Abi,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Table,
    /// For programs; described in docs/reference/reports.md
    Json,
    /// For code scanners: SARIF 2.1.0, of `check` and `validate` only
    Sarif,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Names {
    /// The first 20
    First,
    /// All of them
    All,
}

impl From<PolicyArg> for Policy {
    fn from(argument: PolicyArg) -> Self {
        match argument {
            PolicyArg::Exact => Self::Exact,
            PolicyArg::Abi => Self::Abi,
        }
    }
}

impl Action {
    pub(crate) fn common(&self) -> &CommonArgs {
        match self {
            Self::List(arguments) | Self::Check(arguments) => &arguments.common,
            Self::Validate(arguments) => &arguments.common,
            Self::Inspect(arguments) => &arguments.common,
        }
    }
}

/// The command that `run` parses, for a program that lists it in its own help.
pub fn command(context: &Context) -> clap::Command {
    let name = format!("{} plugins", context.program);
    let is_main = matches!(context.caller, Caller::Collector { .. });
    let mut command = Arguments::command()
        .name("plugins")
        .bin_name(&name)
        .display_name(&name);
    for action in ["list", "validate", "inspect", "check"] {
        let whole = format!("{name} {action}");
        let examples = examples(&name, action, is_main);
        command = command.mut_subcommand(action, |subcommand| {
            let subcommand = subcommand
                .bin_name(&whole)
                .display_name(&whole)
                .after_long_help(examples);
            // They are accepted everywhere, and shown where they mean something.
            let hidden = [("main", is_main), ("names", action == "inspect")];
            hidden
                .into_iter()
                .filter(|(_, is_hidden)| *is_hidden)
                .fold(subcommand, |subcommand, (name, _)| {
                    subcommand.mut_arg(name, |argument| argument.hide(true))
                })
        });
    }
    command.after_long_help(EXIT_CODES)
}

pub(crate) fn parse(
    arguments: impl IntoIterator<Item = OsString>,
    context: &Context,
) -> Result<Arguments, clap::Error> {
    let mut command = command(context);
    let matches = command.try_get_matches_from_mut(arguments)?;
    let arguments = Arguments::from_arg_matches(&matches)?;
    if matches!(context.caller, Caller::Collector { .. })
        && arguments.action.common().main.is_some()
    {
        let text =
            "`--main` belongs to `bimetal plugins`; here the Collector is this program itself";
        return Err(command.error(ErrorKind::UnknownArgument, text));
    }
    let is_verdict = matches!(arguments.action, Action::Validate(_) | Action::Check(_));
    if arguments.action.common().format == Format::Sarif && !is_verdict {
        let text = "`--format sarif` lists findings, and only `check` and `validate` look for \
            some; use `--format json`";
        return Err(command.error(ErrorKind::InvalidValue, text));
    }
    Ok(arguments)
}

/// Prints what clap has to say. Help that was asked for is data; everything else is a usage error
/// and ends with 1, because clap's own 2 means something else here.
pub fn explain(refusal: &clap::Error, out: &Printer) -> ExitCode {
    let text = refusal.render();
    if matches!(
        refusal.kind(),
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
    ) {
        out.help(text.ansi(), &text);
        return ExitCode::Ok;
    }
    out.usage(text.ansi(), &text);
    ExitCode::Failure
}

const EXIT_CODES: &str = "\
Exit codes:
  0    the command could do what it was asked to; `validate`, `check`: every plugin is good
  1    wrong usage, or something could not be read or written
  2    `validate` or `check` found an incompatible, conflicting or changed plugin
  3    a file named on the command line is not a readable plugin
  130  interrupted";

fn examples(name: &str, action: &str, is_main: bool) -> String {
    let main = if is_main { "" } else { " --main ./otelcol" };
    let lines: &[(&str, &str)] = match action {
        "list" => &[
            ("", "what is in the plugin directory"),
            (" --format json", "the same for a program"),
        ],
        "validate" => &[
            (
                " plugins/processor-redactor.so",
                "would the Collector load it?",
            ),
            (
                " --load --timeout 10s new.so",
                "does it also survive being loaded?",
            ),
        ],
        "inspect" => &[
            (" plugins/processor-redactor.so", "who built it, from what"),
            (" --format json otelcol", "a Collector's own manifest"),
        ],
        _ => &[
            ("", "before every restart"),
            (" --format sarif", "for a code scanner"),
            (" --plugins-require-lock", "nothing that is not pinned"),
        ],
    };
    let main = if action == "inspect" { "" } else { main };
    let commands: Vec<_> = lines
        .iter()
        .map(|(rest, why)| (format!("{name} {action}{main}{rest}"), why))
        .collect();
    let width = commands
        .iter()
        .map(|(text, _)| text.len())
        .max()
        .unwrap_or(0);
    let mut text = "Examples:".to_owned();
    for (command, why) in commands {
        let _ = write!(text, "\n  {command:width$}  # {why}");
    }
    text
}

fn duration(text: &str) -> Result<Duration, String> {
    const LONGEST: Duration = Duration::from_hours(1);
    let digits = text
        .find(|character: char| !character.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let number: u64 = number
        .parse()
        .map_err(|_| "expected a number and a unit, for instance `30s`".to_owned())?;
    let time = match unit {
        "ms" => Duration::from_millis(number),
        "s" | "" => Duration::from_secs(number),
        "m" => Duration::from_secs(number.saturating_mul(60)),
        _ => return Err(format!("unknown unit `{unit}`; use `ms`, `s` or `m`")),
    };
    if time.is_zero() || time > LONGEST {
        return Err("must be more than 0 and at most 60m".to_owned());
    }
    Ok(time)
}
