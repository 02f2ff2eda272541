//! Whether a group is one user's own.
//!
//! In: the local accounts. Out: yes or no. Invariant: only what the files of this machine say
//! counts as yes: the group has the user's name, is no other user's first group, and has no other
//! member.

/// Many systems give each user such a group and let it write what the user makes (umask 002), so
/// that a directory which it may write is as private as one that it may not. Root's group is no
/// such group: images give it to users of any number.
pub(crate) fn is_private(user: u32, group: u32) -> bool {
    let read = |path| fs_err::read_to_string(path).unwrap_or_default();
    user != 0 && is_private_in(&read("/etc/passwd"), &read("/etc/group"), user, group)
}

fn is_private_in(accounts: &str, groups: &str, user: u32, group: u32) -> bool {
    let (user, group) = (user.to_string(), group.to_string());
    let accounts = || accounts.lines().map(fields);
    let Some(name) = accounts()
        .find(|account| account.get(2) == Some(&&*user) && account.get(3) == Some(&&*group))
        .and_then(|account| account.first().copied())
    else {
        return false;
    };
    let is_of_another = accounts()
        .any(|account| account.get(3) == Some(&&*group) && account.get(2) != Some(&&*user));
    let mut entries = groups
        .lines()
        .map(fields)
        .filter(|entry| entry.get(2) == Some(&&*group))
        .peekable();
    let is_named = entries.peek().is_some();
    let is_alone = entries.all(|entry| {
        let members = entry.get(3).copied().unwrap_or_default();
        let mut others = members
            .split(',')
            .filter(|member| !member.is_empty() && *member != name);
        entry.first() == Some(&name) && others.next().is_none()
    });
    !is_of_another && is_named && is_alone
}

fn fields(line: &str) -> Vec<&str> {
    line.trim_end().split(':').collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACCOUNTS: &str = "root:x:0:0::/root:/bin/sh\nada:x:1000:1000:Ada:/home/ada:/bin/sh\n\
        bob:x:1001:1001::/home/bob:/bin/sh\neve:x:1002:1002::/:/bin/sh\n\
        mallory:x:1003:1002::/:/bin/sh\n";
    const GROUPS: &str =
        "root:x:0:\nada:x:1000:\nbob:x:1001:bob,ada\neve:x:1002:\nstaff:x:50:ada\n";

    #[test]
    fn a_group_is_private_if_it_has_the_users_name_and_no_other_member() {
        let private = |user, group| is_private_in(ACCOUNTS, GROUPS, user, group);
        assert!(private(1000, 1000));
        assert!(!private(1001, 1001), "it has another member");
        assert!(!private(1002, 1002), "it is another user's first group");
        assert!(!private(1000, 50), "it is not the user's first group");
        assert!(!private(4711, 4711), "the user is unknown");
        assert!(!is_private_in(ACCOUNTS, "", 1000, 1000));
        assert!(!is_private_in(ACCOUNTS, "crew:x:1000:\n", 1000, 1000));
        assert!(!is_private(0, 0), "root's group is given to others");
    }
}
