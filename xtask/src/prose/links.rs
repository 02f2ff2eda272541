//! Whether the links of a Markdown page lead somewhere.
//!
//! In: every Markdown file below a directory. Out: each link to a file that does not exist, or to
//! a heading that its page does not have. Invariant: reads files only.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Component, Path, PathBuf};

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use crate::chore::ChoreError;
use crate::structure::markdown_files;

/// A link that leads nowhere.
#[derive(Debug)]
pub(super) struct Broken {
    file: PathBuf,
    line: usize,
    target: String,
    why: &'static str,
}

impl fmt::Display for Broken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            file,
            line,
            target,
            why,
        } = self;
        write!(formatter, "{}:{line}: `{target}`: {why}", file.display())
    }
}

/// A page: where it links to, and what can be linked to in it.
#[derive(Default)]
struct Page {
    links: Vec<(usize, String)>,
    anchors: BTreeSet<String>,
}

/// Every broken link below `root`.
pub(super) fn check(root: &Path) -> Result<Vec<Broken>, ChoreError> {
    let mut pages = BTreeMap::new();
    for file in markdown_files(root)? {
        let text = fs_err::read_to_string(root.join(&file))?;
        pages.insert(file, read(&text));
    }
    let mut broken = Vec::new();
    for (file, page) in &pages {
        for (line, target) in &page.links {
            if let Some(why) = wrong(root, &pages, file, target) {
                broken.push(Broken {
                    file: file.clone(),
                    line: *line,
                    target: target.clone(),
                    why,
                });
            }
        }
    }
    Ok(broken)
}

fn wrong(
    root: &Path,
    pages: &BTreeMap<PathBuf, Page>,
    from: &Path,
    target: &str,
) -> Option<&'static str> {
    let (path, anchor) = target.split_once('#').unwrap_or((target, ""));
    // `https:`, `mailto:`
    if path
        .split('/')
        .next()
        .is_some_and(|part| part.contains(':'))
    {
        return None;
    }
    let file = if path.is_empty() {
        from.to_owned()
    } else {
        let beside = from.parent().unwrap_or(from).join(path);
        let Some(file) = below(&beside) else {
            return Some("leads out of the repository");
        };
        file
    };
    if !root.join(&file).exists() {
        return Some("no such file");
    }
    match pages.get(&file) {
        Some(page) if !anchor.is_empty() && !page.anchors.contains(anchor) => {
            Some("the page has no such heading")
        }
        _ => None,
    }
}

/// The path without `.` and `..`; nothing if it leaves the directory that it starts in.
fn below(path: &Path) -> Option<PathBuf> {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::Normal(name) => plain.push(name),
            Component::CurDir => {}
            Component::ParentDir => {
                if !plain.pop() {
                    return None;
                }
            }
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(plain)
}

fn read(text: &str) -> Page {
    let mut page = Page::default();
    let mut heading: Option<String> = None;
    let options = Options::ENABLE_TABLES | Options::ENABLE_GFM | Options::ENABLE_HEADING_ATTRIBUTES;
    for (event, range) in Parser::new_ext(text, options).into_offset_iter() {
        let line = text[..range.start].matches('\n').count() + 1;
        match event {
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                page.links.push((line, dest_url.into_string()));
            }
            Event::Start(Tag::Heading { id, .. }) => {
                page.anchors
                    .extend(id.map(pulldown_cmark::CowStr::into_string));
                heading = Some(String::new());
            }
            Event::End(TagEnd::Heading(_)) => {
                let name = anchor_of(&heading.take().unwrap_or_default());
                let same = (1..).map(|number| format!("{name}-{number}"));
                let mut names = std::iter::once(name.clone()).chain(same);
                let free = names.find(|name| !page.anchors.contains(name));
                page.anchors.extend(free);
            }
            Event::Text(words) | Event::Code(words) => {
                if let Some(heading) = &mut heading {
                    heading.push_str(&words);
                }
            }
            Event::Html(html) | Event::InlineHtml(html) => {
                page.anchors.extend(values(&html, "id=\""));
                let sources = values(&html, "src=\"").chain(values(&html, "href=\""));
                page.links.extend(sources.map(|target| (line, target)));
            }
            _ => {}
        }
    }
    page
}

/// The anchor of a heading, as GitHub and mdBook make it.
fn anchor_of(heading: &str) -> String {
    heading
        .trim()
        .to_lowercase()
        .chars()
        .filter_map(|letter| match letter {
            ' ' | '-' => Some('-'),
            '_' => Some('_'),
            other => other.is_alphanumeric().then_some(other),
        })
        .collect()
}

fn values<'a>(html: &'a str, key: &'a str) -> impl Iterator<Item = String> + 'a {
    let rest = html.split(key).skip(1);
    rest.filter_map(|rest| rest.split('"').next().map(str::to_owned))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broken(pages: &[(&str, &str)]) -> Vec<String> {
        let root = tempfile::tempdir().unwrap();
        for (path, text) in pages {
            let path = root.path().join(path);
            fs_err::create_dir_all(path.parent().unwrap()).unwrap();
            fs_err::write(path, text).unwrap();
        }
        let found = check(root.path()).unwrap();
        found.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn links_to_files_headings_and_the_web_are_taken() {
        let readme = "# Top\n\n[a](docs/a.md), [b](docs/a.md#what-it-is-for), [c](#top), \
            [d](https://example.org/x#y), ![e](picture.svg), [f][ref]\n\n[ref]: docs/\n";
        let page =
            "## What it *is* for?\n\n[up](../README.md#top) <a id=\"here\"></a> [h](#here)\n";
        let pages = [
            ("README.md", readme),
            ("docs/a.md", page),
            ("picture.svg", ""),
        ];
        assert_eq!(broken(&pages), [""; 0]);
    }

    #[test]
    fn a_missing_file_a_missing_heading_and_a_way_out_are_named() {
        let readme = "# Top\n\n[a](docs/b.md)\n[b](docs/a.md#nothing) [c](#no)\n\
            [d](../other/x.md) <img src=\"no.svg\">\n";
        assert_eq!(
            broken(&[("README.md", readme), ("docs/a.md", "# Page\n")]),
            [
                "README.md:3: `docs/b.md`: no such file",
                "README.md:4: `docs/a.md#nothing`: the page has no such heading",
                "README.md:4: `#no`: the page has no such heading",
                "README.md:5: `../other/x.md`: leads out of the repository",
                "README.md:5: `no.svg`: no such file",
            ]
        );
    }

    #[test]
    fn a_heading_that_stands_twice_has_two_anchors() {
        let readme = "# A `b`_c\n\n# A b_c\n\n[x](#a-b_c) [y](#a-b_c-1)\n";
        assert_eq!(broken(&[("README.md", readme)]), [""; 0]);
    }
}
