//! Stories over whole devices; see the test binaries beside this file.
