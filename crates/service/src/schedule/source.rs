//! Where feeds lie that are imported without anybody handing them over.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::access::Actor;
use crate::error::{Result, ServiceError};
use crate::import::{ImportOptions, no_app};
use crate::muster::Muster;
use crate::plan::{PlanReport, Progress};

impl Muster {
    /// Imports an app's feed from where its settings say that it lies.
    ///
    /// # Errors
    /// If the app has no such setting, or no file is there; else as [`Muster::import_file`].
    pub fn import_from_source(
        &self,
        actor: &Actor,
        app: &str,
        options: ImportOptions,
        progress: &dyn Progress,
    ) -> Result<PlanReport> {
        let file = self.feed_of_source(app)?;
        self.import_file(actor, app, &file, options, progress)
    }

    /// The file that [`Muster::import_from_source`] reads.
    ///
    /// # Errors
    /// If the app has no such setting, or no file is there.
    pub fn feed_of_source(&self, app: &str) -> Result<PathBuf> {
        let config = self.config()?;
        let (_, settings) = config.org.app_named(app).ok_or_else(|| no_app(&config, app))?;
        let path = settings.feed.as_ref().and_then(|feed| feed.path.as_deref()).ok_or_else(|| {
            ServiceError::Invalid(format!(
                "nothing says where the feed of {app:?} lies: name the file (muster import --app {app} FILE), or give \
                 [apps.{app}.feed] a path in the org file"
            ))
        })?;
        newest(path)
    }
}

/// The file of a path whose last part may have `*`: of those that fit, the one changed last.
fn newest(path: &str) -> Result<PathBuf> {
    let whole = Path::new(path);
    let pattern = whole.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    if !pattern.contains('*') {
        return Ok(whole.to_owned());
    }
    let folder = whole.parent().unwrap_or(Path::new("/"));
    let failed = |e| ServiceError::io(format!("looking for the feed {path}"), e);
    let mut best: Option<(SystemTime, PathBuf)> = None;
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        if !fits(&pattern, &entry.file_name().to_string_lossy()) {
            continue;
        }
        // Links are followed; what went away meanwhile is no feed.
        let Ok(metadata) = std::fs::metadata(entry.path()) else { continue };
        let found = (metadata.modified().map_err(failed)?, entry.path());
        // Of several changed at the same moment the last by name, which dates in names make the newest.
        if metadata.is_file() && best.as_ref().is_none_or(|best| *best < found) {
            best = Some(found);
        }
    }
    best.map(|(_, path)| path).ok_or_else(|| {
        ServiceError::NotFound(format!("no file fits {path}: see that the feed is delivered there"))
    })
}

/// Whether a name fits a pattern in which `*` stands for any text.
fn fits(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let (Some(first), Some(last)) = (parts.next(), parts.next_back()) else { return pattern == name };
    let Some(mut rest) = name.strip_prefix(first).and_then(|rest| rest.strip_suffix(last)) else {
        return false;
    };
    // Each part where it is found first leaves the most room for those after it.
    parts.all(|part| match rest.split_once(part) {
        Some((_, after)) => {
            rest = after;
            true
        }
        None => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stand_for_any_text() {
        for (pattern, name, expected) in [
            ("hr-*.csv", "hr-2027.csv", true),
            ("hr-*.csv", "hr-.csv", true),
            ("hr-*.csv", "hr.csv", false),
            ("hr-*.csv", "hr-2027.csv.tmp", false),
            ("*", "anything", true),
            ("*a*b*", "xaxb", true),
            ("*a*b*", "xbxa", false),
            ("a*a", "a", false),
        ] {
            assert_eq!(fits(pattern, name), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn the_newest_file_counts() {
        let dir = tempfile::tempdir().unwrap();
        let pattern = dir.path().join("hr-*.csv");
        let newest = || newest(pattern.to_str().unwrap());
        assert!(newest().unwrap_err().to_string().contains("no file fits"));
        std::fs::create_dir(dir.path().join("hr-folder.csv")).unwrap();
        let at = |seconds| SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(seconds);
        for (name, seconds) in [("hr-1.csv", 30), ("hr-2.csv", 20), ("hr-3.csv", 10), ("crm.csv", 99)] {
            let file = std::fs::File::create(dir.path().join(name)).unwrap();
            file.set_modified(at(seconds)).unwrap();
        }
        // The folder fits as well, and is no feed.
        assert_eq!(newest().unwrap().file_name().unwrap(), "hr-1.csv");
        std::fs::File::options()
            .write(true)
            .open(dir.path().join("hr-2.csv"))
            .unwrap()
            .set_modified(at(30))
            .unwrap();
        assert_eq!(newest().unwrap().file_name().unwrap(), "hr-2.csv");
    }
}
