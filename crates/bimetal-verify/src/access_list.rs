//! Whether a file has a POSIX access control list.
//!
//! In: a path without links. Out: yes or no. Invariant: what cannot be read counts as yes.

use std::path::Path;

use rustix::fs::getxattr;
use rustix::io::Errno;

/// Where the kernel shows the list; a file with mode bits alone does not have the attribute.
const ATTRIBUTE: &str = "system.posix_acl_access";

/// With a list, the group bits of the mode are its mask: they do not say what the group may do, and
/// not who else may do it.
pub(crate) fn has_list(path: &Path) -> bool {
    let mut room: [u8; 0] = [];
    !matches!(
        getxattr(path, ATTRIBUTE, &mut room),
        Err(Errno::NODATA | Errno::OPNOTSUPP)
    )
}
