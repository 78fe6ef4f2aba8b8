//! Whose fault it is that nobody answered. An endpoint is unhealthy for what it did or left undone; what this node
//! could not do (no descriptor, no route, no name) says nothing of the endpoint.

use hecate_names::Unresolved;
use std::error::Error;
use std::io::{self, ErrorKind};
use std::iter::successors;

/// What the system says where the other end refused, hung up or stayed silent.
const THEIRS: [ErrorKind; 6] = [
    ErrorKind::ConnectionRefused,
    ErrorKind::ConnectionReset,
    ErrorKind::ConnectionAborted,
    ErrorKind::BrokenPipe,
    ErrorKind::TimedOut,
    // Its machine is down: nobody on its network knows where it is.
    ErrorKind::HostUnreachable,
];

/// True where it is this node's own. What is no error of the system is about what the other end said.
pub(super) fn is_ours(error: &(dyn Error + 'static)) -> bool {
    causes(error).any(|cause| {
        let local = |error: &io::Error| error.raw_os_error().is_some() && !THEIRS.contains(&error.kind());
        cause.is::<Unresolved>() || cause.downcast_ref().is_some_and(local)
    })
}

/// What layers of errors are about in the end.
pub(super) fn innermost(error: &(dyn Error + 'static)) -> String {
    causes(error).last().map(ToString::to_string).unwrap_or_default()
}

/// The error, what caused it, what caused that, and so on.
fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    successors(Some(error), |&error| {
        // One that is wrapped into an error of the system is not its source: that is the source of the wrapped.
        let wrapped = error.downcast_ref().and_then(io::Error::get_ref);
        wrapped.map(|wrapped| wrapped as &(dyn Error + 'static)).or_else(|| error.source())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::io::Errno;

    #[test]
    fn the_endpoint_is_blamed_for_what_it_did_and_for_nothing_that_this_node_lacks() {
        for (errno, ours) in [
            (Errno::CONNREFUSED, false),
            (Errno::CONNRESET, false),
            (Errno::CONNABORTED, false),
            (Errno::PIPE, false),
            (Errno::TIMEDOUT, false),
            (Errno::HOSTUNREACH, false),
            (Errno::MFILE, true),
            (Errno::NFILE, true),
            (Errno::NOBUFS, true),
            (Errno::NOMEM, true),
            (Errno::ADDRNOTAVAIL, true),
            (Errno::NETUNREACH, true),
            (Errno::NETDOWN, true),
            (Errno::AGAIN, true),
            (Errno::PERM, true),
            (Errno::ACCESS, true),
            (Errno::AFNOSUPPORT, true),
        ] {
            let error = || io::Error::from_raw_os_error(errno.raw_os_error());
            assert_eq!(is_ours(&error()), ours, "{errno}");
            // However deep it lies.
            assert_eq!(is_ours(&io::Error::other(io::Error::other(error()))), ours, "{errno}, wrapped");
            assert_eq!(innermost(&io::Error::other(error())), error().to_string());
        }
        for said in [ErrorKind::InvalidData, ErrorKind::UnexpectedEof, ErrorKind::Other] {
            assert!(!is_ours(&io::Error::new(said, "not what it should say")), "{said}");
        }
    }
}
