//! Writes recordings and checkpoints of today's model into the corpus; `make fuzz` does so before it fuzzes.

use std::path::PathBuf;

fn main() -> std::io::Result<()> {
    let corpus = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("corpus");
    for (target, seeds) in
        [("recording", microcloud_fuzz::recordings()), ("checkpoint", microcloud_fuzz::checkpoints())]
    {
        let folder = corpus.join(target);
        std::fs::create_dir_all(&folder)?;
        for (number, bytes) in seeds.iter().enumerate() {
            std::fs::write(folder.join(format!("seed-{number}")), bytes)?;
        }
    }
    Ok(())
}
