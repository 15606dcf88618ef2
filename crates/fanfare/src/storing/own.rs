//! What is the store's own, and must not be replaced by what is taken out of it.

use std::path::Path;

/// Whether a file is one of those that make up the store of a folder, or is itself the store.
pub fn is_of_store(file: &Path, data: &Path) -> bool {
    let (Ok(file), Ok(data)) = (file.canonicalize(), data.canonicalize()) else { return false };
    let named = file.file_name().is_some_and(|name| name.to_string_lossy().starts_with("fanfare."));
    file == data || named && file.parent() == Some(&data)
}
