//! The fuzz targets, run with a stable compiler: over their corpus, and over random changes of it.

use std::path::PathBuf;

use proptest::prelude::*;

#[allow(unreachable_pub)] // It is the library of the fuzz project, too.
#[path = "../../../../fuzz/src/lib.rs"]
mod targets;

type Target = (&'static str, fn(&[u8]));

const TARGETS: [Target; 6] = [
    ("scenario", targets::scenario),
    ("topology", targets::topology),
    ("trace", targets::trace),
    ("recording", targets::recording),
    ("checkpoint", targets::checkpoint),
    ("commands", targets::commands),
];

fn corpus(target: &str) -> Vec<Vec<u8>> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target);
    let entries = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let mut corpus: Vec<Vec<u8>> = paths.into_iter().map(|path| std::fs::read(path).unwrap()).collect();
    // Those in the folder are of the model that wrote them, and become old; these do not.
    match target {
        "recording" => corpus.extend(targets::recordings()),
        "checkpoint" => corpus.extend(targets::checkpoints()),
        _ => {}
    }
    corpus
}

#[test]
fn every_target_takes_its_corpus() {
    for (name, run) in TARGETS {
        let corpus = corpus(name);
        assert!(corpus.len() >= 2, "{name} has a corpus");
        for bytes in corpus {
            run(&bytes);
        }
    }
}

/// A small change of bytes, as a fuzzer makes them.
#[derive(Debug, Clone)]
enum Change {
    Replace(prop::sample::Index, u8),
    Insert(prop::sample::Index, Vec<u8>),
    Remove(prop::sample::Index, usize),
    Repeat(prop::sample::Index, usize),
    Cut(prop::sample::Index),
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let words = prop::sample::select(vec![
        &b"-1"[..],
        b"0",
        b"1e308",
        b".nan",
        b".inf",
        b"99999999999999999999",
        b"\xff\xff\xff\xff\x0f",
        b"\n  - ",
        b": ",
        b"{",
        b"]",
        b"~",
        b"&a ",
        b"*a",
        b"\x00",
        b"\xc3\xa9",
        b"\r\n",
        b"null",
        b"!!",
        b"..",
    ]);
    let at = any::<prop::sample::Index>;
    let change = prop_oneof![
        (at(), any::<u8>()).prop_map(|(at, value)| Change::Replace(at, value)),
        (at(), words).prop_map(|(at, word)| Change::Insert(at, word.to_vec())),
        (at(), 1..30_usize).prop_map(|(at, length)| Change::Remove(at, length)),
        (at(), 1..60_usize).prop_map(|(at, length)| Change::Repeat(at, length)),
        at().prop_map(Change::Cut),
    ];
    prop::collection::vec(change, 1..5)
}

fn changed(mut bytes: Vec<u8>, changes: &[Change]) -> Vec<u8> {
    for change in changes {
        let length = bytes.len();
        let place = |at: &prop::sample::Index| at.index(length + 1);
        match change {
            Change::Replace(at, value) if length > 0 => bytes[at.index(length)] = *value,
            Change::Replace(..) => {}
            Change::Insert(at, word) => drop(bytes.splice(place(at)..place(at), word.iter().copied())),
            Change::Remove(at, count) => drop(bytes.drain(place(at)..length.min(place(at) + count))),
            Change::Repeat(at, count) => {
                let again = bytes[place(at)..length.min(place(at) + count)].to_vec();
                drop(bytes.splice(place(at)..place(at), again));
            }
            Change::Cut(at) => bytes.truncate(place(at)),
        }
    }
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(800))]
    #[test]
    fn no_target_falls_over_what_a_fuzzer_would_try(
        which in 0..TARGETS.len(),
        seed in any::<prop::sample::Index>(),
        changes in changes(),
    ) {
        let (name, run) = TARGETS[which];
        let corpus = corpus(name);
        run(&changed(corpus[seed.index(corpus.len())].clone(), &changes));
    }

    #[test]
    fn no_sequence_of_commands_breaks_a_world(data in prop::collection::vec(any::<u8>(), 0..200)) {
        targets::commands(&data);
    }
}
