//! Compiles `proto/` without protoc: protox parses, prost and connectrpc-axum generate.

use std::path::{Path, PathBuf};

use prost::Message as _;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../proto");
    println!("cargo::rerun-if-changed={}", root.display());
    let files = proto_files(&root)?;
    let descriptors = protox::compile(&files, [&root])?;
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    // `descriptor.bin` is the name under which connectrpc-axum-build looks for a ready descriptor set.
    // It removes that file when done; ours stays for tools that decode messages by name.
    let encoded = descriptors.encode_to_vec();
    std::fs::write(out.join("descriptor.bin"), &encoded)?;
    std::fs::write(out.join("microcloud.descriptors.bin"), &encoded)?;
    connectrpc_axum_build::compile_dir(&root)
        .include_file("protos.rs")
        .with_prost_config(|config| {
            config.skip_protoc_run();
            config.enable_type_names();
            // Snapshots are shared between many readers; maps keep a stable order so that encodings are equal.
            config.btree_map(["."]);
        })
        .with_pbjson_config(|builder| {
            builder.ignore_unknown_fields();
            builder.btree_map(["."]);
            // Holds NaN, which the generated code would write as null: see src/json.rs.
            builder.exclude([".sim.v1.MetricColumn"]);
        })
        .with_connect_client()
        .compile()?;
    Ok(())
}

fn proto_files(dir: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(proto_files(&path)?);
        } else if path.extension().is_some_and(|ext| ext == "proto") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
