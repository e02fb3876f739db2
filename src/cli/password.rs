//! Where a password comes from: never from a prompt, so that scripts work, and best not from a flag, which other users of the machine can see.

use std::fmt;
use std::io::Read;
use std::path::PathBuf;

use clap::Args;

use super::error::CliError;

/// At most one of three ways.
#[derive(Args)]
#[group(multiple = false)]
pub(super) struct PasswordArgs {
    /// Read the password from the standard input, up to the end of the first line.
    #[arg(long)]
    password_stdin: bool,
    /// Read the password from the first line of a file.
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// The password itself. Other users of this machine can see flags, and shells keep them: for tests only.
    #[arg(long, value_name = "PASSWORD")]
    password: Option<String>,
}

impl fmt::Debug for PasswordArgs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordArgs(***)")
    }
}

impl PasswordArgs {
    /// The password, where one was given. Spaces belong to it; the end of the line does not.
    pub(super) fn read(&self) -> Result<Option<String>, CliError> {
        let text = match (&self.password_file, self.password_stdin) {
            (Some(path), _) => std::fs::read_to_string(path).map_err(CliError::io(path.display().to_string()))?,
            (None, true) => {
                let mut text = String::new();
                std::io::stdin().read_to_string(&mut text).map_err(CliError::io("the standard input"))?;
                text
            }
            (None, false) => return Ok(self.password.clone()),
        };
        match text.lines().next() {
            Some(line) if !line.is_empty() => Ok(Some(line.to_owned())),
            _ => Err(CliError::Usage("the first line, which should be the password, is empty".to_owned())),
        }
    }
}
