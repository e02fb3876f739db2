//! Python with the packages that the tests need, beside what cargo builds.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use super::process;

/// Packages come from a registry.
const INSTALL_TIME_MAX: Duration = Duration::from_secs(300);

/// Where the programs in Python are.
pub fn clients() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients/python")
}

/// Where what belongs to them is kept.
pub fn home() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("python-client")
}

/// The interpreter of a virtual environment that has what the requirements ask for; installed at the first call.
pub fn interpreter() -> &'static Path {
    static INTERPRETER: OnceLock<PathBuf> = OnceLock::new();
    INTERPRETER.get_or_init(|| install(&home().join("venv")))
}

fn install(venv: &Path) -> PathBuf {
    let requirements = clients().join("requirements.txt");
    let wanted = fs::read_to_string(&requirements).expect("the requirements");
    let (interpreter, installed) = (venv.join("bin/python"), venv.join("installed.txt"));
    if fs::read_to_string(&installed).is_ok_and(|has| has == wanted) {
        return interpreter;
    }
    process::run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(venv), INSTALL_TIME_MAX).done();
    let mut install = Command::new(&interpreter);
    install.args(["-m", "pip", "install", "--quiet", "--requirement"]).arg(&requirements);
    process::run(&mut install, INSTALL_TIME_MAX).done();
    // Written last: an install that was cut short is done again.
    fs::write(&installed, wanted).expect("a mark");
    interpreter
}
