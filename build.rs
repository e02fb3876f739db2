//! Compiles `proto/` without protoc: the messages, servers and clients of `src/proto.rs`, and the encoded descriptor set,
//! which keeps the custom options that the server reads its access policy from.
use std::error::Error;
use std::path::{Path, PathBuf};

const ROOTS: [&str; 2] = ["proto", "third_party"];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=third_party");
    let mut files = Vec::new();
    collect(Path::new("proto"), &mut files)?;
    files.sort();

    let mut compiler = protox::Compiler::new(ROOTS)?;
    compiler.include_imports(true).include_source_info(true).open_files(&files)?;

    let out_dir = PathBuf::from(std::env::var("OUT_DIR")?);
    std::fs::write(out_dir.join("descriptor_set.bin"), compiler.encode_file_descriptor_set())?;

    tonic_prost_build::configure()
        // Equal messages encode to equal bytes, which the fingerprint of a request relies on.
        .btree_map(".")
        .skip_debug(messages_with_secrets(&compiler))
        .codec_path("crate::proto::unary::UnaryCodec")
        .compile_fds(compiler.file_descriptor_set())?;
    Ok(())
}

/// The messages that have a field with `debug_redact`. prost ignores that option, so they get no generated `Debug`; the
/// compiler then asks for one in `src/proto/redacted.rs`.
fn messages_with_secrets(compiler: &protox::Compiler) -> Vec<String> {
    let redacted = |options: protox::prost_reflect::DynamicMessage| {
        options.get_field_by_name("debug_redact").is_some_and(|value| value.as_bool() == Some(true))
    };
    let pool = compiler.descriptor_pool();
    pool.all_messages()
        .filter(|message| message.fields().any(|field| redacted(field.options())))
        .map(|message| format!(".{}", message.full_name()))
        .collect()
}

/// Finds the proto files below `directory` and has cargo build again when one of them changes, comes or goes.
fn collect(directory: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    println!("cargo::rerun-if-changed={}", directory.display());
    for entry in std::fs::read_dir(directory)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "proto") {
            println!("cargo::rerun-if-changed={}", path.display());
            files.push(path);
        }
    }
    Ok(())
}
